"""The verdicts given by command: an append-only file beside the warehouse, which a rebuilt warehouse finds again.

One JSON object a line, with the columns of the labels export. A line is on the disk before the command ends; one that
a power cut tore was never acknowledged, and goes when the next is written.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import filelock
import polars as pl

from graph.exports import LABELS
from jobs import durable
from jobs.errors import RingwatchError
from jobs.warehouse import Warehouse

COLUMNS = tuple(column.name for column in LABELS.columns)
_SCHEMA = {name: pl.Datetime("us") if name == "decided_at" else pl.String() for name in COLUMNS}


def path_of(warehouse: Path) -> Path:
    """Where the verdicts of a warehouse are."""
    return warehouse.with_name(f"{warehouse.name}.verdicts.jsonl")


def append(warehouse: Path, verdict: Mapping[str, str | None]) -> None:
    """Add one verdict (`COLUMNS` -> text), flushed to disk, mode 0600. Raises RingwatchError where it cannot."""
    path = path_of(warehouse)
    line = json.dumps({name: verdict.get(name) for name in COLUMNS}, ensure_ascii=False).encode() + b"\n"
    try:
        with (
            filelock.FileLock(f"{path}.lock", mode=0o600, timeout=10),
            os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file,
        ):
            whole = file.read().rfind(b"\n") + 1
            file.truncate(whole)
            file.seek(whole)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, filelock.Timeout) as failure:
        raise RingwatchError(f"the verdicts beside {warehouse} cannot be written: nothing was recorded") from failure


def forget(warehouse: Path, account: str, named: re.Pattern[str]) -> int:
    """Take out the verdicts on an account, and what `named` finds in the texts of others; how many lines changed.

    Raises RingwatchError where the journal cannot be written, or a line is damaged.
    """
    path = path_of(warehouse)
    read(warehouse)
    try:
        with filelock.FileLock(f"{path}.lock", mode=0o600, timeout=10):
            whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
            rows = [json.loads(line) for line in whole]
            kept = [row for row in rows if row["subject_id"] != account]
            said = [{k: named.sub("erased", v) if v else v for k, v in row.items()} for row in kept]
            changed: int = len(rows) - len(kept) + sum(a != b for a, b in zip(kept, said, strict=True))
            if changed:
                durable.write(path, b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in said))
    except (OSError, filelock.Timeout) as failure:
        raise RingwatchError(f"the verdicts beside {warehouse} cannot be written: nothing was erased") from failure
    return changed


def read(warehouse: Path) -> pl.DataFrame:
    """All verdicts, oldest first: `COLUMNS`, `decided_at` a timestamp; of one subject and time the last given, as in an
    export. Raises RingwatchError naming a damaged line."""
    path = path_of(warehouse)
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            continue
        try:
            row = json.loads(line)
            rows.append({name: row[name] for name in COLUMNS} | {"decided_at": _moment(row["decided_at"])})
        except (ValueError, KeyError, TypeError) as failure:
            raise RingwatchError(f"{path}, line {number}: not a verdict. Put back the line as it was") from failure
    given = pl.DataFrame(rows, schema=_SCHEMA).unique(LABELS.key, keep="last", maintain_order=True)
    return given.sort("decided_at", "subject_id")


def recall_verdicts(db: Warehouse) -> None:
    """Make `verdict_journal`, in the columns of the labels export; the stage takes those decided by its night."""
    db.put("verdict_journal", read(db.path))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError("in the platform's zone, without an offset")
    return moment
