"""Which columns a file has, and how DuckDB is told of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl

from graph.exports import Export
from jobs.door.discover import Source
from jobs.door.personal import masked
from jobs.errors import ExportError
from jobs.warehouse import Warehouse

PLAIN = "PLAIN"


class Rows(NamedTuple):
    """Records as SQL; `stream`, where there is one, is what it reads under the name STREAM."""

    sql: str
    stream: Stream | None = None


STREAM = "door_stream"


class Stream(Protocol):
    """Rows that something else than DuckDB read. `refused` is how many lines it could not, once it has been read."""

    refused: int

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


@dataclass(frozen=True)
class Layout:
    """The columns of one file.

    `names` are the file's own (their) names, `ours` maps a contract column to its place among them, `unknown` are
    those that the contract does not have. `natives` gives the SQL type of a timestamp column that did not come as text,
    or PLAIN where <name>_plain stands beside it: its value where it was written plainly, the text then being NULL.
    """

    names: tuple[str, ...]
    ours: Mapping[str, int]
    unknown: tuple[str, ...] = ()
    natives: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """One file as received: what is known of it before its rows are looked at."""

    source: Source
    file_id: int
    stamp: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Place:
    """Where the rows of files that are read together go: first all under `file_id`, in the end each under its own."""

    w: Warehouse
    export: Export
    drop_date: date
    file_id: int
    zone: str

    @property
    def table(self) -> str:
        return f"{self.export.name}_rows"


class ExportFile(Protocol):
    """An export file that can be read, or several small ones of one table as if they were one: what the formats have in
    common.

    `received` are the files; records are numbered from 1 through all of them. `layout` is how they are read, `layouts`
    what each carries. `malformed` are the records that could not be split into columns, ascending, known after the
    bulk reading; `reason` says why. `broken` is the SQL condition of a record that was read, but is no row.
    """

    received: Sequence[Received]
    layout: Layout
    layouts: Sequence[Layout]
    reason: str
    broken: str

    @property
    def begins(self) -> Sequence[int]:
        """Where `line` of the relations counts well-formed records alone: how many records come before each relation.
        Empty where it counts malformed ones too."""

    @property
    def totals(self) -> Sequence[int]:
        """Records in each file, malformed ones included."""

    @property
    def malformed(self) -> Sequence[int]: ...

    def blamed(self) -> Source:
        """The file that DuckDB failed to read."""

    def relations(self) -> AbstractContextManager[Sequence[Rows]]:
        """All well-formed records: their number as `line`, and the raw columns under our names. Several are to
        be read at the same time, each once, while the context lasts."""

    def settled(self, accepted: int, refused: int) -> bool:
        """After a reading that gave so many records and refused so many lines: is every record accounted for? If not,
        read once more."""

    def few(self, lines: Sequence[int]) -> tuple[str, list[str]]:
        """One relation of these records alone, `line` counting from 1, and their raw text."""

    def raw(self, lines: Sequence[int]) -> list[str]:
        """The text of these records as received, decoded."""


def parts(file: ExportFile) -> pl.DataFrame:
    """One row a file of `file` that has records: `place` (its place among them), `file_id`, `before` (records of the
    files before it) and `until` (with its own)."""
    until = list(accumulate(file.totals))
    rows = [
        (at, received.file_id, end - total, end)
        for at, (received, total, end) in enumerate(zip(file.received, file.totals, until, strict=True))
        if total
    ]
    schema = {"place": pl.Int64, "file_id": pl.Int64, "before": pl.Int64, "until": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def origin(file: ExportFile, number: int) -> tuple[Source, int]:
    """The file that record `number` comes from, and its number there."""
    ends = list(accumulate(file.totals))
    at = bisect_left(ends, number)
    return file.received[at].source, number - ends[at] + file.totals[at]


def refusal(file: ExportFile, number: int | None, what: str, do: str, column: str | None = None) -> ExportError:
    """What is said of record `number`, or of the file."""
    source, line = origin(file, number) if number else (file.received[0].source, None)
    return ExportError(what, file=source.rel, line=line, column=column, do=do)


def lay_out(source: Source, names: Sequence[str], rename: Mapping[str, str]) -> Layout:
    """Which of our columns are where. Raises ExportError for a missing required or a repeated column."""
    known = {column.name for column in source.export.columns}
    ours: dict[str, int] = {}
    unknown = []
    for place, name in enumerate(names):
        column = rename.get(name, name)
        if column not in known:
            unknown.append(masked(name))
        elif column in ours:
            raise ExportError("the column comes twice", file=source.rel, column=column, do="Send it once")
        else:
            ours[column] = place
    for column in source.export.required:
        if column not in ours:
            raise ExportError(
                "a required column is missing",
                file=source.rel,
                column=column,
                do=f"Check that this is {source.kind} as its name says, with commas and a header if CSV; "
                f"a column of another name is mapped in [exports.{source.export.name}.rename]",
            )
    return Layout(tuple(names), ours, tuple(sorted(unknown)))


def literal(text: str | Path) -> str:
    """Text as a SQL literal: `read_csv` and friends take no parameters inside a subquery that is used twice."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A column's name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
