"""The warehouse made again, beside the old one: rows from the drops, names from the published nights.

Verdicts need nothing done: their journal lies beside the warehouse and is read every night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs import durable, pruned, published, runs, verdict_journal
from jobs.door.discover import drops
from jobs.door.loading import load
from jobs.door.store import FileRecord
from jobs.errors import RingwatchError, UsageError
from jobs.register_store import recall
from jobs.settings import Settings
from jobs.tombstones import obey
from jobs.warehouse import Warehouse
from jobs.warehouse_file import files_of, lock_of, remove, take_lock

_MAGIC = slice(8, 12), b"DUCK"
"""Where a DuckDB file says what it is."""


@dataclass(frozen=True)
class Rebuilt:
    """What the new warehouse holds."""

    drops: int
    files: int
    rows: int
    nights: int


def rebuild(exports: Path, warehouse: Path, out: Path, settings: Settings, *, accept_missing: bool = False) -> Rebuilt:
    """Make the warehouse again as it stood after the newest published night; before the first, from every drop.

    The old file serves readers until the new one is whole, and stands if that fails. Raises BusyError while a run
    holds either, UsageError where the file is no warehouse or one folder lies in the other, RingwatchError where a file
    that the newest night was made from is gone (unless `accept_missing`), and what loading raises.
    """
    runs.check_apart(out, exports)
    _check_ours(warehouse)
    with runs.shelf(out):
        lock = take_lock(warehouse)
        beside = warehouse.with_name(f"{warehouse.name}.rebuilding")
        try:
            remove(*files_of(beside))
            rebuilt = _make(exports, beside, warehouse, out, settings, accept_missing)
            # A log of changes that outlived its file would be played into the new one.
            remove(*files_of(warehouse)[1:])
            durable.take_place(beside, warehouse)
        finally:
            remove(*files_of(beside), beside.with_name(f"{beside.name}.lock"))
            lock.release()
    return rebuilt


def _make(exports: Path, beside: Path, warehouse: Path, out: Path, settings: Settings, accept_missing: bool) -> Rebuilt:
    verdict_journal.read(warehouse)  # a damaged line is told now, not by the next night
    nights = published.dates(out)
    with Warehouse.open(beside, **settings.engine.limits()) as db:
        db.confine(exports)
        dated = all(drop.date for drop in drops(exports))
        report = load(db, exports, settings.exports, until=nights[-1] if nights and dated else None)
        obey(db, warehouse)
        recall(db, out, nights[-1] if nights else report.dates[-1])
        if nights and not accept_missing:
            _check_whole(out, nights[-1], report.files)
    return Rebuilt(len(report.dates), len(report.files), sum(file.loaded for file in report.files), len(nights))


def _check_ours(warehouse: Path) -> None:
    """A damaged warehouse cannot be asked what it is; a document named by mistake must not be written over."""
    if not warehouse.exists():
        return
    with warehouse.open("rb") as file:
        begins = file.read(16)
    known = lock_of(warehouse).exists()
    if begins[_MAGIC[0]] != _MAGIC[1] and not known:
        raise UsageError(f"--warehouse {warehouse}: not a database, and never was a warehouse. Move it away yourself")


def _check_whole(out: Path, night: date, files: Sequence[FileRecord]) -> None:
    record = published.run(published.folder_of(out, night))
    gone = {str(day) for day in pruned.read(out).drops}
    here = {file.path for file in files} | {file.sha256 for file in files}
    missing = sorted(
        file["path"]
        for file in record["inputs"]
        if file["drop_date"] not in gone and not here & {file["path"], file["sha256"]}
    )
    if missing:
        raise RingwatchError(
            f"{len(missing)} files that the night of {night} was made from are not in --exports, the first is"
            f" {missing[0]}. Put them back; or say --accept-missing, and what only they held is lost"
        )
