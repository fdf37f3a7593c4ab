"""What lies at the door: drops, and the exports in them."""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from graph.exports import EXPORTS, Export
from jobs.door.settings import DoorSettings
from jobs.errors import ExportError, NotYetError, RingwatchError

_FILE = rf"(?P<table>{'|'.join(e.name for e in EXPORTS)}).*?\.(?P<suffix>csv|csv\.gz|parquet|ndjson|ndjson\.gz)"
_NAME = re.compile(_FILE, re.DOTALL)
_PARTIAL = re.compile(rf"\.?{_FILE}\.(part|partial|filepart|tmp)", re.DOTALL)
_RSYNC = re.compile(rf"\.{_FILE}\.\w{{6}}", re.DOTALL)
"""What programs call a file while they copy it."""
_LATELY = 60
"""Seconds. A fault in a file so young may be that it is not whole yet, and is worth a second look."""
_PAUSE = 1.0
"""Seconds until the second look; whatever copies a file writes more often."""


@dataclass(frozen=True)
class Drop:
    """One night's folder. `date` is None when neither its name nor anything else but its rows says which night."""

    date: date | None
    folder: Path


@dataclass(frozen=True)
class Source:
    """One file of a drop. `rel` is its path below `--exports`, as records and evidence name it."""

    export: Export
    path: Path
    rel: str
    suffix: str

    @property
    def gzipped(self) -> bool:
        return self.suffix.endswith(".gz")

    @property
    def kind(self) -> str:
        """csv, ndjson or parquet."""
        return self.suffix.removesuffix(".gz")


def drops(exports: Path) -> list[Drop]:
    """Every drop at `exports`, oldest first: either the folder itself, or its sub-folders called YYYY-MM-DD.

    A folder that holds an export file is one drop; its name dates it if it is a date, its rows otherwise.
    Other folders and files beside dated drops are none of ours.

    Raises NotYetError when nothing is there.
    """
    try:
        entries = sorted(exports.iterdir())
    except FileNotFoundError:
        raise NotYetError(f"there is no folder {exports}. Try again when the exports have arrived") from None
    except NotADirectoryError:
        raise NotYetError(f"{exports} is not a folder of exports") from None
    except OSError as error:
        raise RingwatchError(f"the folder {exports} cannot be read: {error.strerror}") from error
    if any(_NAME.fullmatch(entry.name) for entry in entries):
        found = [Drop(_as_date(exports.resolve().name), exports)]
    else:
        dated = [(_as_date(entry.name), entry) for entry in entries]
        found = sorted(
            (Drop(day, entry) for day, entry in dated if day and entry.is_dir()), key=lambda d: d.folder.name
        )
    if not found:
        raise NotYetError(f"no exports in {exports}. Try again when they have arrived")
    return found


def sources(drop: Drop, exports: Path) -> list[Source]:
    """The drop's files, by table in the contract's order, then by name.

    Raises NotYetError when there is none, ExportError when one of the four is missing or is no plain file.
    """
    named: dict[str, list[Source]] = {export.name: [] for export in EXPORTS}
    for path in sorted(drop.folder.iterdir(), key=lambda p: p.name):
        match = _NAME.fullmatch(path.name)
        if match:
            export = next(e for e in EXPORTS if e.name == match["table"])
            named[export.name].append(Source(export, path, _relative(path, exports), match["suffix"]))
    if not any(named.values()):
        raise NotYetError(f"no exports in {drop.folder} yet. Try again when they have arrived")
    _whole(drop, named)
    missing = [e.name for e in EXPORTS if not e.optional and not named[e.name]]
    if missing:
        raise ExportError(
            f"no export of {', '.join(missing)} in this drop",
            file=str(drop.folder),
            do="Ask for the whole drop",
        )
    return [source for group in named.values() for source in group]


def arrived(drop: Drop, door: DoorSettings) -> None:
    """Raises NotYetError while the settings say that the drop is still being written."""
    if door.ready_file and not (drop.folder / door.ready_file).is_file():
        raise NotYetError(f"{drop.folder} has no {door.ready_file} yet. Try again when the drop is whole")
    ages = [abs(time.time() - path.lstat().st_mtime) for path in drop.folder.iterdir()]
    if min(ages, default=door.settle_seconds) < door.settle_seconds:
        raise NotYetError(
            f"{drop.folder} changed in the last {door.settle_seconds} s. Try again when the drop is whole"
        )


@contextmanager
def growing_is_not_yet(exports: Path) -> Iterator[None]:
    """Turn a fault of exports that are still being written into NotYetError: half a file is no broken file."""
    before = _stamps(exports)
    try:
        yield
    except ExportError as fault:
        if any(abs(time.time() - modified / 1e9) < _LATELY for _, modified in before.values()):
            time.sleep(_PAUSE)
        if _stamps(exports) != before:
            raise NotYetError(
                f"{fault}. But the exports are still being written: try again when they are whole"
            ) from fault
        raise


def _stamps(exports: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of change of every file in `exports` and its folders."""
    try:
        found = {path: path.lstat() for path in (*exports.glob("*"), *exports.glob("*/*"))}
    except OSError:  # gone while we looked
        return {}
    return {path: (seen.st_size, seen.st_mtime_ns) for path, seen in found.items()}


def _whole(drop: Drop, named: dict[str, list[Source]]) -> None:
    """Raises NotYetError where an export is missing, and a file that is being copied is there in its place."""
    for entry in sorted(drop.folder.iterdir()):
        partial = _PARTIAL.fullmatch(entry.name) or _RSYNC.fullmatch(entry.name)
        if partial and not all(named[e.name] for e in EXPORTS if not e.optional):
            raise NotYetError(f"{entry} is still being copied. Try again when the drop is whole")


def _relative(path: Path, exports: Path) -> str:
    rel = path.relative_to(exports).as_posix()
    try:
        rel.encode()
    except UnicodeEncodeError:
        raise ExportError("a file name that is not UTF-8", file=ascii(rel), do="Rename it") from None
    if not stat.S_ISREG(path.lstat().st_mode):
        # A pipe would hang the night, and what a link points to can change between the hash and the read.
        raise ExportError("not a plain file", file=rel, do="Put the file itself into the drop, not a link to it")
    return rel


def _as_date(name: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", name, re.ASCII):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
