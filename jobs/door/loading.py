"""All drops up to a date into the warehouse, each in one transaction; what is loaded and unchanged is left alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from graph.exports import EXPORTS, Export
from jobs.door.damage import disk_full_said_clearly, unreadable
from jobs.door.discover import Drop, arrived, drops, sources
from jobs.door.known import reading, unchanged
from jobs.door.layout import ExportFile, Place
from jobs.door.replaced import note
from jobs.door.settings import DoorSettings
from jobs.door.store import FileRecord, add_files, ensure_tables, forget, next_file_id, reconcile, supersede, sweep
from jobs.door.take import judge, pour
from jobs.door.text import stamp
from jobs.door.together import Numbered, Opener
from jobs.errors import ExportError, NotYetError, UsageError
from jobs.parts import POURING
from jobs.warehouse import Warehouse

_UNDATED = date(1, 1, 1)
"""Stands in for the date of a drop that only its rows can date."""


Read = Callable[[Sequence[Numbered], date, DoorSettings], AbstractContextManager[Callable[[], None]]]
"""Reads the files of a drop of that date; what it gives then enters them in the warehouse, in the caller's transaction.
Raises what `load` raises."""


@dataclass(frozen=True)
class LoadReport:
    """What the warehouse holds up to the run date: every file of every drop, and the drops' dates, oldest first."""

    files: list[FileRecord]
    dates: list[date]


def load(
    w: Warehouse,
    exports: Path,
    door: DoorSettings,
    *,
    until: date | None,
    progress: Callable[[str], None] = lambda text: None,
    elsewhere: Read | None = None,
) -> LoadReport:
    """Load every drop dated `until` or earlier (None: all) that is not loaded yet, or has changed since; where a drop
    has a date before its rows are read, `elsewhere` if there is one.

    Raises NotYetError (nothing there, or a file still being written), ExportError (the contract is broken; the drop
    is not kept), UsageError (the run date lies before every drop), RingwatchError (disk full, or rows gone missing).
    """
    ensure_tables(w)
    sweep(w)
    found = drops(exports)
    with w.memory_at_most(POURING), w.checkpoints():
        for drop in found:
            if until is None or drop.date is None or drop.date <= until:
                _load_drop(w, drop, exports, door, until, progress, elsewhere)
        note(w)
    files = _files(w, until)
    dates = sorted({record.drop_date for record in files})
    if not dates:
        raise UsageError(f"the run date {until} lies before the oldest drop. Choose a later one")
    return LoadReport(files, dates)


def _load_drop(
    w: Warehouse,
    drop: Drop,
    exports: Path,
    door: DoorSettings,
    until: date | None,
    progress: Callable[[str], None],
    elsewhere: Read | None,
) -> None:
    arrived(drop, door)
    files = sources(drop, exports)
    with disk_full_said_clearly():
        if unchanged(w, drop, files, door):
            return
        loaded = drop.date or _UNDATED
        read = elsewhere if elsewhere and drop.date else partial(_read_here, w, progress)
        with _swept(w), read(list(enumerate(files, next_file_id(w))), loaded, door) as enter, w.transaction():
            forget(w, loaded)
            enter()
            if drop.date is None:
                _date_by_rows(w, until)


def take_in(w: Warehouse, files: Sequence[Numbered], drop_date: date, door: DoorSettings) -> None:
    """Load some files of a drop into a warehouse that holds nothing of it. Raises what `load` raises."""
    ensure_tables(w)
    read = _read_here(w, lambda text: None, files, drop_date, door)
    with disk_full_said_clearly(), w.memory_at_most(POURING), read as enter, w.transaction():
        enter()


@contextmanager
def _swept(w: Warehouse) -> Iterator[None]:
    try:
        yield
    except BaseException:
        sweep(w)
        raise


@contextmanager
def _read_here(
    w: Warehouse, progress: Callable[[str], None], files: Sequence[Numbered], drop_date: date, door: DoorSettings
) -> Iterator[Callable[[], None]]:
    with _emptied(w.scratch / "door") as scratch:
        poured = _pour_all(w, files, drop_date, door, scratch, progress)
        yield partial(_judge, w, drop_date, poured, door)


