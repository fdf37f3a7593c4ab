"""The hand-over log: one JSON line a release, each with the hash of the one before. Lines are only ever added.

A changed, removed or inserted line breaks the chain; lines cut off at the end do not, so the newest hash is told by
another channel and given to the check as `head`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import filelock
import rfc8785

from jobs.errors import BusyError, TamperedError, UsageError

FIRST = "0" * 64
"""What stands for the hash before the first entry."""


def append(log: Path, entry: Mapping[str, str | int | None]) -> str:
    """Add an entry and return its hash. Raises TamperedError where the chain is broken already, UsageError where the
    log cannot be written, BusyError while another release writes it."""
    lock = filelock.FileLock(f"{log}.lock", mode=0o600, timeout=10)
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock:
            entries = check(log) if log.exists() else []
            whole = {**entry, "number": len(entries) + 1, "previous": entries[-1]["hash"] if entries else FIRST}
            whole["hash"] = _hash(whole)
            line = json.dumps(whole, ensure_ascii=False, sort_keys=True) + "\n"
            _add(log, line.encode())
    except filelock.Timeout as held:
        raise BusyError(f"{log}: another release is being written. Try again") from held
    except OSError as failure:
        raise UsageError(f"hand-over log {log}: cannot be written ({failure.strerror})") from failure
    return str(whole["hash"])


def _add(log: Path, line: bytes) -> None:
    """The whole line or nothing of it: what a full disk cut off would break the chain for good."""
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb", buffering=0) as file:
        length = os.fstat(file.fileno()).st_size
        try:
            if file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            file.truncate(length)
            raise


def check(log: Path, head: str | None = None) -> list[dict[str, Any]]:
    """The entries of an unbroken chain, oldest first. Raises TamperedError naming the first line that is wrong,
    or that no entry has the hash `head`; UsageError for a file that cannot be read."""
    try:
        lines = log.read_bytes().split(b"\n")
    except OSError as failure:
        raise UsageError(f"hand-over log {log}: cannot be read ({failure.strerror})") from failure
    if lines.pop():
        raise TamperedError(f"{log}: line {len(lines) + 1} is cut off")
    entries: list[dict[str, Any]] = []
    previous = FIRST
    for number, line in enumerate(lines, 1):
        entry = _entry(line)
        if entry is None or entry.get("hash") != _hash(entry):
            raise TamperedError(f"{log}: line {number} was changed")
        if entry.get("previous") != previous or entry.get("number") != number:
            raise TamperedError(f"{log}: before line {number} an entry was removed, added or moved")
        previous = str(entry["hash"])
        entries.append(entry)
    if head and head not in {entry["hash"] for entry in entries}:
        raise TamperedError(f"{log}: no entry has the hash {head}: entries were removed at its end")
    return entries


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _hash(entry: Mapping[str, Any]) -> str:
    try:
        return hashlib.sha256(rfc8785.dumps({k: v for k, v in entry.items() if k != "hash"})).hexdigest()
    except rfc8785.CanonicalizationError:
        return ""
