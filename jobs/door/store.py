"""The door's tables in the warehouse: rows, files, rejects; only ever added to, but for a drop that is loaded anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from graph.exports import EXPORTS, Export
from graph.state import stored
from jobs.door.layout import ExportFile, Layout
from jobs.errors import RingwatchError
from jobs.warehouse import Warehouse

TABLES = (*(f"{export.name}_rows" for export in EXPORTS), "files", "rejects_rows")
"""What holds a drop, by its `drop_date`."""
_KEPT = {"id": " USING COMPRESSION uncompressed", "text": " USING COMPRESSION dict_fsst"}
"""Ids are keyed hashes, which no dictionary makes smaller: to try one takes as long as to store them. Other text has
few values, and is stored, read and compared as numbers of them."""
_HASHES = 2_500_000
"""Keys whose hashes are compared at a time: three arrays of 20 MB."""


@dataclass(frozen=True)
class FileRecord:
    """One loaded file and what became of its rows: rows_read = loaded + superseded + set_aside.

    `path` is below `--exports`, `sha256` and `bytes` are of the file as received, `unknown` names its columns that
    the contract does not have.
    """

    drop_date: date
    path: str
    table: str
    sha256: str
    bytes: int
    rows_read: int
    loaded: int
    superseded: int
    set_aside: int
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Reject:
    """One failing column (None: the whole row) of a row that was set aside."""

    line: int
    column: str | None
    reason: str
    raw: str


def ensure_tables(w: Warehouse) -> None:
    """Create the door's tables where they are missing."""
    for export in EXPORTS:
        columns = ", ".join(" ".join(stored(column)) + _KEPT.get(column.type, "") for column in export.columns)
        w.rows(
            f"CREATE TABLE IF NOT EXISTS {export.name}_rows ({columns}, drop_date DATE, file_id INTEGER, line BIGINT,"
            " replaced DATE)"
        )
    w.rows(
        "CREATE TABLE IF NOT EXISTS files (file_id INTEGER, drop_date DATE, table_name VARCHAR, path VARCHAR,"
        " sha256 VARCHAR, bytes BIGINT, rows_read BIGINT, loaded BIGINT, superseded BIGINT, set_aside BIGINT,"
        " columns VARCHAR[], unknown VARCHAR[], reading VARCHAR, stamp VARCHAR, noted BOOLEAN)"
    )
    w.rows(
        "CREATE TABLE IF NOT EXISTS rejects_rows (drop_date DATE, file_id INTEGER, line BIGINT, column_name VARCHAR,"
        " reason VARCHAR, raw VARCHAR)"
    )


def forget(w: Warehouse, drop_date: date) -> None:
    """Remove a drop whole, before it is loaded anew."""
    for table in TABLES:
        w.rows(f"DELETE FROM {table} WHERE drop_date = $drop", drop=drop_date)


def sweep(w: Warehouse) -> None:
    """Delete what an earlier run poured in and did not get to date: rows without a drop date count nowhere."""
    for export in EXPORTS:
        w.rows(f"DELETE FROM {export.name}_rows WHERE drop_date IS NULL")


def next_file_id(w: Warehouse) -> int:
    """One more than any file has; ids grow in the order of loading, so within a drop by table and name."""
    return int(w.rows("SELECT coalesce(max(file_id), 0) + 1 FROM files")[0][0])


def add_rejects(w: Warehouse, drop_date: date, file_id: int, rejects: Iterable[Reject]) -> None:
    """Store what was set aside of one file."""
    found = list(rejects)
    if not found:
        return
    frame = pl.DataFrame(
        [(r.line, r.column, r.reason, r.raw) for r in found],
        schema={"line": pl.Int64, "column_name": pl.String, "reason": pl.String, "raw": pl.String},
        orient="row",
    )
    w.con.register("door_rejected", frame)
    w.rows(
        "INSERT INTO rejects_rows SELECT $drop, $file, line, column_name, reason, raw FROM door_rejected",
        drop=drop_date,
        file=file_id,
    )
    w.con.unregister("door_rejected")