Poured = list[tuple[Place, ExportFile]]
"""Files whose rows are in the warehouse, but count nowhere yet."""


def _pour_all(
    w: Warehouse,
    files: Sequence[Numbered],
    drop_date: date,
    door: DoorSettings,
    scratch: Path,
    progress: Callable[[str], None],
) -> Poured:
    poured = Poured()
    for file in Opener(w, door, scratch, progress).files(files):
        first = file.received[0]
        place = Place(w, first.source.export, drop_date, first.file_id, door.zone)
        with _unreadable(file):
            pour(place, file)
        poured.append((place, file))
    return poured


def _judge(w: Warehouse, drop_date: date, poured: Poured, door: DoorSettings) -> None:
    for export in EXPORTS:
        _judge_table(w, export, drop_date, [p for p in poured if p[0].export == export], door)


def _judge_table(w: Warehouse, export: Export, drop_date: date, poured: Poured, door: DoorSettings) -> None:
    if not poured:
        return
    set_aside = 0
    for place, file in poured:
        with _unreadable(file):
            set_aside += judge(place, file)
    beaten = supersede(w, export, drop_date)
    files = [file for _, file in poured]
    for received in (received for file in files for received in file.received):
        if str(stamp(received.source)) != received.stamp:
            rel = received.source.rel
            raise NotYetError(f"file {rel}: changed while it was read. Try again when the drop is whole")
    add_files(w, export, drop_date, files, beaten, reading(door, export))
    records = _records(w, "drop_date = $drop AND table_name = $table", drop=drop_date, table=export.name)
    reconcile(records, set_aside)


@contextmanager
def _unreadable(file: ExportFile) -> Iterator[None]:
    try:
        yield
    except duckdb.Error:
        with unreadable(file.blamed()):
            raise


def _date_by_rows(w: Warehouse, until: date | None) -> None:
    """Date the drop just loaded by its newest order or message, where it has neither by the last day that somebody used
    a device, or else signed up; it replaces what was loaded for that date."""
    newest = w.rows(
        "SELECT coalesce("
        "(SELECT max(newest) FROM (SELECT max(placed_at) AS newest FROM orders_rows WHERE drop_date = $drop"
        " UNION ALL SELECT max(sent_at) FROM chat_links_rows WHERE drop_date = $drop)),"
        " (SELECT max(last_seen_at) FROM devices_rows WHERE drop_date = $drop),"
        " (SELECT max(registered_at) FROM accounts_rows WHERE drop_date = $drop))::DATE",
        drop=_UNDATED,
    )[0][0]
    if newest is None:
        raise ExportError("not one row dates this drop", do="Name its folder YYYY-MM-DD")
    if until is not None and newest > until:
        raise UsageError(f"the run date {until} lies before the drop of {newest}. Choose a later one")
    forget(w, newest)
    for table in (*(f"{export.name}_rows" for export in EXPORTS), "files", "rejects_rows"):
        w.rows(f"UPDATE {table} SET drop_date = $new WHERE drop_date = $old", new=newest, old=_UNDATED)


def _files(w: Warehouse, until: date | None) -> list[FileRecord]:
    return _records(w, "drop_date <= coalesce($until, drop_date)", until=until)


def _records(w: Warehouse, condition: str, **params: object) -> list[FileRecord]:
    rows = w.rows(
        "SELECT drop_date, path, table_name, sha256, bytes, rows_read, loaded, superseded, set_aside, unknown"
        f" FROM files WHERE {condition} ORDER BY drop_date, file_id",
        **params,
    )
    names = [field.name for field in fields(FileRecord)]
    return [FileRecord(**{**dict(zip(names, row, strict=True)), "unknown": tuple(row[-1])}) for row in rows]


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """A private folder for unpacked and decoded files, gone with everything in it."""
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
