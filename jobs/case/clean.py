"""Texts that come from data, made safe for machines: exactly the text, but for what would break a line or a file."""

from __future__ import annotations

import unicodedata

from graph.visible import shown


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
