"""Which nights are published in a folder, what their runs recorded, and what can be wrong with asking for one."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

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


def parsed(content: bytes, folder: Path) -> dict[str, Any]:
    """What the run.json of a night's folder says. Whoever reads one reads it here, and may rely on what `_SHAPE` names.

    Raises DamagedError.
    """
    try:
        found: dict[str, Any] = json.loads(content)
    except (ValueError, RecursionError) as damaged:
        raise DamagedError(folder, "not JSON, or cut off") from damaged
    fault = _fault(found, _SHAPE)
    if fault is not None:
        raise DamagedError(folder, f"at {fault.removeprefix('.')}" if fault else "not an object")
    return found


def _text(value: object) -> bool:
    return isinstance(value, str)


def _count(value: object) -> bool:
    return isinstance(value, int)


def _number(value: object) -> bool:
    return isinstance(value, int | float)


def _numbers(value: object) -> bool:
    return isinstance(value, dict) and all(map(_number, value.values()))


def _exports(value: object) -> bool:
    told = ("read", "rows", "set_aside")
    return isinstance(value, dict) and all(
        isinstance(export, dict) and all(_count(export.get(name)) for name in told) for export in value.values()
    )


def _moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _zone(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ZoneInfo(value))
    except (ValueError, OSError, LookupError):
        return False


_SHAPE: dict[str, Any] = {
    "run_id": _text,
    "run_date": _text,
    "code_version": _text,
    "finished_at": _moment,
    "settings": {"exports": {"zone": _zone}},
    "settings_sha256": _text,
    "inputs": [
        {"table": _text, "path": _text, "sha256": _text, "bytes": _count, "rows_read": _count, "drop_date": _text}
    ],
    "steps": [{"name": _text, "seconds": _number}],
    "outputs": [{"table": _text, "rows": _count, "sha256": _text}],
    "register_place?": _count,
    "verdicts?": {
        "learned": [
            {"typology": _text, "n": _count, "confirmed": _count, "promised": _number, "weight": _number,
             "shift": _number, "slope": _number}
        ],
        "scores_before": _numbers,
    },
    "gates?": {
        "figures": {"exports": _exports},
        "verdicts": [{"gate": _text, "state": _text, "said": _text}],
        "overrides": [{"gate": _text, "reason": _text}],
    },
}  # fmt: skip
"""What commands read of it; with ? what nights of an older ringwatch lack."""


def _fault(value: object, shape: Any) -> str | None:
    """Where a value is not of that shape; None where it is. The place is put together on the way back alone: a night
    reads the records of years."""
    if not isinstance(shape, dict | list):
        return None if shape(value) else ""
    if not isinstance(value, type(shape)):
        return ""
    return _in_object(value, shape) if isinstance(shape, dict) else _in_list(value, shape[0])


def _in_object(value: Any, shape: dict[str, Any]) -> str | None:
    for key, inner in shape.items():
        name = key.removesuffix("?")
        below = _fault(value[name], inner) if name in value else "" if name == key else None
        if below is not None:
            return f".{name}{below}"
    return None


def _in_list(value: Any, shape: Any) -> str | None:
    for number, item in enumerate(value):
        below = _fault(item, shape)
        if below is not None:
            return f"[{number}]{below}"
    return None
