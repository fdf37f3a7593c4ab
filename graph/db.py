"""What a stage may ask of the engine that holds the tables; DuckDB today, any SQL engine that keeps this promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl

Work = Callable[["Mapping[str, pl.DataFrame]"], "pl.DataFrame"]
"""Frames by name, with whole groups of rows, to what is found in these groups."""


class Db(Protocol):
    """Tables by name. Statements are plain SQL with `$name` parameters; a stage never sees a connection."""

    def make(self, table: str, sql: str, **params: object) -> None:
        """Create or replace the night's table `table` from one SELECT."""

    def view(self, table: str, sql: str) -> None:
        """Name one SELECT `table` without computing it; replaces the night's table or view of that name."""

    def frame(self, sql: str, **params: object) -> pl.DataFrame:
        """Run one SELECT and bring its rows here; for ring-sized results, never for whole exports."""

    def connect(self, table: str, sql: str, **params: object) -> None:
        """Create or replace the night's table `table` of what hangs together by the pairs `a`, `b` of one SELECT: one
        row an account, `component` (its first account) and `account_id`."""

    def by_group(
        self, table: str, work: Work, by: str, columns: Mapping[str, type[pl.DataType]], **selects: str
    ) -> None:
        """Create or replace the night's table `table` (`columns`) of what `work` answers for each group apart.

        `by` is the column that names the group, of every one of `selects`; the first has all groups. `work` gets all
        rows of one group or of several at a time, sorted by all their columns, under the names of the SELECTs. It is a
        function of a module, for it may run on another machine, and must say of a group the same in any company.
        """

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """Create or replace the night's table `table` from a frame."""

    def drop(self, *tables: str) -> None:
        """Forget tables of the night that no later stage reads."""
