"""A warehouse that is a folder: the door's rows as Parquet parts, and one small DuckDB file that knows which count.

    <warehouse>/state.duckdb                        files, rejects, register, and the table `parts`
    <warehouse>/<export>/<drop date>/<file id>.parquet    rows of one drop or some files of it, never changed
    <warehouse>/tonight/                            what a night makes on its way; emptied at both ends

A part counts when `parts` names it: it is written under another name, flushed, renamed, and then named in the
transaction that takes its rows out of the file. A run that is killed meanwhile leaves the rows in the file or a part
that nobody names, and the next run pours out the one and sweeps away the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from graph.exports import EXPORTS
from jobs import durable

if TYPE_CHECKING:
    from jobs.warehouse import Warehouse

STATE = "state.duckdb"
TONIGHT = "tonight"

POURING = "512MB"
"""What DuckDB may hold while rows are poured in or out: more buys no speed, and the whole process stays below a
gigabyte, however large a drop is."""

_PARTS = "CREATE TABLE IF NOT EXISTS parts (table_name VARCHAR, drop_date DATE, file_id INTEGER, path VARCHAR)"
_FRESH = """
SELECT f.drop_date, min(f.file_id) FROM files AS f
WHERE NOT EXISTS (SELECT 1 FROM parts AS p WHERE p.drop_date = f.drop_date AND p.file_id = f.file_id)
  AND f.file_id = (SELECT min(file_id) FROM files AS o WHERE o.drop_date = f.drop_date)
GROUP BY f.drop_date ORDER BY f.drop_date
"""
"""Drops whose files are not those that their parts were made of; file ids are never given twice."""

Part = tuple[str, int, str]
"""Table, least id of the files whose rows it holds, and path below the warehouse."""


def state_of(folder: Path) -> Path:
    """The file of a warehouse that is a folder; made private with it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / STATE


def files(w: Warehouse) -> dict[str, list[Path]]:
    """Table -> the parts that hold its rows, in the order they were loaded."""
    found: dict[str, list[Path]] = {}
    for table, path in w.rows("SELECT table_name, path FROM parts ORDER BY table_name, file_id"):
        found.setdefault(table, []).append(w.path.parent / path)
    return found


def pour_out(w: Warehouse) -> None:
    """Move the rows that the door has loaded, and obedience has searched, out of the file into parts."""
    w.rows(_PARTS)
    with w.memory_at_most(POURING):
        for drop, first in w.rows(_FRESH):
            _pour(w, drop, first)
    w.rows("DELETE FROM parts WHERE drop_date NOT IN (SELECT drop_date FROM files)")
    _sweep(w)


def _pour(w: Warehouse, drop: date, first: int) -> None:
    home = w.path.parent
    made = [(f"{export.name}_rows", first, written(w, home, export.name, drop, first)) for export in EXPORTS]
    with w.transaction():
        name(w, drop, made)
        for table, _, _ in made:
            w.rows(f"DELETE FROM {table} WHERE drop_date = $drop", drop=drop)


def name(w: Warehouse, drop: date, made: Sequence[Part]) -> None:
    """Let these parts count as the drop's rows, and none that did; in the caller's transaction."""
    w.rows(_PARTS)
    w.rows("DELETE FROM parts WHERE drop_date = $drop", drop=drop)
    for table, first, path in made:
        w.rows("INSERT INTO parts VALUES ($table, $drop, $first, $path)",
               table=table, drop=drop, first=first, path=path)  # fmt: skip


@contextmanager
def at_hand(w: Warehouse) -> Iterator[None]:
    """All rows in the file, for a command that changes rows, and out again when it is done; of a warehouse that is one
    file nothing moves."""
    if "parts" not in w.tables():
        yield
        return
    with w.transaction():
        for table, paths in files(w).items():
            w.rows(f"INSERT INTO {table} SELECT * FROM read_parquet($paths)", paths=list(map(str, paths)))
        w.rows("DELETE FROM parts")
    yield
    pour_out(w)


def shown(w: Warehouse) -> list[Path]:
    """For a reader: the parts' rows under their tables' names. Gives the folders to be read from."""
    if "parts" not in w.tables():
        return []
    found = files(w)
    for table, paths in found.items():
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
        w.view(table, f"SELECT * FROM read_parquet([{listed}])")
    return [w.path.parent] if found else []


def written(w: Warehouse, home: Path, export: str, drop: date, first: int) -> str:
    """Write the rows that `w` holds of the drop as a part of the warehouse `home`; gives its path there."""
    # In the order of loading, which DuckDB keeps; to sort them once more would take as much memory as they do.
    rows = f"SELECT * FROM {export}_rows WHERE drop_date = $drop"
    return copied(w, rows, home, f"{export}/{drop}/{first}.parquet", drop=drop)


def copied(w: Warehouse, rows: str, home: Path, path: str, **params: object) -> str:
    """Write what a SELECT gives as a file of the warehouse `home`; gives its path there again."""
    part = home / path
    for folder in (part.parent.parent, part.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    # A cluster may do a task twice at the same time.
    beside = part.with_suffix(f".{secrets.token_hex(8)}")
    w.rows(f"COPY ({rows}) TO $path (FORMAT parquet)", path=str(beside), **params)
    beside.chmod(0o600)  # where several tasks are threads of one process, none can rely on the process's mask
    durable.take_place(beside, part)
    return path


def _sweep(w: Warehouse) -> None:
    kept = {path for paths in files(w).values() for path in paths}
    for export in EXPORTS:
        for found in (w.path.parent / export.name).glob("*/*"):
            if found not in kept:
                found.unlink()
