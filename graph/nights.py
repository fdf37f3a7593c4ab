"""Which nights are published in a folder, and what can be wrong with asking for one."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

RECORD = "run.json"
"""Written last: a folder without it is no published night."""
_NIGHT = re.compile(r"run_date=(\d{4}-\d{2}-\d{2})")


class NotThereError(LookupError):
    """No such night, ring or tie; the message says which there are."""


class ReplacedError(RuntimeError):
    """The night was published again since it was opened: its tables no longer belong together."""


class NoDeskError(RuntimeError):
    """The question needs the warehouse, and the night was opened without it."""


def folder_of(out: Path, night: date) -> Path:
    """Where the night of that date is, or will be."""
    return out / f"run_date={night}"


def dates(out: Path | str) -> list[date]:
    """Dates of the published nights, oldest first."""
    names = (_NIGHT.fullmatch(record.parent.name) for record in Path(out).glob(f"run_date=*/{RECORD}"))
    return sorted(date.fromisoformat(name[1]) for name in names if name)
