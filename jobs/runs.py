"""A night's life: built in a hidden folder, checked, flushed to disk, published by one rename.

    <out>/.lock                     held by the one run that may write here
    <out>/.building-<date>-<pid>/   a night in the making; nobody else's business
    <out>/run_date=<date>/          a published night, always whole
    <out>/.refused/<date>/          a night that a gate refused, to be looked at; gone when its date is published
    <out>/latest.json               the newest published night; moves last

Nothing else writes watchlists. Files are 0600 and folders 0700, for they accuse people.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

import filelock
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from graph.tables import WATCHLISTS, Table
from jobs import durable, published
from jobs.errors import BusyError, RingwatchError, UsageError
from jobs.exchange import RETIRED, exchange

ROW_GROUP = 65_536
"""Rows; fixed, for the writer's own default may change from version to version, and the bytes with it."""
_BUILDING = ".building-"


@dataclass(frozen=True)
class Output:
    """One written table: its name, its rows, and the SHA-256 of its file."""

    table: str
    rows: int
    sha256: str


def check_apart(out: Path, exports: Path) -> None:
    """Raises UsageError for nights among the drops, or drops among the nights: whoever cleans up the one, a drop whose
    term ended or a night that is replaced, would take the other."""
    ours, theirs = out.resolve(), exports.resolve()
    if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
        raise UsageError(f"--out {out} and --exports {exports}: one lies in the other. Name two folders side by side")


@contextmanager
def shelf(out: Path) -> Iterator[None]:
    """Hold `out` for writing, and put right what a killed run left there.

    Raises UsageError where nothing can be written, BusyError while another run holds it, and DamagedError, before any
    work.
    """
    lock = filelock.FileLock(out / ".lock", mode=0o600, timeout=0)
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
        _mend(out)
        # The lock file of an earlier run can be opened where nothing new can be made: try it.
        tempfile.TemporaryDirectory(prefix=_BUILDING, dir=out).cleanup()
    except filelock.Timeout as held:
        raise BusyError(f"--out {out}: another run is writing here. Wait for it") from held
    except OSError as failure:
        lock.release()
        raise UsageError(
            f"--out {out}: cannot be written ({failure.strerror}). Name a folder that you may write"
        ) from failure
    except published.DamagedError:
        lock.release()
        raise
    try:
        yield
    finally:
        lock.release()


@dataclass
class Night:
    """A night in the making."""

    out: Path
    run_date: date
    outputs: list[Output] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where it is built: hidden, and named after this process."""
        return self.out / f"{_BUILDING}{self.run_date}-{os.getpid()}"

    def write(self, table: Table, rows: pl.DataFrame | pa.Table) -> None:
        """Write one watchlist, cast and ordered as declared: the same bytes for the same rows.

        Raises RingwatchError when the columns are not those declared.
        """
        arrow = _declared(table, rows)
        path = self.folder / f"{table.name}.parquet"
        with _private(path) as file:
            pq.write_table(arrow, file, compression="zstd", row_group_size=ROW_GROUP)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.outputs.append(Output(table.name, arrow.num_rows, digest))

    def write_record(self, record: Mapping[str, object]) -> None:
        """Write run.json."""
        _write_json(self.folder / published.RECORD, record)

    def publish(self) -> None:
        """Check, flush, rename. Raises RingwatchError or OSError; then the night published before stands."""
        self._settle()
        final = published.folder_of(self.out, self.run_date)
        if final.exists():
            exchange(self.folder, final)  # the old night now has our hidden name, and goes when we are done
        else:
            self.folder.rename(final)
        durable.flush(self.out)
        shutil.rmtree(refused_folder(self.out, self.run_date), ignore_errors=True)

    def refuse(self) -> Path:
        """Keep the night where nobody takes it for a published one, in place of an earlier try; say where."""
        self._settle()
        kept = refused_folder(self.out, self.run_date)
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)
        self.folder.rename(kept)
        return kept

    def _settle(self) -> None:
        self._check()
        for path in (*self.folder.iterdir(), self.folder):
            durable.flush(path)

    def _check(self) -> None:
        """Read back what was written: a table missing or torn must stop the night here, not its readers."""
        written = {output.table: output.rows for output in self.outputs}
        if missing := sorted(WATCHLISTS.keys() - written.keys()):
            raise RingwatchError(f"night of {self.run_date}: watchlists not written: {', '.join(missing)}")
        for name, rows in written.items():
            file = pq.ParquetFile(self.folder / f"{name}.parquet")
            if file.metadata.num_rows != rows or not file.schema_arrow.equals(WATCHLISTS[name].schema):
                raise RingwatchError(f"night of {self.run_date}: {name}.parquet is not what was written")
        published.run(self.folder)


def refused_folder(out: Path, run_date: date) -> Path:
    """Where the night of that date is kept when a gate refuses it. Not called run_date=…, as published ones are."""
    return out / ".refused" / str(run_date)


def refused_dates(out: Path) -> list[date]:
    """Dates of the refused nights that are kept, oldest first."""
    return sorted(date.fromisoformat(record.parent.name) for record in out.glob(f".refused/*/{published.RECORD}"))


def forget_refused(out: Path, until: date = date.max) -> None:
    """Take away the refused nights up to a date: they hold the same people as published ones."""
    for day in refused_dates(out):
        if day <= until:
            shutil.rmtree(refused_folder(out, day))


@contextmanager
def building(out: Path, run_date: date) -> Iterator[Night]:
    """A night to fill and publish. What has the hidden name at the end goes: it, or the one it replaced."""
    night = Night(out, run_date)
    night.folder.mkdir(mode=0o700)
    try:
        yield night
    finally:
        shutil.rmtree(night.folder, ignore_errors=True)


def point_latest(out: Path) -> None:
    """Let latest.json name the newest night there is; a run of an older date never takes it back."""
    dates = published.dates(out)
    if not dates:
        return
    folder = published.folder_of(out, dates[-1])
    run_id = published.run(folder)["run_id"]
    with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=out) as aside:
        pointer = Path(aside) / "latest.json"
        _write_json(pointer, {"run_date": str(dates[-1]), "folder": folder.name, "run_id": run_id})
        durable.flush(pointer)
        pointer.replace(out / "latest.json")
    durable.flush(out)


def _declared(table: Table, rows: pl.DataFrame | pa.Table) -> pa.Table:
    arrow = rows.to_arrow() if isinstance(rows, pl.DataFrame) else rows
    if odd := sorted(set(arrow.column_names) ^ set(table.schema.names)):
        raise RingwatchError(f"watchlist {table.name}: columns missing or not declared: {', '.join(odd)}")
    order = [(c.rstrip("-"), "descending" if c.endswith("-") else "ascending") for c in table.sort]
    # Chunks depend on how many threads made the rows, and pages on chunks.
    return arrow.select(table.schema.names).cast(table.schema).sort_by(order).combine_chunks()


def _mend(out: Path) -> None:
    for retired in sorted(out.glob(f"{RETIRED}*")):
        name = out / retired.name.removeprefix(RETIRED)
        if name.exists():
            shutil.rmtree(retired)
        else:  # killed between two renames: the night that was there stands
            retired.rename(name)
    for leftover in sorted(out.glob(f"{_BUILDING}*")):
        shutil.rmtree(leftover)
    point_latest(out)


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    with _private(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n")
