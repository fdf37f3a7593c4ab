"""All drops up to a date into the warehouse, each in one transaction; what is loaded and unchanged is left alone."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import duckdb

from graph.exports import EXPORTS, Export
from jobs.door.discover import Drop, Source, drops, sources
from jobs.door.known import reading, unchanged
from jobs.door.layout import ExportFile, Place
from jobs.door.parquetfile import ParquetFile
from jobs.door.settings import DoorSettings
from jobs.door.store import FileRecord, ensure_tables, forget, next_file_id, reconcile, supersede, sweep
from jobs.door.take import judge, pour
from jobs.door.text import prepare, sha256, stamp
from jobs.door.textfiles import CsvFile, NdjsonFile
from jobs.errors import ExportError, NotYetError, RingwatchError, UsageError
from jobs.warehouse import Warehouse

_MEMORY = "700MB"
"""What DuckDB may hold while rows are poured: more buys no speed, and the whole process stays below a gigabyte."""
_NOT_THE_FILE = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.FatalException, duckdb.InternalError)
_UNDATED = date(1, 1, 1)
"""Stands in for the date of a drop that only its rows can date."""


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
) -> LoadReport:
    """Load every drop dated `until` or earlier (None: all) that is not loaded yet, or has changed since.

    Raises NotYetError (nothing there, or a file still being written), ExportError (the contract is broken; the drop
    is not kept), UsageError (the run date lies before every drop), RingwatchError (disk full, or rows gone missing).
    """
    ensure_tables(w)
    sweep(w)
    found = drops(exports)
    with w.memory_at_most(_MEMORY):
        for drop in found:
            if until is None or drop.date is None or drop.date <= until:
                _load_drop(w, drop, exports, door, until, progress)
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
) -> None:
    if door.ready_file and not (drop.folder / door.ready_file).is_file():
        raise NotYetError(f"{drop.folder} has no {door.ready_file} yet. Try again when the drop is whole")
    files = sources(drop, exports)
    with _disk_full_said_clearly(), _emptied(w.scratch / "door") as scratch:
        if unchanged(w, drop, files, door):
            return
        loaded = drop.date or _UNDATED
        try:
            with w.transaction():
                poured = _pour_all(w, files, loaded, door, scratch, progress)
            with w.transaction():
                forget(w, loaded)
                for export in EXPORTS:
                    _judge_table(w, export, [p for p in poured if p.place.source.export is export], door)
                if drop.date is None:
                    _date_by_rows(w, until)
        except BaseException:
            sweep(w)
            raise


@dataclass(frozen=True)
class _Poured:
    """A file whose rows are in the warehouse, but count nowhere yet."""

    place: Place
    file: ExportFile
    sha256: str
    bytes: int
    stamp: str


def _pour_all(
    w: Warehouse,
    files: Sequence[Source],
    drop_date: date,
    door: DoorSettings,
    scratch: Path,
    progress: Callable[[str], None],
) -> list[_Poured]:
    first, poured = next_file_id(w), list[_Poured]()
    for number, source in enumerate(files):
        progress(source.rel)
        before, place = stamp(source), Place(w, source, drop_date, first + number, door.zone)
        own = scratch / str(number)
        own.mkdir(mode=0o700)
        with _unreadable(source):
            file, digest, size = _opened(w, source, door, own)
            pour(place, file)
        poured.append(_Poured(place, file, digest, size, str(before)))
    return poured


def _judge_table(w: Warehouse, export: Export, poured: Sequence[_Poured], door: DoorSettings) -> None:
    if not poured:
        return
    set_aside = []
    for p in poured:
        with _unreadable(p.place.source):
            set_aside.append(judge(p.place, p.file))
    beaten = supersede(w, export, poured[0].place.drop_date)
    for p, aside in zip(poured, set_aside, strict=True):
        if str(stamp(p.place.source)) != p.stamp:
            rel = p.place.source.rel
            raise NotYetError(f"file {rel}: changed while it was read. Try again when the drop is whole")
        _record(w, p, aside, beaten.get(p.place.file_id, 0), door)
    for record in _records(
        w, "drop_date = $drop AND table_name = $table", drop=poured[0].place.drop_date, table=export.name
    ):
        reconcile(record)


def _record(w: Warehouse, poured: _Poured, set_aside: int, superseded: int, door: DoorSettings) -> None:
    source, layout = poured.place.source, poured.file.layout
    w.rows(
        "INSERT INTO files SELECT $file, $drop, $table, $path, $sha, $bytes, $read, count(*), $superseded, $aside,"
        f" $columns, $unknown, $reading, $stamp FROM {poured.place.table}"
        " WHERE file_id = $file AND drop_date IS NOT NULL",
        file=poured.place.file_id,
        drop=poured.place.drop_date,
        table=source.export.name,
        path=source.rel,
        sha=poured.sha256,
        bytes=poured.bytes,
        read=poured.file.total,
        superseded=superseded,
        aside=set_aside,
        columns=list(layout.ours),
        unknown=list(layout.unknown),
        reading=reading(door, source.export),
        stamp=poured.stamp,
    )


def _opened(w: Warehouse, source: Source, door: DoorSettings, scratch: Path) -> tuple[ExportFile, str, int]:
    """The file ready to be read, the SHA-256 and the size of its bytes as received."""
    rename = door.rename.get(source.export.name, {})
    if source.kind == "parquet":
        return ParquetFile(source, rename, w, scratch), sha256(source), stamp(source).size
    text = prepare(source, scratch)
    kind = CsvFile if source.kind == "csv" else NdjsonFile
    return kind(source, text, rename, w, scratch), text.sha256, text.bytes


def _date_by_rows(w: Warehouse, until: date | None) -> None:
    """Date the drop just loaded by its newest order or message; it replaces what was loaded for that date."""
    newest = w.rows(
        "SELECT max(newest)::DATE FROM (SELECT max(placed_at) AS newest FROM orders_rows WHERE drop_date = $drop"
        " UNION ALL SELECT max(sent_at) FROM chat_links_rows WHERE drop_date = $drop)",
        drop=_UNDATED,
    )[0][0]
    if newest is None:
        raise ExportError("no order and no message dates this drop", do="Name its folder YYYY-MM-DD")
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
def _unreadable(source: Source) -> Iterator[None]:
    """What DuckDB says of a damaged file quotes the file; the message for people does not."""
    try:
        yield
    except duckdb.Error as error:
        # For damaged Parquet DuckDB has no class of its own: what is left is not about the file.
        if _disk_full(error) or isinstance(error, _NOT_THE_FILE):
            raise
        raise ExportError(f"damaged, or no {source.kind}", file=source.rel, do="Send it again") from None


@contextmanager
def _disk_full_said_clearly() -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if not _disk_full(error):
            raise
        raise RingwatchError(
            "no space left for the warehouse or its temporary files. Nothing of this drop was kept;"
            " free some and run again"
        ) from error


def _disk_full(error: Exception) -> bool:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "No space left" in str(error) or "max_temp_directory_size" in str(error)


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """A private folder for unpacked and decoded files, gone with everything in it."""
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
