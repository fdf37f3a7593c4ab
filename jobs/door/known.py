"""Is a drop in the warehouse already, and unchanged? What is, is not read again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from graph.exports import Export
from jobs.door.discover import Drop, Source
from jobs.door.settings import DoorSettings
from jobs.door.text import sha256, stamp
from jobs.warehouse import Warehouse

_READING = 1
"""Raised when the door reads the same bytes otherwise; drops loaded before are then loaded anew."""


def unchanged(w: Warehouse, drop: Drop, files: Sequence[Source], door: DoorSettings) -> bool:
    """Is just this drop in the warehouse? Names, sizes and SHA-256 decide; nothing is hashed whose stamp is the same.

    An un-dated drop is looked for among all dates: its rows alone know its own.
    """
    known = w.rows(
        "SELECT drop_date, path, bytes, sha256, reading, stamp, file_id FROM files"
        " WHERE drop_date = coalesce($drop, drop_date) ORDER BY drop_date DESC",
        drop=drop.date,
    )
    hashes: dict[str, str] = {}
    for day in sorted({row[0] for row in known}, reverse=True):
        held = {Path(row[1]).name: row for row in known if row[0] == day}
        if held.keys() == {s.path.name for s in files} and all(
            _same(s, held[s.path.name], door, hashes) for s in files
        ):
            _note_again(w, files, {name: row[6] for name, row in held.items()})
            return True
    return False


def _same(source: Source, held: Sequence[object], door: DoorSettings, hashes: dict[str, str]) -> bool:
    _, _, size, digest, read_as, seen, _ = held
    now = stamp(source)
    if read_as != reading(door, source.export) or size != now.size:
        return False
    if seen == str(now):
        return True
    if source.rel not in hashes:
        hashes[source.rel] = sha256(source)
    return hashes[source.rel] == digest


def _note_again(w: Warehouse, files: Sequence[Source], ids: dict[str, int]) -> None:
    """A drop that was moved or touched keeps its rows; where it lies now is what evidence must name."""
    for source in files:
        w.rows(
            "UPDATE files SET path = $path, stamp = $stamp"
            " WHERE file_id = $file AND (path <> $path OR stamp <> $stamp)",
            path=source.rel,
            stamp=str(stamp(source)),
            file=ids[source.path.name],
        )


def reading(door: DoorSettings, export: Export) -> str:
    """A fingerprint of everything but the bytes that decides what a file's rows become."""
    parts = [_READING, door.zone, sorted(door.rename.get(export.name, {}).items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
