"""Texts that come from data, on their way to a terminal: they may neither mark up, nor move the cursor, nor turn the
reading order."""

from __future__ import annotations

from rich import markup

from graph.visible import visible


def escape(text: str) -> str:
    """For rich: brackets are brackets, and what nobody would see is shown as its code."""
    return markup.escape(visible(text))
