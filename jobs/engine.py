"""The engine that a night runs on: DuckDB in this process, or Spark with the rows in a folder that the cluster sees."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import parts
from jobs.errors import UsageError
from jobs.warehouse import Warehouse

if TYPE_CHECKING:
    from graph.db import Db
    from jobs.door.loading import Read
    from jobs.settings import EngineSettings
    from jobs.spark.tables import SparkTables

HANDED = (
    "files", "rejects_rows", "known_nights", "register_history", "register_ties", "register_scores", "verdict_journal",
)  # fmt: skip
"""What the stages read beside the exports' rows; small, and kept in DuckDB whatever the engine."""


@dataclass
class Engine:
    """`file` is for the code in `jobs/` that loads exports and keeps names; `db` is what the stages ask."""

    file: Warehouse
    db: Db
    elsewhere: Read | None = None
    """Who reads drops in the place of this machine."""

    def hand_over(self) -> None:
        """Let the stages see what was loaded and recalled. On DuckDB they do already."""


@dataclass
class OnSpark(Engine):
    """The rows are in parts that the cluster reads; the file keeps all that is small."""

    db: SparkTables

    def hand_over(self) -> None:
        """Pour out what was read here, name the parts, and put what the file keeps beside them."""
        parts.pour_out(self.file)
        for table, paths in parts.files(self.file).items():
            self.db.read(table, paths)
        for table in HANDED:
            self.db.put(table, self.file.frame(f"SELECT * FROM {table}"))


@contextmanager
def opened(warehouse: Path, s: EngineSettings, exports: Path) -> Iterator[Engine]:
    """Open what `[engine]` names, with nothing but the exports and its own folder to read.

    Raises UsageError where the warehouse is the other engine's, or Spark's client is not installed.
    """
    if s.kind == "duckdb":
        if warehouse.is_dir():
            raise UsageError(f"--warehouse {warehouse}: a folder. Run it with --engine spark, or name a file")
        with Warehouse.open(warehouse, **s.limits()) as file:
            file.confine(exports)
            yield Engine(file, file)
        return
    if warehouse.is_file():
        raise UsageError(f"--warehouse {warehouse}: a file. With --engine spark the warehouse is a folder")
    connected = import_module("jobs.spark.session").connected  # the client takes seconds to come, and is optional
    tables = import_module("jobs.spark.tables").SparkTables
    door = import_module("jobs.spark.door").Door
    state = parts.state_of(warehouse.resolve())
    with Warehouse.open(state, **s.limits()) as file, _emptied(state.parent / parts.TONIGHT) as tonight:
        file.confine(exports, state.parent)
        with connected(s.remote) as session:
            db = tables(session, tonight, s.rows_here)
            yield OnSpark(file, db, elsewhere=door(db, file, exports.resolve(), s).read)


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed; the file's lock is ours
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
