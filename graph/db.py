"""What a stage may ask of the engine that holds the tables; DuckDB today, any SQL engine that keeps this promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl


class Db(Protocol):
    """Tables by name. Statements are plain SQL with `$name` parameters; a stage never sees a connection."""

    def make(self, table: str, sql: str, **params: object) -> None:
        """Create or replace the night's table `table` from one SELECT."""

    def view(self, table: str, sql: str) -> None:
        """Name one SELECT `table` without computing it; replaces the night's table or view of that name."""

    def frame(self, sql: str, **params: object) -> pl.DataFrame:
        """Run one SELECT and bring its rows here; for ring-sized results, never for whole exports."""

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """Create or replace the night's table `table` from a frame."""

    def drop(self, *tables: str) -> None:
        """Forget tables of the night that no later stage reads."""
