"""`graph.db.Db` on Spark: every table of the night is a folder of Parquet on the shared path, under one name."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from pyarrow import parquet

from graph.connected import connected
from jobs.spark.groups import mapped
from jobs.spark.stars import stars
from jobs.spark.words import said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from graph.db import Work


class SparkTables:
    """What a stage may ask of the engine, asked of a cluster.

    A table is written out when it is made, and read from there by who comes next: a worker that is lost costs the
    tasks it had, never the statements before, and no plan grows with the night. `scratch` is a folder that the cluster
    and this machine see under the same path; what is in it is the night's alone. What asks for whole groups of rows is
    done here while none of its SELECTs has more than `rows_here` rows, for a cluster takes longer over little.
    """

    def __init__(self, session: SparkSession, scratch: Path, rows_here: int) -> None:
        self.session = session
        self.scratch = scratch
        self.rows_here = rows_here
        self._numbers = count(1)
        self._folders: dict[str, Path | None] = {}

    def make(self, table: str, sql: str, **params: object) -> None:
        """Create or replace the night's table `table` from one SELECT."""
        self._keep(table, self._asked(sql, params))

    def view(self, table: str, sql: str) -> None:
        """Name one SELECT `table` without computing it; replaces the night's table or view of that name."""
        self._name(table, None, self._asked(sql, {}))

    def frame(self, sql: str, **params: object) -> pl.DataFrame:
        """Run one SELECT and bring its rows here."""
        found = pl.DataFrame(pl.from_arrow(self._asked(sql, params).toArrow()))
        return found.sort(pl.all(), nulls_last=True) if said(sql)[1] else found

    def connect(self, table: str, sql: str, **params: object) -> None:
        """Create or replace the night's table `table`: accounts that hang together by the pairs of one SELECT."""
        if pairs := self._few({"pairs": sql}, **params):
            self.put(table, connected(pairs["pairs"]))
        else:
            stars(self, table, sql, **params)

    def by_group(
        self, table: str, work: Work, by: str, columns: Mapping[str, type[pl.DataType]], **selects: str
    ) -> None:
        """Create or replace the night's table `table` of what `work` answers for groups, here or on the cluster."""
        if given := self._few(selects):
            self.put(table, work(given))
        else:
            rows = {name: self._asked(sql, {}) for name, sql in selects.items()}
            self._keep(table, mapped(rows, work, by, columns))

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """Create or replace the night's table `table` from a frame."""
        folder = self._folder(table)
        folder.mkdir(mode=0o700)
        # Without Arrow's own schema in the file, whose large lists no SQL knows.
        parquet.write_table(frame.to_arrow(), folder / "part-0.parquet", store_schema=False)
        self._name(table, folder, self.session.read.parquet(str(folder)))

    def drop(self, *tables: str) -> None:
        """Forget tables of the night; a name that is not there is no error."""
        for table in sorted(self._folders.keys() & set(tables)):  # of another name Sail makes an error
            self.session.catalog.dropTempView(table)
            self._remove(self._folders.pop(table))

    def read(self, table: str, files: Sequence[Path]) -> None:
        """Name the rows of these Parquet files `table`."""
        self._name(table, None, self.session.read.parquet(*map(str, files)))

    def files(self, table: str) -> Path | None:
        """The folder of Parquet files that holds the night's table; None for a name of what lies elsewhere."""
        return self._folders[table]

    def _few(self, selects: Mapping[str, str], **params: object) -> dict[str, pl.DataFrame] | None:
        """The rows of these SELECTs, sorted; None where one has more than `rows_here`."""
        found: dict[str, pl.DataFrame] = {}
        for name, sql in selects.items():
            most = f"SELECT * FROM ({sql}) AS given LIMIT {self.rows_here + 1}"
            rows = self.frame(most, **params)
            if len(rows) > self.rows_here:
                return None
            found[name] = rows.sort(pl.all(), nulls_last=True)
        return found

    def _keep(self, table: str, made: DataFrame) -> None:
        folder = self._folder(table)
        made.write.parquet(str(folder))
        folder.mkdir(mode=0o700, exist_ok=True)  # of no rows Sail writes nothing at all
        # With the columns said, nobody has to open the files to find them.
        self._name(table, folder, self.session.read.schema(made.schema).parquet(str(folder)))

    def _asked(self, sql: str, params: dict[str, Any]) -> DataFrame:
        return self.session.sql(said(sql)[0], args=params or None)

    def _folder(self, table: str) -> Path:
        return self.scratch / f"{next(self._numbers):05d}-{table}"

    def _name(self, table: str, folder: Path | None, rows: DataFrame) -> None:
        rows.createOrReplaceTempView(table)
        self._remove(self._folders.get(table))
        self._folders[table] = folder

    @staticmethod
    def _remove(folder: Path | None) -> None:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
