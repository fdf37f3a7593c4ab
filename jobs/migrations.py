"""The shapes that the warehouse's tables have had, and how a file gets from each to the next.

The register's and the door's tables are made where they are missing; what stands here changes tables that are there.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from jobs.errors import RingwatchError

STEPS: tuple[tuple[str, ...], ...] = (
    ("CREATE TABLE warehouse_version (version INTEGER)", "INSERT INTO warehouse_version VALUES (0)"),
    ("CREATE TABLE obeyed (tombstone VARCHAR, file_id INTEGER)",),
    (
        "ALTER TABLE IF EXISTS orders_rows ADD COLUMN replaced DATE",
        "ALTER TABLE IF EXISTS accounts_rows ADD COLUMN replaced DATE",
        "ALTER TABLE IF EXISTS devices_rows ADD COLUMN replaced DATE",
        "ALTER TABLE IF EXISTS chat_links_rows ADD COLUMN replaced DATE",
        "ALTER TABLE IF EXISTS labels_rows ADD COLUMN replaced DATE",
        "ALTER TABLE IF EXISTS files ADD COLUMN noted BOOLEAN",
    ),
)
"""Statements that lead from version 0 (an empty file) to 1, from 1 to 2 ... A step that was released never changes."""

VERSION = len(STEPS)


class File(Protocol):
    """What is asked of a warehouse."""

    path: Path

    def rows(self, sql: str, **params: object) -> list[tuple[Any, ...]]:
        """Run one statement."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""


def upgrade(db: File, *, read_only: bool) -> None:
    """Bring the file's tables to `VERSION`, all steps in one transaction: a run killed meanwhile leaves the old file.

    Raises RingwatchError for a database of somebody else, one of a newer ringwatch, and (read only) an older one.
    """
    found = version(db)
    if found is None:
        raise RingwatchError(f"{db.path} is a database, but not a ringwatch warehouse. Name another file")
    if found > VERSION:
        raise RingwatchError(
            f"the warehouse {db.path} was written by a newer ringwatch (tables of version {found}, this one knows"
            f" {VERSION}). Upgrade ringwatch; or run `ringwatch rebuild`, which makes tables that this one knows"
        )
    if found < VERSION and read_only:
        raise RingwatchError(
            f"the warehouse {db.path} was written by an older ringwatch (tables of version {found} instead of"
            f" {VERSION}). The next `ringwatch nightly` brings it up to date"
        )
    if found < VERSION:
        with db.transaction():
            for number in range(found, VERSION):
                for statement in STEPS[number]:
                    db.rows(statement)
                db.rows("UPDATE warehouse_version SET version = $version", version=number + 1)


def version(db: File) -> int | None:
    """Of the file's tables: 0 for a file without any, None where they are not a warehouse's."""
    tables = {name for (name,) in db.rows("SELECT table_name FROM duckdb_tables()")}
    if "warehouse_version" in tables:
        return int(db.rows("SELECT version FROM warehouse_version")[0][0])
    return None if tables else 0
