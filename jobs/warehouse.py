"""The warehouse: one DuckDB file with every row loaded so far, opened by one run at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl
from filelock import FileLock

from graph.db import Work
from jobs import durable, migrations, parts, trouble
from jobs.errors import RingwatchError
from jobs.warehouse_file import connect, files_of, lock_of, refuse_odd, remove, settle, take_lock


class Warehouse:
    """`graph.db.Db` on DuckDB. `con` is for the code in `jobs/` that loads the exports; stages use its methods.

    What `make` and `put` create are temporary tables: nothing of a night stays in the file, and a night that
    outgrows `memory_limit` spills to the temporary folder, which is emptied at the start and removed at the end.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, path: Path, scratch: Path, lock: FileLock | None) -> None:
        self.con = con
        self.path = path
        self.scratch = scratch
        self.stale = False
        """Set when rows were erased: the file is then written anew at the end, for DuckDB keeps deleted rows' bytes."""
        self._lock = lock
        self._views: set[str] = set()
        self._umask = os.umask(0o077)  # the write-ahead log and spilled pages are born later, and must be private too

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        memory_limit: str = "4GB",
        threads: int | None = None,
        temp_directory: Path | None = None,
        max_temp: str = "50GB",
        read_only: bool = False,
    ) -> Self:
        """Open (or create, unless `read_only`) the file `path`, mode 0600.

        Raises BusyError when another run holds it, UsageError for a path that DuckDB would take for something else,
        RingwatchError when it is damaged, foreign, of another version, or (read only) not there.
        """
        refuse_odd(path)
        if read_only and not path.is_file():
            raise RingwatchError(f"no warehouse at {path}. Run `ringwatch nightly` first")
        known = lock_of(path).exists()
        lock = None if read_only else take_lock(path)
        scratch = (temp_directory or path.parent) / f"{path.name}.{os.getpid() if read_only else 'run'}.tmp"
        try:
            # A killed run leaves its spilled rows behind; we hold the lock, so nobody is using them.
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(mode=0o700, parents=True)
            con = connect(path, read_only)
            warehouse = cls(con, path, scratch, lock)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            if lock:
                lock.release()
                if not known:  # rebuild takes a lock beside a damaged file as the sign that it was a warehouse
                    lock_of(path).unlink(missing_ok=True)
            raise
        try:
            settle(con, scratch, memory_limit, threads, max_temp)
            migrations.upgrade(warehouse, read_only=read_only)
            if read_only:
                warehouse.confine(*parts.shown(warehouse))
        except BaseException:
            warehouse.close()
            raise
        return warehouse

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.stale and error is None:
                self._rewrite()
        finally:
            self.close()

    def close(self) -> None:
        """Close the file, remove the temporary folder, let the next run in."""
        self.con.close()
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.umask(self._umask)
        if self._lock:
            self._lock.release()

    def confine(self, *folders: Path) -> None:
        """From here on the engine reads and writes its own file, its temporary folder, and what lies below these
        folders (links in them followed one step), and no statement can undo it."""
        links = [link for folder in folders for link in folder.glob("*") if link.is_symlink()]
        allowed = sorted({str(path.resolve()) for path in (self.scratch, *folders, *links)})
        for name, value in (
            ("allowed_directories", allowed),
            ("allowed_paths", [str(file) for file in files_of(self._beside)]),
            ("enable_external_access", False),
            ("allowed_configs", ["memory_limit", "preserve_insertion_order", "checkpoint_threshold"]),
            ("lock_configuration", True),
        ):
            self.rows(f"SET {name} = $value", value=value)

    def make(self, table: str, sql: str, **params: object) -> None:
        """Create or replace the night's table `table` from one SELECT."""
        self._drop_view(table)
        self.rows(f'CREATE OR REPLACE TEMP TABLE "{table}" AS {sql}', **params)

    def view(self, table: str, sql: str) -> None:
        """Name one SELECT `table` without computing it; DuckDB lets no parameter into a view."""
        self.drop(table)
        self.rows(f'CREATE TEMP VIEW "{table}" AS {sql}')
        self._views.add(table)

    def rows(self, sql: str, **params: object) -> list[tuple[Any, ...]]:
        """Run one statement to its end and fetch its rows (of a change: how many rows it touched)."""
        return self.con.execute(sql, params or None).fetchall()

    def tables(self) -> set[str]:
        """Names of the tables there are."""
        return {name for (name,) in self.rows("SELECT table_name FROM duckdb_tables()")}

    def frame(self, sql: str, **params: object) -> pl.DataFrame:
        """Run one SELECT and bring its rows here."""
        # Not by .pl(): it goes through pyarrow, which with its numpy takes a reading command a sixth of a second.
        with trouble.of_stream():
            return pl.DataFrame(_Stream(self.con.sql(sql, params=params or None)))

    def connect(self, table: str, sql: str, **params: object) -> None:
        """Create or replace the night's table `table`: accounts that hang together by the pairs of one SELECT."""
        connected = import_module("graph.connected").connected  # with scipy, which short commands need not wait for
        self.put(table, connected(self.frame(sql, **params)))

    def by_group(
        self, table: str, work: Work, by: str, columns: Mapping[str, type[pl.DataType]], **selects: str
    ) -> None:
        """Create or replace the night's table `table` of what `work` answers for all groups at once."""
        self.put(
            table, work({name: self.frame(f"SELECT * FROM ({sql}) ORDER BY ALL") for name, sql in selects.items()})
        )

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """Create or replace the night's table `table` from a frame."""
        self.con.register("incoming_frame", _Stream(frame))
        try:
            self.make(table, "SELECT * FROM incoming_frame")
        finally:
            self.con.unregister("incoming_frame")

    def drop(self, *tables: str) -> None:
        """Forget tables of the night; a name that is not there is no error."""
        for table in tables:
            self._drop_view(table)
            self.rows(f'DROP TABLE IF EXISTS temp."{table}"')

    def _drop_view(self, name: str) -> None:
        # Tables and views share their names, and neither's DROP or REPLACE takes the other. Remembered, because to ask
        # the engine before each of a small bundle's tables took longer than to make them.
        if name in self._views:
            self.rows(f'DROP VIEW IF EXISTS temp."{name}"')
            self._views.remove(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's statements, or none of them."""
        self.rows("BEGIN")
        try:
            yield
            self.rows("COMMIT")
        except BaseException:
            # A failed COMMIT has rolled back already; a second ROLLBACK would hide the first error.
            with suppress(duckdb.Error):
                self.rows("ROLLBACK")
            raise

    @contextmanager
    def checkpoints(self) -> Iterator[None]:
        """Have what is committed brought into the file during the block, not only when it is closed: rows that were
        changed would else stay in memory, those of every drop."""
        with self._set_to("checkpoint_threshold", "16MB"):
            yield

    @contextmanager
    def half_the_memory(self) -> Iterator[None]:
        """Halve the memory limit for the block."""
        with self._set_to("memory_limit", f"{_bytes(self._setting('memory_limit')) / 2 / 1024:.0f}KiB"):
            yield

    @contextmanager
    def memory_at_most(self, limit: str) -> Iterator[None]:
        """Lower the memory limit to `limit` for the block, unless it is lower already."""
        before = self._setting("memory_limit")
        with self._set_to("memory_limit", limit):
            if _bytes(self._setting("memory_limit")) > _bytes(before):
                self.rows("SET memory_limit = $value", value=before)
            yield

    @contextmanager
    def _set_to(self, name: str, value: str) -> Iterator[None]:
        before = self._setting(name)
        self.rows(f"SET {name} = $value", value=value)
        try:
            yield
        finally:
            self.rows(f"SET {name} = $value", value=before)

    def _setting(self, name: str) -> str:
        return str(self.rows(f"SELECT current_setting('{name}')")[0][0])

    def _rewrite(self) -> None:
        remove(*files_of(self._beside))
        try:
            self.rows("ATTACH $path AS rewritten", path=str(self._beside))
            mine = str(self.rows("SELECT current_database()")[0][0]).replace('"', '""')
            self.rows(f'COPY FROM DATABASE "{mine}" TO rewritten')
            self.rows("DETACH rewritten")
            self.con.close()
            durable.take_place(self._beside, self.path)
        finally:
            remove(*files_of(self._beside))

    @property
    def _beside(self) -> Path:
        return self.path.resolve().with_name(f"{self.path.name}.rewriting")


class _Stream:
    """Rows as an Arrow stream and nothing else. A frame as such DuckDB would read by way of pyarrow; polars keeps the
    class of what it is given, so that at the end the engine, given as such, would complain of leaks."""

    def __init__(self, rows: pl.DataFrame | duckdb.DuckDBPyRelation) -> None:
        self._rows = rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._rows.__arrow_c_stream__(requested_schema)


def _bytes(size: str) -> float:
    """DuckDB's own way to write a size, such as 3.7 GiB."""
    number, unit = size.split()
    return float(number) * 1024.0 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit)
