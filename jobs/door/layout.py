"""Which columns a file has, and how DuckDB is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from jobs.door.discover import Source
from jobs.door.personal import masked
from jobs.errors import ExportError
from jobs.warehouse import Warehouse


@dataclass(frozen=True)
class Layout:
    """The columns of one file.

    `names` are the file's own (their) names, `ours` maps a contract column to its place among them, `unknown` are
    those that the contract does not have. `natives` gives the SQL type of a timestamp column that did not come as text.
    """

    names: tuple[str, ...]
    ours: Mapping[str, int]
    unknown: tuple[str, ...] = ()
    natives: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where one file's rows go."""

    w: Warehouse
    source: Source
    drop_date: date
    file_id: int
    zone: str

    @property
    def table(self) -> str:
        return f"{self.source.export.name}_rows"


class ExportFile(Protocol):
    """One export file that can be read: what the formats have in common.

    `malformed` are the records that could not be split into columns, ascending, known after the bulk reading;
    `reason` says why. `broken` is the SQL condition of a record that was read, but is no row.
    """

    layout: Layout
    reason: str
    broken: str

    @property
    def numbers_itself(self) -> bool:
        """Does the relation bring the records' numbers as `line`? Known before each reading."""

    @property
    def total(self) -> int:
        """Records in the file, malformed ones included."""

    @property
    def malformed(self) -> Sequence[int]: ...

    def relation(self) -> str:
        """SQL of all well-formed records: the raw columns under our names; with `line` if `numbers_itself`."""

    def settled(self, accepted: int) -> bool:
        """After a reading that gave so many records: is every record accounted for? If not, read once more."""

    def few(self, lines: Sequence[int]) -> tuple[str, list[str]]:
        """The same relation for these records alone, `line` counting from 1, and their raw text."""

    def raw(self, lines: Sequence[int]) -> list[str]:
        """The text of these records as received, decoded."""


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
