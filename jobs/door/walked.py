r"""Where one record of a text export ends and the next begins, when DuckDB alone cannot say.

The rule, for CSV: a record is a physical line (ended by \n or \r\n; blank lines are none), or several where a
quoted field runs over line ends. A record with another number of fields than the header, or whose quotes do not
match (an unclosed quote swallows what follows it), is set aside *as its first physical line only*, and reading goes
on with the very next line: so no good line is lost in a bad one's quotes. For the same reason a field that may not
hold free text never runs over a line that is a record by itself. A quoted field spans at most MAX_SPAN lines. A blank
outside quotes is part of its field: behind a closing quote it is a fault, before one it makes the quote a character.
For NDJSON: a record is a physical line that is not blank; a carriage return that ends no line breaks it.
"""

from __future__ import annotations

import csv
import gc
import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from pathlib import Path
from typing import TextIO

import polars as pl

from jobs.door.records import decoded

MAX_SPAN = 1000
_FIELD = r'(?:"(?:[^"]|"")*+"|[^",]*+)'
_RECORD = re.compile(rf"{_FIELD}(?:,{_FIELD})*+")
_BATCH, _BLOCK = 20_000, 1 << 22
# The csv module would refuse fields over 128 KB; how long a line may be is decided in text.py.
csv.field_size_limit(sys.maxsize)


class Walked:
    """Records found one by one. `paths` are a Parquet copy of the good ones: `line` (the record's number), `c0`, `c1` …

    Parquet, for what made a file be walked (quotes, stray carriage returns) would be misread in a text copy as well.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        files: Sequence[tuple[Path, array[int]]],
        malformed: Sequence[int],
        *,
        one_line: bool,
    ) -> None:
        self.paths = paths
        self.malformed = malformed
        self.totals = [len(starts) for _, starts in files]
        self._files, self._one_line = files, one_line
        self._before = [0, *accumulate(self.totals)]

    def raw(self, numbers: Iterable[int]) -> Iterator[str]:
        for at, group in groupby(numbers, lambda number: bisect_left(self._before, number) - 1):
            source, starts = self._files[at]
            with source.open("rb") as file:
                for place in (number - self._before[at] for number in group):
                    file.seek(starts[place - 1])
                    length = starts[place] - starts[place - 1] if place < len(starts) else -1
                    raw = file.readline() if self._one_line else file.read(length)
                    yield decoded(raw, first=starts[place - 1] == 0)


def walk_csv(sources: Sequence[Path], copy: Path, width: int, free_text: frozenset[int]) -> Walked:
    """Find the records of CSV files with quotes or blank lines; fields at `free_text` may hold line ends."""
    files: list[tuple[Path, array[int]]] = []
    malformed, number = list[int](), 0
    with _Copy(copy, width) as out:
        for source in sources:
            starts = array("q")
            for start, fields in _csv_records(source, width, free_text):
                number += 1
                starts.append(start)
                if fields is None:
                    malformed.append(number)
                else:
                    out.add(number, fields)
            files.append((source, starts))
    return Walked(out.paths, files, malformed, one_line=False)


def walk_ndjson(sources: Sequence[Path], copy: Path, separator: str) -> Walked:
    """Find the records of NDJSON files with blank lines, stray carriage returns, or the character `separator`."""
    files: list[tuple[Path, array[int]]] = []
    malformed, number = list[int](), 0
    with _Copy(copy, 1) as out:
        for source in sources:
            starts, offset = array("q"), 0
            with source.open(encoding="utf-8", newline="\n") as file:
                for line in file:
                    bare = line.rstrip("\r\n") if offset else line.rstrip("\r\n").removeprefix("\ufeff")
                    if bare.strip(" \t\r"):
                        number += 1
                        starts.append(offset)
                        if separator in bare or "\r" in bare:
                            malformed.append(number)
                        else:
                            out.add(number, (bare,))
                    offset += _bytes(line)
            files.append((source, starts))
    return Walked(out.paths, files, malformed, one_line=True)


def _bytes(line: str) -> int:
    return len(line) if line.isascii() else len(line.encode())


class _Copy:
    """The Parquet files that `Walked` names, each of some thousands of records."""

    def __init__(self, folder: Path, width: int) -> None:
        folder.mkdir(exist_ok=True)
        self.paths = list[Path]()
        self._folder, self._width = folder, width
        self._numbers, self._rows = list[int](), list[Sequence[str]]()

    def __enter__(self) -> _Copy:
        # Millions of lists without a circle among them: looking for circles takes longer than all the rest.
        self._collected = gc.isenabled()
        gc.disable()
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._collected:
            gc.enable()

    def add(self, number: int, cells: Sequence[str]) -> None:
        self._numbers.append(number)
        self._rows.append(cells)
        if len(self._rows) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True) if self._rows else [()] * self._width
        named = {f"c{place}": pl.Series(column, dtype=pl.String) for place, column in enumerate(columns)}
        self.paths.append(self._folder / str(len(self.paths)))
        # Read once and thrown away: what makes a file small or quick to search only costs time.
        frame = pl.DataFrame({"line": pl.Series(self._numbers, dtype=pl.Int64), **named})
        frame.write_parquet(self.paths[-1], compression="lz4", statistics=False)
        self._numbers.clear()
        self._rows.clear()


class _Ahead:
    """Lines of a file, as many at once as are needed; the record that is looked at begins at `offset`."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._held, self._at = list[str](), 0
        self.offset = 0

    def feed(self) -> Iterator[str]:
        """The lines from here on, at most MAX_SPAN for one record."""
        ahead = self._at
        while ahead - self._at < MAX_SPAN:
            if ahead == len(self._held):
                del self._held[: self._at]
                ahead, self._at = ahead - self._at, 0
                self._held += self._file.readlines(_BLOCK)
                if ahead == len(self._held):
                    return
            yield self._held[ahead]
            ahead += 1

    def inside(self, span: int) -> list[str]:
        """The lines of a record but its first."""
        return self._held[self._at + 1 : self._at + span]

    def take(self, span: int) -> None:
        """Go on behind a record of so many lines, which have been fed."""
        for line in self._held[self._at : self._at + span]:
            self.offset += _bytes(line)
        self._at += span


