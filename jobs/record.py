"""run.json: what went in, what was done, what came out. Enough to run the night again and compare."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib import metadata

from jobs.door.store import FileRecord
from jobs.runs import Output
from jobs.settings import Settings
from jobs.steps import Step


def record(
    run_date: date,
    started: datetime,
    settings: Settings,
    inputs: Sequence[FileRecord],
    steps: Sequence[Step],
    outputs: Sequence[Output],
) -> dict[str, object]:
    """What run.json holds.

    `run_id` depends on date, inputs and settings alone: two runs of one id differ in no table. The times
    are the run's own, and make run.json the one file that differs.
    """
    return {
        "run_id": run_id(run_date, settings, inputs),
        "run_date": str(run_date),
        "code_version": code_version(),
        "started_at": started.isoformat(timespec="microseconds"),
        "finished_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "settings": settings.model_dump(mode="json"),
        "settings_sha256": settings.digest(),
        "inputs": [{**asdict(file), "drop_date": str(file.drop_date)} for file in inputs],
        "steps": [asdict(step) for step in steps],
        "outputs": [asdict(output) for output in outputs],
    }


def run_id(run_date: date, settings: Settings, inputs: Sequence[FileRecord]) -> str:
    """Twelve hex digits."""
    parts = [str(run_date), settings.digest(), *([file.path, file.sha256] for file in inputs)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def code_version() -> str:
    """Of the installed package; a bare checkout has none."""
    try:
        return metadata.version("ringwatch")
    except metadata.PackageNotFoundError:
        return "not installed"
