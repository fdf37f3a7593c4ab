"""Raw phone, identity and card numbers: none may come in where a keyed hash belongs."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

# The bulk statement's sieve, over-broad on purpose: no letters but an identity number's last, and no underscore, which
# numbered ids have and nobody puts into a phone number. It is asked only of cells that do not begin with a letter, so
# the usual prefixed hash costs a comparison of four bytes.
SIEVE = r"[^\pL_]{10,}[XxＸｘ]?[^\pL_]*"

_PHONE = re.compile(r"(?:\+?86|0086)?1[3-9]\d{9}|\+[1-9]\d{7,14}", re.ASCII)
_IDENTITY_18 = re.compile(r"[1-9]\d{5}(\d{8})\d{3}[\dXx]", re.ASCII)
_IDENTITY_15 = re.compile(r"[1-9]\d{5}(\d{6})\d{3}", re.ASCII)
_CARD = re.compile(r"\d{16,19}|3[47]\d{13}", re.ASCII)
_ISSUERS = ("4", *map(str, (*range(51, 56), *range(22, 28))), "34", "35", "37", "60", "65", "81", "9")
"""How card numbers begin, other than UnionPay's 62: Visa, Mastercard, American Express, JCB, and older cards."""
_REGIONS = frozenset(
    str(code)
    for group in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(group[0], group[1] + 1)
)
"""First two digits of GB/T 2260 codes, 83 for residents of Taiwan."""
_BETWEEN = re.compile(r"[\s()（）.–—－\u200b-\u200f\u2060\ufeff-]")
_LISTED = re.compile("[,;/|、]")
_AROUND = "'\"`=:‘’“”"
"""What a spreadsheet, or who writes by hand, puts round a number to keep it as it is."""
_IN_TEXT = re.compile(r"(?<![0-9A-Za-z])\+?\d(?:[ -]?\d){9,20}[\dXx]?(?![0-9A-Za-z])", re.ASCII)


def looks_raw(cell: str) -> bool:
    """Does the cell look like a mobile, identity or bank card number, or like several, in whatever spelling?

    Identity numbers need a known region and a real date (the check digit is often mistyped, so it is not asked for);
    card numbers begin with 62, or with another issuer's digits and then fulfil the Luhn sum.
    """
    return is_phone(cell) or any(_is_identity(bare) or _is_card(bare) for bare in _bare(cell))


def is_phone(cell: str) -> bool:
    """Does the cell look like a mainland mobile number, or like any number with `+` and a country code?"""
    return any(_PHONE.fullmatch(bare) for bare in _bare(cell))


def holds_raw(text: str) -> bool:
    """Does a run of digits somewhere in the text look raw?"""
    return any(looks_raw(match[0]) for match in _IN_TEXT.finditer(unicodedata.normalize("NFKC", text)))


def masked(text: str) -> str:
    """The text with every run of digits that looks raw replaced by `***`."""
    plain = unicodedata.normalize("NFKC", text)
    if not holds_raw(plain):
        return text
    return _IN_TEXT.sub(lambda match: "***" if looks_raw(match[0]) else match[0], plain)


def _bare(cell: str) -> list[str]:
    """What the cell lists, without what people put between digits and round them."""
    plain = _LISTED.split(unicodedata.normalize("NFKC", cell))
    # The ending of a number that once was a float goes too.
    return [_BETWEEN.sub("", re.sub(r"\.0+\s*$", "", part.strip(_AROUND))).strip(_AROUND) for part in plain]


def _is_identity(bare: str) -> bool:
    modern, old = _IDENTITY_18.fullmatch(bare), _IDENTITY_15.fullmatch(bare)
    born = modern[1] if modern else "19" + old[1] if old else ""
    if not born or bare[:2] not in _REGIONS or not "1880" <= born[:4] <= "2099":
        return False
    try:
        date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    return True


def _is_card(bare: str) -> bool:
    if not _CARD.fullmatch(bare):
        return False
    return bare.startswith("62") or (bare.startswith(_ISSUERS) and _luhn(bare))


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
