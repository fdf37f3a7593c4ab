"""Is a drop in the warehouse already, and unchanged? What is, is not read again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl

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
    rows = w.rows(
        "SELECT drop_date, file_id, path, bytes, sha256, reading, stamp FROM files"
        " WHERE drop_date = coalesce($drop, drop_date) ORDER BY drop_date DESC",
        drop=drop.date,
    )
    hashes: dict[str, str] = {}
    for _, held in groupby((_Held(*row) for row in rows), lambda file: file.drop_date):
        known = {Path(file.path).name: file for file in held}
        if known.keys() == {s.path.name for s in files} and all(
            _same(s, known[s.path.name], door, hashes) for s in files
        ):
            _note_again(w, files, known)
            return True
    return False


@dataclass(frozen=True)
class _Held:
    """What the warehouse knows of a file."""

    drop_date: date
    file_id: int
    path: str
    bytes: int
    sha256: str
    reading: str
    stamp: str


def _same(source: Source, held: _Held, door: DoorSettings, hashes: dict[str, str]) -> bool:
    now = stamp(source)
    if held.reading != reading(door, source.export) or held.bytes != now.size:
        return False
    if held.stamp == str(now):
        return True
    if source.rel not in hashes:
        hashes[source.rel] = sha256(source)
    return hashes[source.rel] == held.sha256


def _note_again(w: Warehouse, files: Sequence[Source], known: Mapping[str, _Held]) -> None:
    """A drop that was moved or touched keeps its rows; where it lies now is what evidence must name."""
    now = [(known[s.path.name], s.rel, str(stamp(s))) for s in files]
    moved = [(held.file_id, rel, seen) for held, rel, seen in now if (held.path, held.stamp) != (rel, seen)]
    if not moved:
        return
    w.con.register("door_moved", pl.DataFrame(moved, schema=["moved_id", "new_path", "new_stamp"], orient="row"))
    w.rows("UPDATE files SET path = new_path, stamp = new_stamp FROM door_moved WHERE file_id = moved_id")
    w.con.unregister("door_moved")


def reading(door: DoorSettings, export: Export) -> str:
    """A fingerprint of everything but the bytes that decides what a file's rows become."""
    parts = [_READING, door.zone, sorted(door.rename.get(export.name, {}).items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
