"""How answers look: rich in a notebook, plain in a terminal, and harmless whatever an id holds."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from html import escape
from importlib import import_module
from typing import Any

import polars as pl

ROWS, WIDEST = 20, 120
"""Rows of a table that is shown, and characters of one cell: a sentence of reasons fits."""


def plain(text: str) -> str:
    """The text without characters that would move a terminal's cursor, colour it, or turn the reading direction."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


class Sentences(tuple[str, ...]):
    """Sentences that show one a line, in a terminal and in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(f"- {plain(sentence)}" for sentence in self)

    def _repr_html_(self) -> str:
        return "<ul>" + "".join(f"<li>{escape(plain(sentence))}</li>" for sentence in self) + "</ul>"


def page(paragraphs: Iterable[str | Sentences]) -> str:
    """HTML of paragraphs and lists; the text is escaped."""
    parts = (
        p._repr_html_() if isinstance(p, Sentences) else f"<p>{escape(plain(p)).replace(chr(10), '<br>')}</p>"
        for p in paragraphs
    )
    return "".join(parts)


def show(*things: Any) -> None:
    """Show each thing: in a notebook as rich as it can, elsewhere as text. A text is a heading; None shows nothing."""
    for thing in things:
        if thing is None:
            continue
        cut = isinstance(thing, pl.DataFrame) and thing.height > ROWS
        with pl.Config(
            tbl_rows=ROWS, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=WIDEST, fmt_table_cell_list_len=8,
            tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_formatting="NOTHING",
            thousands_separator=True, float_precision=2,
        ):  # fmt: skip
            if _in_notebook():
                _rich(thing)
            else:
                text = thing if isinstance(thing, str) else repr(thing.head(ROWS) if cut else thing)
                print(plain(text), end="\n\n")
        if cut:
            show(f"{ROWS} of {thing.height} rows shown")


def _in_notebook() -> bool:
    """Whether a notebook's kernel runs us: it has IPython loaded, and a shell that can show more than text."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def _rich(thing: Any) -> None:
    # By name: IPython is there whenever a kernel is, and is no dependency of ours.
    display = import_module("IPython.display")
    if isinstance(thing, str):
        display.display(display.HTML(f"<p><b>{escape(plain(thing))}</b></p>"))
    elif isinstance(thing, pl.DataFrame):
        display.display(display.HTML(plain(thing.head(ROWS)._repr_html_())))
    else:
        display.display(thing)
