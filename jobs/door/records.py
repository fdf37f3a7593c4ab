"""The records of text exports: what every reader of them gives, and files in which each is one physical line."""

from __future__ import annotations

import csv
from bisect import bisect_left
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

from jobs.door.text import Text


class Records(Protocol):
    """The records of text exports that are read together, numbered through. `totals` counts those of each file,
    `malformed` are the ones set aside unread, ascending."""

    totals: Sequence[int]
    malformed: Sequence[int]

    def raw(self, numbers: Iterable[int]) -> Iterator[str]:
        """The text of these records (ascending), without line ends."""


class Piece(NamedTuple):
    """Whole lines of a file: its bytes from `begin` to `end`, and how many records come before them."""

    begin: int
    end: int
    before: int


class Lines:
    """One file in which every record is one physical line, and none is blank; the first `header` lines are no records.

    `path` is what DuckDB reads, in `pieces`.
    """

    def __init__(self, text: Text, header: int, many: int = 1, malformed: Sequence[int] = ()) -> None:
        self.path = text.path
        self.header = header
        self.pieces = _cut(text, header, many)
        self.totals = [text.lines - header]
        self.malformed = malformed
        self._marks = text.marks

    def begins_with_mark(self, piece: Piece) -> bool:
        """Are the first bytes of its records those of a byte order mark? There they are part of a cell."""
        with self.path.open("rb") as file:
            file.seek(piece.begin)
            for _ in range(0 if piece.begin else self.header):
                file.readline()
            return file.read(len(BOM_UTF8)) == BOM_UTF8

    def raw(self, numbers: Iterable[int]) -> Iterator[str]:
        with self.path.open("rb") as file:
            here = 0  # line ends passed
            for number in numbers:
                line = number + self.header - 1
                offset, passed = self._marks[max(bisect_left(self._marks, line, key=lambda mark: mark[1]) - 1, 0)]
                if not passed <= here <= line:
                    file.seek(offset)
                    here = passed
                yield decoded(next(islice(file, line - here, None)), first=line == 0)
                here = line + 1


def _cut(text: Text, header: int, many: int) -> list[Piece]:
    """At most so many pieces of about one size."""
    size, before = text.path.stat().st_size, {0: 0}
    with text.path.open("rb") as file:
        for offset, passed in (text.marks[len(text.marks) * at // many] for at in range(1, many)):
            file.seek(offset)
            file.readline()
            if file.tell() < size:
                before[file.tell()] = passed + 1 - header
    begins = list(before)
    return [Piece(begin, end, before[begin]) for begin, end in zip(begins, [*begins[1:], size], strict=True)]


def decoded(raw: bytes, *, first: bool = False) -> str:
    """Only a file's first line has a byte order mark; elsewhere the same character is part of a cell."""
    return raw.decode("utf-8-sig" if first else "utf-8", "replace").rstrip("\r\n")


def header(path: Path) -> list[str]:
    """The names in a CSV file's first line. Empty when that line is blank or no CSV."""
    with path.open("rb") as file:
        first = file.readline().decode("utf-8-sig").rstrip("\r\n")
    try:
        return next(csv.reader([first], strict=True), [])
    except csv.Error:
        return []
