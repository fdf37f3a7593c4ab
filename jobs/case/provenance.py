"""From which bytes a fact was read: the cited records of the exports, as they lie in the files, and their hashes.

A record's bytes are its physical line or lines with their line ends, exactly as in the file (in a gzip file: as
unpacked; in GB18030: not transcoded). A Parquet record has no bytes of its own: it is taken as canonical JSON
(RFC 8785), one object of the file's own column names, and marked so.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import accumulate, groupby
from pathlib import Path

import polars as pl
import rfc8785

from graph.exports import EXPORTS
from jobs.door.discover import Source
from jobs.door.layout import lay_out
from jobs.door.records import header
from jobs.door.text import prepare, sha256
from jobs.door.walked import walk_csv
from jobs.errors import ExportError, UsageError

LARGEST = 2**53 - 1
"""The largest integer that JSON numbers hold exactly (RFC 8785, section 3.2.2.3); larger ones are written as text."""
SUFFIXES = ("csv.gz", "ndjson.gz", "csv", "ndjson", "parquet")


@dataclass(frozen=True)
class Cited:
    """One record that the evidence cites. `record` counts data records from 1, `physical_line` lines from 1 (None in
    Parquet), `form` is `raw` or `rfc8785`; `content` are the bytes that `sha256` is of."""

    table: str
    file: str
    file_sha256: str
    record: int
    form: str
    physical_line: int | None
    physical_lines: int | None
    content: bytes

    @property
    def sha256(self) -> str:
        """Of the record's bytes."""
        return hashlib.sha256(self.content).hexdigest()


def cited(evidence: pl.DataFrame, exports: Path, rename: Mapping[str, Mapping[str, str]]) -> list[Cited]:
    """Every record that `evidence` cites, by table, file and number. `rename` is that of the night's settings.

    Raises UsageError for a file that is not below `exports`, ExportError for one that is not what was loaded.
    """
    wanted = evidence.group_by("table", "file", "file_sha256").agg(pl.col("line").unique().sort())
    out = []
    for table, file, digest, lines in wanted.sort("table", "file", "file_sha256").iter_rows():
        source = _source(table, file, exports)
        with tempfile.TemporaryDirectory() as scratch:
            found = _parquet if source.kind == "parquet" else _text
            read, records = found(source, rename.get(table, {}), lines, Path(scratch))
        if read != digest:
            raise ExportError(
                "not the file that the night was made from: its SHA-256 differs", file=file,
                do="Name the folder that the night's --exports was",
            )  # fmt: skip
        out += [Cited(table, file, digest, *record) for record in records]
    return out


_Record = tuple[int, str, int | None, int | None, bytes]


def _source(table: str, file: str, exports: Path) -> Source:
    path = exports / file
    if not path.resolve().is_relative_to(exports.resolve()) or not path.is_file():
        raise UsageError(f"--exports {exports}: no file {file} here. Name the --exports of ringwatch nightly")
    suffix = next(s for s in SUFFIXES if path.name.endswith(f".{s}"))
    return Source(next(e for e in EXPORTS if e.name == table), path, file, suffix)


def _text(
    source: Source, rename: Mapping[str, str], numbers: Sequence[int], scratch: Path
) -> tuple[str, list[_Record]]:
    text = prepare(source, scratch)
    if source.kind == "ndjson":
        wanted = _one_line_each(text.path, 0, numbers)
    elif not text.quotes:
        wanted = _one_line_each(text.path, 1, numbers)
    else:
        wanted = _quoted(text.path, source, rename, numbers, scratch)
    # What `prepare` leaves may be transcoded, line by line: the lines are the same, the bytes are those before it.
    raw = scratch / "unpacked" if source.gzipped else source.path
    lines = _lines(raw, {line for first, count in wanted for line in range(first, first + count)})
    return text.sha256, [
        (number, "raw", first + 1, count, b"".join(lines[line] for line in range(first, first + count)))
        for number, (first, count) in zip(numbers, wanted, strict=True)
    ]


_Spans = list[tuple[int, int]]
"""(first physical line from 0, how many) of each record."""


def _one_line_each(path: Path, header_lines: int, numbers: Sequence[int]) -> _Spans:
    """Without quotes a record is a line that is not blank; the rules of blank are those of `jobs.door.walked`."""
    out: _Spans = []
    left = iter(numbers)
    number, record = next(left, None), 0
    with path.open("rb") as file:
        for line, raw in enumerate(file):
            if number is None:
                break
            if line < header_lines or not (raw.strip(b"\r\n") if header_lines else raw.strip()):
                continue
            record += 1
            if record == number:
                out.append((line, 1))
                number = next(left, None)
    return out


def _quoted(path: Path, source: Source, rename: Mapping[str, str], numbers: Sequence[int], scratch: Path) -> _Spans:
    layout = lay_out(source, header(path), rename)
    free = {c.name for c in source.export.columns if c.type == "text" and not c.values}
    strict = {place for name, place in layout.ours.items() if name not in free}
    places = frozenset(range(len(layout.names))) - strict
    walked = walk_csv([path], scratch / "copy", len(layout.names), places)
    wanted, out, line = set(numbers), [], 1
    with path.open("rb") as file:
        file.readline()
        for number, text in enumerate(walked.raw(range(1, numbers[-1] + 1)), 1):
            while not file.readline().strip(b"\r\n"):
                line += 1
            count = text.count("\n") + 1
            for _ in range(count - 1):
                file.readline()
            if number in wanted:
                out.append((line, count))
            line += count
    return out


def _lines(path: Path, wanted: set[int]) -> dict[int, bytes]:
    last = max(wanted, default=-1)
    with path.open("rb") as file:
        return {line: raw for line, raw in zip(range(last + 1), file, strict=False) if line in wanted}


def _parquet(
    source: Source, rename: Mapping[str, str], numbers: Sequence[int], scratch: Path
) -> tuple[str, list[_Record]]:
    # Not by pyarrow: its Parquet reader brings in pandas where that is installed, a third of a second.
    rows = pl.read_parquet(source.path)[[number - 1 for number in numbers]].iter_rows(named=True)
    return sha256(source), [
        (number, "rfc8785", None, None, rfc8785.dumps({name: _plain(value) for name, value in row.items()}))
        for number, row in zip(numbers, rows, strict=True)
    ]


def _plain(value: object) -> str | int | bool | None:
    """A cell as JSON: times as ISO 8601, decimals and whatever JSON cannot hold exactly as text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def chain(records: Sequence[Cited]) -> Iterator[tuple[str, bytes, list[int]]]:
    """The raw folder: (name, content, where each of its records begins), one file an export file, in order."""
    for number, ((table, file, _), group) in enumerate(groupby(records, key=lambda r: (r.table, r.file, r.form)), 1):
        parts = list(group)
        # A JSON record has no line end of its own; its hash is of the JSON alone, so is its length.
        end = b"\n" if parts[0].form == "rfc8785" else b""
        offsets = [0, *accumulate(len(part.content) + len(end) for part in parts)][:-1]
        suffix = "jsonl" if end else "ndjson" if ".ndjson" in file else "csv"
        yield f"{number:02d}_{table}.{suffix}", b"".join(part.content + end for part in parts), offsets