def _csv_records(source: Path, width: int, free_text: frozenset[int]) -> Iterator[tuple[int, list[str] | None]]:
    """(byte offset, fields) of each record; None for fields when it is malformed."""
    with source.open(encoding="utf-8", newline="\n") as file:
        lines = _Ahead(file)
        next(lines.feed())
        lines.take(1)
        while True:
            reader, seen = csv.reader(lines.feed(), strict=True), 0
            start = lines.offset
            try:
                for fields in reader:
                    span = reader.line_num - seen
                    if fields and (len(fields) != width or (span > 1 and _swallows(lines, fields, span, free_text))):
                        break
                    start, seen = lines.offset, reader.line_num
                    lines.take(span)
                    if fields:
                        yield start, fields
                    start = lines.offset
                else:
                    return
            except csv.Error:
                pass
            # Its first line alone: whatever a broken record runs over is read for itself.
            lines.take(1)
            yield start, None


def _swallows(lines: _Ahead, fields: Sequence[str], span: int, free_text: frozenset[int]) -> bool:
    """Does a field that may hold no line end run over a line that is a record by itself?"""
    broken = any("\n" in field and place not in free_text for place, field in enumerate(fields))
    return broken and any(_stands_alone(line, len(fields)) for line in lines.inside(span))


def _stands_alone(line: str, width: int) -> bool:
    """Is the line a record by itself? Not with a quote inside a field that has none around it: the last line of a field
    that runs over lines has one."""
    bare = line.rstrip("\r\n")
    return _RECORD.fullmatch(bare) is not None and len(next(csv.reader([bare], strict=True), [])) == width
