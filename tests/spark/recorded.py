"""Every statement that a night asks of its engine, with what DuckDB answered; and the same asked of another engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from graph.db import Db, Work
from jobs.engine import HANDED, Engine, opened
from jobs.settings import EngineSettings
from jobs.warehouse import Warehouse
from tests.spark.compared import assert_same


@dataclass(frozen=True)
class Asked:
    """One call of the night: `rows` is what the table then held, or what came back."""

    what: str
    table: str
    sql: str
    params: dict[str, Any]
    rows: pl.DataFrame


@dataclass
class Recorder:
    """`graph.db.Db` that writes down all that is asked of the engine behind it."""

    db: Db
    asked: list[Asked] = field(default_factory=list)

    def make(self, table: str, sql: str, **params: object) -> None:
        """As the engine does."""
        self.db.make(table, sql, **params)
        self.asked.append(Asked("make", table, sql, params, self._held(table)))

    def view(self, table: str, sql: str) -> None:
        """As the engine does."""
        self.db.view(table, sql)
        self.asked.append(Asked("view", table, sql, {}, self._held(table)))

    def frame(self, sql: str, **params: object) -> pl.DataFrame:
        """As the engine does."""
        rows = self.db.frame(sql, **params)
        self.asked.append(Asked("frame", "", sql, params, rows))
        return rows

    def connect(self, table: str, sql: str, **params: object) -> None:
        """As the engine does."""
        self.db.connect(table, sql, **params)
        self.asked.append(Asked("connect", table, sql, params, self._held(table)))

    def by_group(
        self, table: str, work: Work, by: str, columns: Mapping[str, type[pl.DataType]], **selects: str
    ) -> None:
        """As the engine does."""
        self.db.by_group(table, work, by, columns, **selects)
        given = {"work": work, "by": by, "columns": columns, **selects}
        self.asked.append(Asked("by_group", table, "\n".join(selects.values()), given, self._held(table)))

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """As the engine does."""
        self.db.put(table, frame)
        self.asked.append(Asked("put", table, "", {}, frame))

    def drop(self, *tables: str) -> None:
        """As the engine does."""
        self.db.drop(*tables)
        self.asked.extend(Asked("drop", table, "", {}, pl.DataFrame()) for table in tables)

    def _held(self, table: str) -> pl.DataFrame:
        return self.db.frame(f"SELECT * FROM {table}")


@dataclass
class Recording(Engine):
    """DuckDB, asked through a recorder from the moment that loading is done; `given` is what was there then."""

    db: Recorder = field(kw_only=True)
    given: dict[str, pl.DataFrame] = field(default_factory=dict)

    def hand_over(self) -> None:
        """Keep what the stages find."""
        rows = [table for table in self.file.tables() if table.endswith("_rows") and not table.startswith("register")]
        self.given.update({table: self.file.frame(f"SELECT * FROM {table}") for table in (*rows, *HANDED)})


@contextmanager
def recording(warehouse: Path, s: EngineSettings, exports: Path) -> Iterator[Recording]:
    """In the place of `jobs.engine.opened`."""
    with opened(warehouse, s, exports) as engine:
        assert isinstance(engine.file, Warehouse)
        yield Recording(engine.file, db=Recorder(engine.file))


def replay(given: dict[str, pl.DataFrame], asked: list[Asked], db: Db) -> None:
    """Ask the other engine the same, each statement on its own tables, and compare every answer."""
    for table, rows in given.items():
        db.put(table, rows)
    for one in asked:
        match one.what:
            case "put":
                db.put(one.table, one.rows)
            case "drop":
                db.drop(one.table)
            case "frame":
                in_order = "ORDER BY" in one.sql.rpartition(")")[2]
                assert_same(one.rows, db.frame(one.sql, **one.params), in_order=in_order)
            case "make" | "view" | "connect" | "by_group":
                again = {"sql": one.sql, **one.params} if one.what != "by_group" else one.params
                getattr(db, one.what)(one.table, **again)
                assert_same(one.rows, db.frame(f"SELECT * FROM {one.table}"), in_order=False)
