r"""Where one record of a text export ends and the next begins, when DuckDB alone cannot say.

The rule, for CSV: a record is a physical line (ended by \n or \r\n; blank lines are none), or several where a
quoted field runs over line ends. A record with another number of fields than the header, or whose quotes do not
match (an unclosed quote swallows what follows it), is set aside *as its first physical line only*, and reading goes
on with the very next line: so no good line is lost in a bad one's quotes. For the same reason a field that may not
hold free text never runs over a line that is a record by itself. A quoted field spans at most MAX_SPAN lines.
For NDJSON: a record is a physical line that is not blank; a carriage return that ends no line breaks it.
"""

from __future__ import annotations

import csv
import sys
from array import array
from bisect import bisect_left
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.door.text import Text

MAX_SPAN = 1000
_BATCH = 20_000
# The csv module would refuse fields over 128 KB; how long a line may be is decided in text.py.
csv.field_size_limit(sys.maxsize)


class Records(Protocol):
    """A text export whose records are known. `total` counts them, `malformed` are the ones set aside unread, ascending.

    `path` is what DuckDB reads; it holds the records that are not malformed, in order.
    """

    path: Path
    total: int
    malformed: Sequence[int]

    def raw(self, numbers: Iterable[int]) -> Iterator[str]:
        """The text of these records (ascending), without line ends."""


class Lines:
    """Every record is one physical line, and none is blank; the first `header` lines are no records."""

    def __init__(self, text: Text, header: int, malformed: Sequence[int] = ()) -> None:
        self.path = text.path
        self.total = text.lines - header
        self.malformed = malformed
        self._header, self._marks = header, text.marks

    def raw(self, numbers: Iterable[int]) -> Iterator[str]:
        with self.path.open("rb") as file:
            here = 0  # line ends passed
            for number in numbers:
                line = number + self._header - 1
                offset, passed = self._marks[max(bisect_left(self._marks, line, key=lambda mark: mark[1]) - 1, 0)]
                if not passed <= here <= line:
                    file.seek(offset)
                    here = passed
                yield _text(next(islice(file, line - here, None)), first=line == 0)
                here = line + 1


class Walked:
    """Records found one by one; `path` is a Parquet copy of the good ones: `line` (the record's number), `c0`, `c1` …

    Parquet, for what made a file be walked (quotes, stray carriage returns) would be misread in a text copy as well.
    """

    def __init__(
        self, source: Path, path: Path, starts: array[int], malformed: Sequence[int], *, one_line: bool
    ) -> None:
        self.path = path
        self._one_line = one_line
        self.total = len(starts) - 1
        self.malformed = malformed
        self._source = source
        self._starts = starts

    def raw(self, numbers: Iterable[int]) -> Iterator[str]:
        with self._source.open("rb") as file:
            for number in numbers:
                file.seek(self._starts[number - 1])
                length = self._starts[number] - self._starts[number - 1]
                raw = file.readline() if self._one_line else file.read(length)
                yield _text(raw, first=self._starts[number - 1] == 0)


def _text(raw: bytes, *, first: bool = False) -> str:
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


def walk_csv(source: Path, copy: Path, width: int, free_text: frozenset[int]) -> Walked:
    """Find the records of a CSV file with quotes or blank lines; fields at `free_text` may hold line ends."""
    starts, malformed = array("q"), list[int]()
    with source.open("rb") as file, _Copy(copy, width) as out:
        lines = _Ahead(file)
        lines.take(1)
        while lines.more():
            line = lines.peek(0)
            start = lines.offset
            if not line.strip(b"\r\n"):
                lines.take(1)
                continue
            starts.append(start)
            if b'"' not in line and b"\r" not in line.rstrip(b"\r\n"):
                lines.take(1)
                if line.count(b",") + 1 == width:
                    out.add(len(starts), _text(line).split(","))
                else:
                    malformed.append(len(starts))
                continue
            fields, span = _record(lines, width, free_text)
            lines.take(span)
            if fields is None:
                malformed.append(len(starts))
            else:
                out.add(len(starts), fields)
        starts.append(lines.offset)
    return Walked(source, copy, starts, malformed, one_line=False)


def walk_ndjson(source: Path, copy: Path, separator: bytes) -> Walked:
    """Find the records of an NDJSON file with blank lines, stray carriage returns, or the byte `separator`."""
    starts, malformed, offset = array("q"), list[int](), 0
    with source.open("rb") as file, _Copy(copy, 1) as out:
        for line in file:
            bare = line.rstrip(b"\r\n") if offset else line.rstrip(b"\r\n").removeprefix(BOM_UTF8)
            if bare.strip(b" \t\r"):
                starts.append(offset)
                if separator in bare or b"\r" in bare:
                    malformed.append(len(starts))
                else:
                    out.add(len(starts), [_text(bare)])
            offset += len(line)
    starts.append(offset)
    return Walked(source, copy, starts, malformed, one_line=True)


class _Copy:
    """The Parquet file that `Walked` names, written some thousands of records at a time."""

    def __init__(self, path: Path, width: int) -> None:
        names = [("line", pa.int64()), *((f"c{place}", pa.string()) for place in range(width))]
        self._writer = pq.ParquetWriter(path, pa.schema(names))
        self._rows = list[tuple[int | str, ...]]()

    def __enter__(self) -> _Copy:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, number: int, cells: Sequence[str]) -> None:
        self._rows.append((number, *cells))
        if len(self._rows) == _BATCH:
            self._flush()

    def _flush(self) -> None:
        schema = self._writer.schema
        columns = list(zip(*self._rows, strict=True)) or [()] * len(schema)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        self._rows.clear()


class _Ahead:
    """Lines of a file with a look at those to come."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._held: deque[bytes] = deque()
        self.offset = 0

    def peek(self, ahead: int) -> bytes:
        """The line so many lines ahead, b"" behind the end."""
        while len(self._held) <= ahead:
            line = self._file.readline()
            if not line:
                return b""
            self._held.append(line)
        return self._held[ahead]

    def more(self) -> bool:
        return bool(self.peek(0))

    def take(self, count: int) -> list[bytes]:
        taken = [self._held.popleft() if self._held else self._file.readline() for _ in range(count)]
        self.offset += sum(map(len, taken))
        return taken


def _record(lines: _Ahead, width: int, free_text: frozenset[int]) -> tuple[list[str] | None, int]:
    """The record that starts here and the lines it spans; (None, 1) when it is malformed."""
    fields, span = _parse(lines)
    if fields is None or len(fields) != width:
        return None, 1
    broken = any("\n" in field and place not in free_text for place, field in enumerate(fields))
    if broken and any(_stands_alone(lines.peek(i), width) for i in range(1, span)):
        return None, 1
    return fields, span


def _parse(lines: _Ahead) -> tuple[list[str] | None, int]:
    reader = csv.reader((lines.peek(i).decode() for i in range(MAX_SPAN) if lines.peek(i)), strict=True)
    try:
        return next(reader), reader.line_num
    except (csv.Error, StopIteration):
        return None, 1


def _stands_alone(line: bytes, width: int) -> bool:
    try:
        return len(next(islice(csv.reader([line.decode()], strict=True), 1), [])) == width
    except csv.Error:
        return False
