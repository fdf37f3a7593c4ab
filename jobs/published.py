"""Reading published nights for commands: what is not there is the caller's to mend."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from graph.explore import Night, NotThereError, ReplacedError, open_night
from graph.nights import RECORD, dates, folder_of
from jobs.errors import RingwatchError, UsageError

__all__ = ["RECORD", "dates", "folder_of", "night", "opened", "run", "tables"]


def opened(out: Path, run_date: date | None = None) -> Night:
    """A published night, the newest unless told a date. Raises UsageError if there is none."""
    try:
        return open_night(out, run_date)
    except NotThereError as missing:
        raise UsageError(f"--watchlists {missing}") from missing


def night(out: Path, run_date: date | None = None) -> Path:
    """Its folder alone."""
    return opened(out, run_date).folder


def run(folder: Path) -> dict[str, Any]:
    """The run.json of a night's folder. Raises RingwatchError where it is damaged."""
    try:
        found: dict[str, Any] = json.loads((folder / RECORD).read_bytes())
    except json.JSONDecodeError as damaged:
        raise RingwatchError(
            f"{folder}: its run.json is damaged. Move that folder away and run the night again"
        ) from damaged
    return found


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
