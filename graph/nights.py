"""Which nights are published in a folder, what their runs recorded, and what can be wrong with asking for one."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

RECORD = "run.json"
"""Written last: a folder without it is no published night."""
_NIGHT = re.compile(r"run_date=(\d{4}-\d{2}-\d{2})")


class NotThereError(LookupError):
    """No such night, ring or tie; the message says which there are."""


class ReplacedError(RuntimeError):
    """The night was published again since it was opened: its tables no longer belong together."""


class NoDeskError(RuntimeError):
    """The question needs the warehouse, and the night was opened without it."""


class DamagedError(RuntimeError):
    """A night's run.json is not what a run writes; the message says which, where in it, and what to do."""

    def __init__(self, folder: Path, where: str) -> None:
        super().__init__(f"{folder / RECORD} is damaged ({where}). Move that folder away and run the night again")


def folder_of(out: Path, night: date) -> Path:
    """Where the night of that date is, or will be."""
    return out / f"run_date={night}"


def dates(out: Path | str) -> list[date]:
    """Dates of the published nights, oldest first."""
    names = (_NIGHT.fullmatch(record.parent.name) for record in Path(out).glob(f"run_date=*/{RECORD}"))
    return sorted(date.fromisoformat(name[1]) for name in names if name)


class _Part(BaseModel):
    """A part of run.json as commands rely on it; what else it says they may find or not."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Exports(_Part):
    zone: ZoneInfo


class _Settings(_Part):
    exports: _Exports


class _Input(_Part):
    table: str
    path: str
    sha256: str
    bytes: int
    rows_read: int
    drop_date: str


class _Step(_Part):
    name: str
    seconds: float


class _Output(_Part):
    table: str
    rows: int
    sha256: str


class _Learned(_Part):
    typology: str
    n: int
    confirmed: int
    promised: float
    weight: float
    shift: float
    slope: float


class _Verdicts(_Part):
    learned: list[_Learned]
    scores_before: dict[str, float]


class _Export(_Part):
    read: int
    rows: int
    set_aside: int


class _Figures(_Part):
    exports: dict[str, _Export]


class _Judged(_Part):
    gate: str
    state: str
    said: str


class _Override(_Part):
    gate: str
    reason: str


class _Gates(_Part):
    figures: _Figures
    verdicts: list[_Judged]
    overrides: list[_Override]


class _Run(_Part):
    run_id: str
    run_date: str
    code_version: str
    finished_at: AwareDatetime
    settings: _Settings
    settings_sha256: str
    inputs: list[_Input]
    steps: list[_Step]
    outputs: list[_Output]
    register_place: int = 0
    """Nights of an older ringwatch lack it and the two below."""
    verdicts: _Verdicts = Field(default_factory=lambda: _Verdicts(learned=[], scores_before={}))
    gates: _Gates = Field(default_factory=lambda: _Gates(figures=_Figures(exports={}), verdicts=[], overrides=[]))


def parsed(content: bytes, folder: Path) -> dict[str, Any]:
    """What the run.json of a night's folder says. Whoever reads one reads it here, and may rely on what `_Run` names.

    Raises DamagedError.
    """
    try:
        _Run.model_validate_json(content)
    except ValidationError as damaged:
        [first, *_] = damaged.errors(include_url=False, include_context=False, include_input=False)
        if first["type"] == "json_invalid":
            raise DamagedError(folder, "not JSON, or cut off") from damaged
        raise DamagedError(folder, f"at {_place(first['loc'])}" if first["loc"] else "not an object") from damaged
    found: dict[str, Any] = json.loads(content)
    return found


def _place(where: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).removeprefix(".")
