"""Texts that come from data, made safe to be looked at: what cannot be seen, or turns the reading order, is shown."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
_FILLERS = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
"""Blank, though Unicode counts them among letters and symbols, and Python among the printable."""
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
"""Blanks other than the plain and the Chinese one: two ids that differ in such a blank look the same."""


def visible(text: str) -> str:
    """Control, bidi, zero-width and other characters that nobody sees as ‹U+202E›; all others as they are."""
    if text.isprintable() and not _FILLERS.search(text):
        return text
    return "".join(
        shown(c) if unicodedata.category(c) in _HIDDEN or _SPACES.match(c) or _FILLERS.match(c) else c for c in text
    )


def shown(character: str) -> str:
    """One character as its code."""
    return f"‹U+{ord(character):04X}›"


def one_line(text: str) -> str:
    """For a machine: exactly the text, but control characters, line ends among them, as their codes."""
    if text.isprintable():
        return text
    return "".join(shown(c) if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text)


def xml_safe(text: str) -> str:
    """Exactly the text, but for characters that XML 1.0 forbids or normalises, as their codes."""
    return "".join(shown(c) if not _in_xml(c) else c for c in text)


def _in_xml(character: str) -> bool:
    code = ord(character)
    return code >= 0x20 and not 0x7F <= code <= 0x9F and not 0xD800 <= code <= 0xDFFF and code & 0xFFFE != 0xFFFE
