"""Reading published nights: which there are, and their tables without a mixture of two publications."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl

from jobs.errors import UsageError

RECORD = "run.json"
_NIGHT = re.compile(r"run_date=(\d{4}-\d{2}-\d{2})")


def folder_of(out: Path, run_date: date) -> Path:
    """Where the night of that date is, or will be."""
    return out / f"run_date={run_date}"


def dates(out: Path) -> list[date]:
    """Dates of the published nights, oldest first."""
    names = (_NIGHT.fullmatch(record.parent.name) for record in out.glob(f"run_date=*/{RECORD}"))
    return sorted(date.fromisoformat(name[1]) for name in names if name)


def night(out: Path, run_date: date | None = None) -> Path:
    """The folder of a published night, the newest unless told a date. Raises UsageError if there is none."""
    there = dates(out)
    if not there:
        raise UsageError(f"--watchlists {out}: no published night here. Name the --out of ringwatch nightly")
    if run_date is not None and run_date not in there:
        raise UsageError(
            f"--watchlists {out}: no night of {run_date}. There are {len(there)}, {there[0]} to {there[-1]}"
        )
    return folder_of(out, run_date or there[-1])


def tables(folder: Path, *names: str) -> list[pl.DataFrame]:
    """Watchlists of one night's folder, in the order asked for, all of one publication.

    A night replaced between two reads shows in run.json, which holds the times of its run: read again.
    Raises UsageError where the folder is no whole night.
    """
    try:
        while True:
            before = (folder / RECORD).read_bytes()
            frames = [pl.read_parquet(folder / f"{name}.parquet") for name in names]
            if (folder / RECORD).read_bytes() == before:
                return frames
    except FileNotFoundError as missing:
        raise UsageError(f"{folder}: not a whole night: {missing.filename or 'a file'} is not there") from missing