def _repeated(w: Warehouse, table: str, key: str, drop_date: date) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Hashes of keys that come more than once, some millions at a time: they are outside DuckDB's memory limit."""
    (count,) = w.rows(f"SELECT count(*) FROM {table} WHERE drop_date = $drop", drop=drop_date)[0]
    parts, found = 1 + count // _HASHES, list[np.ndarray[tuple[int], np.dtype[np.uint64]]]()
    for part in range(parts):
        hashes = f"SELECT hash({key}) AS h FROM {table} WHERE drop_date = $drop AND hash({key}) % {parts} = {part}"
        ordered = np.sort(w.frame(hashes, drop=drop_date)["h"].to_numpy())
        found.append(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))
    return np.concatenate(found)


def supersede(w: Warehouse, export: Export, drop_date: date) -> dict[int, int]:
    """Within a drop the last line of a key wins: remove the others; how many, by file_id.

    The keys' 64-bit hashes come out first and are sorted: four million take a fifth of what grouping the keys takes,
    and nearly always show that no key repeats. The few that do are then compared themselves.
    """
    table, key = f"{export.name}_rows", ", ".join(export.key)
    repeated = _repeated(w, table, key, drop_date)
    if not len(repeated):
        return {}
    w.con.register("door_repeated", pl.DataFrame({"h": repeated}))
    w.make(
        "door_beaten",
        f"SELECT file_id, line FROM {table}"
        f" WHERE drop_date = $drop AND hash({key}) IN (SELECT h FROM door_repeated)"
        f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY file_id DESC, line DESC) > 1",
        drop=drop_date,
    )
    w.con.unregister("door_repeated")
    w.rows(f"DELETE FROM {table} USING door_beaten b WHERE {table}.file_id = b.file_id AND {table}.line = b.line")
    beaten = w.rows("SELECT file_id, count(*) FROM door_beaten GROUP BY ALL")
    w.drop("door_beaten")
    return {int(file_id): int(count) for file_id, count in beaten}


def add_files(
    w: Warehouse,
    export: Export,
    drop_date: date,
    files: Sequence[ExportFile],
    superseded: Mapping[int, int],
    reading: str,
) -> None:
    """Record the files of one table, with what became of their rows; what is loaded and set aside is counted here."""
    rows = [
        (r.file_id, r.source.rel, r.sha256, r.bytes, r.stamp, total, superseded.get(r.file_id, 0), *_columns(layout))
        for file in files
        for r, total, layout in zip(file.received, file.totals, file.layouts, strict=True)
    ]
    names = ("file_id", "path", "sha256", "bytes", "stamp", "rows_read", "superseded", "columns", "unknown")
    lists = dict.fromkeys(("columns", "unknown"), pl.List(pl.String))
    w.con.register("door_files", pl.DataFrame(rows, schema=list(names), schema_overrides=lists, orient="row"))
    w.rows(
        "INSERT INTO files SELECT file_id, $drop, $table, path, sha256, bytes, rows_read, coalesce(kept.n, 0),"
        " superseded, coalesce(aside.n, 0), columns, unknown, $reading, stamp, NULL FROM door_files"
        f" LEFT JOIN (SELECT file_id, count(*) AS n FROM {export.name}_rows WHERE drop_date = $drop GROUP BY file_id)"
        " AS kept USING (file_id)"
        " LEFT JOIN (SELECT file_id, count(DISTINCT line) AS n FROM rejects_rows WHERE drop_date = $drop"
        " GROUP BY file_id) AS aside USING (file_id) ORDER BY file_id",
        drop=drop_date,
        table=export.name,
        reading=reading,
    )
    w.con.unregister("door_files")


def _columns(layout: Layout) -> tuple[list[str], list[str]]:
    return list(layout.ours), list(layout.unknown)


def reconcile(records: Sequence[FileRecord], set_aside: int) -> None:
    """The door's law, for the files of one table of which so many rows were set aside. A row that is nowhere, or twice,
    stops the night."""
    wrong = [r for r in records if r.rows_read != r.loaded + r.superseded + r.set_aside]
    if wrong or set_aside != sum(r.set_aside for r in records):
        file = (wrong or records)[0]
        raise RingwatchError(
            f"file {file.path}: {file.rows_read} rows read, but {file.loaded} loaded, {file.superseded}"
            f" superseded and {file.set_aside} set aside. Nothing of this drop was kept; please report it"
        )
