"""Texts that come from data, made safe to be looked at: what cannot be seen, or turns the reading order, is shown."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
_FILLERS = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
"""Blank, though Unicode counts them among letters and symbols, and Python among the printable."""
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
"""Blanks other than the plain and the Chinese one: two ids that differ in such a blank look the same."""


def visible(text: str, keep: str = "") -> str:
    """Control, bidi, zero-width and other characters that nobody sees as ‹U+202E›; all others, and those of `keep`, as
    they are."""
    if text.isprintable() and not _FILLERS.search(text):
        return text
    return "".join(shown(c) if _hides(c) and c not in keep else c for c in text)


def shown(character: str) -> str:
    """One character as its code."""
    return f"‹U+{ord(character):04X}›"


def _hides(character: str) -> bool:
    return bool(unicodedata.category(character) in _HIDDEN or _SPACES.match(character) or _FILLERS.match(character))
