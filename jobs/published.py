"""Reading published nights for commands: what is not there is the caller's to mend."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from graph.explore import Night, NotThereError, ReplacedError, open_night
from graph.nights import RECORD, DamagedError, dates, folder_of, parsed
from jobs.errors import UsageError

__all__ = ["RECORD", "DamagedError", "dates", "folder_of", "night", "opened", "run", "tables"]


def opened(out: Path, run_date: date | None = None) -> Night:
    """A published night, the newest unless told a date. Raises UsageError if there is none, DamagedError."""
    try:
        return open_night(out, run_date)
    except NotThereError as missing:
        raise UsageError(f"--watchlists {missing}") from missing


def night(out: Path, run_date: date | None = None) -> Path:
    """Its folder alone."""
    return opened(out, run_date).folder


def run(folder: Path) -> dict[str, Any]:
    """The run.json of a night's folder. Raises DamagedError."""
    return parsed((folder / RECORD).read_bytes(), folder)


def tables(folder: Path, *names: str) -> list[pl.DataFrame]:
    """Watchlists of one night's folder, in the order asked for, all of one publication: a night that is replaced
    meanwhile is read again. Raises UsageError where the folder is no whole night."""
    try:
        while True:
            opened = Night(folder, (folder / RECORD).read_bytes())
            try:
                return [opened.table(name) for name in names]
            except ReplacedError:
                continue
    except FileNotFoundError as missing:
        raise UsageError(f"{folder}: not a whole night: {missing.filename or 'a file'} is not there") from missing
