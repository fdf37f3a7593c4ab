"""After every run: a file of metrics, and a heartbeat when it ended well.

The text is Prometheus's own format, of which a job that ends needs three lines a metric: a client library would bring
a registry and a server that nothing asks. Every label is one of our own words, so nothing has to be escaped.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobs import watch
from jobs.errors import RingwatchError
from jobs.settings import CronSettings

NAME = "metrics.prom"

STATES = {"not judged": -1, "passed": 0, "warned": 1, "refused": 2, "overridden": 3}


@dataclass(frozen=True)
class Metric:
    """One metric: what it says, and its values, each with its labels as they are written."""

    name: str
    help: str
    values: Mapping[str, float]


@contextmanager
def reported(out: Path, settings: CronSettings) -> Iterator[None]:
    """Write the metrics of the run inside, however it ends, and touch the heartbeat if it ended well.

    Raises OSError when a run that went well cannot say so; a failure is never hidden behind another.
    """
    started = time.time()
    try:
        yield
    except BaseException as stopped:
        with suppress(Exception):
            _write(out, settings, getattr(stopped, "exit_code", RingwatchError.exit_code), started)
        raise
    _write(out, settings, 0, started)


def _write(out: Path, settings: CronSettings, code: int, started: float) -> None:
    path = settings.metrics or out / NAME
    if path.parent.is_dir():
        # What the operator names is for a collector of another user; it holds counts and times alone.
        _replace(path, text(out, code, started, time.time()), 0o640 if settings.metrics else 0o600)
    if settings.heartbeat and not code:
        settings.heartbeat.touch(mode=0o640)


def text(out: Path, code: int, started: float, ended: float) -> str:
    """The whole file, of a run of `out` that ended with exit code `code`; times in seconds since 1970."""
    metrics = [
        Metric("exit_code", "Exit code of the last run, as the contract lists them.", {"": code}),
        Metric("run_finished_timestamp_seconds", "When the last run ended.", {"": ended}),
        Metric("run_duration_seconds", "How long it took.", {"": round(ended - started, 3)}),
        *_of_nights(watch.last_good(out), watch.refused(out)),
    ]
    return "".join(_lines(metric) for metric in metrics if metric.values)


def _of_nights(good: watch.Kept | None, refused: list[watch.Kept]) -> list[Metric]:
    nights = [night for night in (*refused, good) if night and not night.damaged]
    last = max(nights, key=lambda night: night.finished, default=None)
    metrics = [
        Metric("refused_nights", "Nights that a gate refused and that were not published since.", {"": len(refused)}),
        Metric(
            "gate_state",
            "Of the night that ended last: -1 not judged, 0 passed, 1 warned, 2 refused, 3 overridden.",
            {f'gate="{found["gate"]}"': STATES[found["state"]] for found in last.gates} if last else {},
        ),
    ]
    return metrics + (_of_good(good) if good else [])


def _of_good(night: watch.Kept) -> list[Metric]:
    midnight = datetime.combine(night.run_date, datetime.min.time(), UTC).timestamp()
    rows = {
        f'export="{name}",state="{state}"': count
        for name, export in night.exports.items()
        for state, count in (("read", export["read"]), ("set_aside", export["set_aside"]), ("loaded", export["rows"]))
    }
    lists = {f'table="{table}"': count for table, count in night.rows.items()}
    return [
        Metric("last_success_timestamp_seconds", "When the newest night was published.", {"": _seconds(night)}),
        Metric("last_night_timestamp_seconds", "Date of the newest night, 00:00 UTC.", {"": midnight}),
        Metric("export_rows", "Rows of the newest drop in the newest night.", rows),
        Metric("watchlist_rows", "Rows of the newest night's lists.", lists),
        Metric("rings", "Rings that it lists.", {"": night.rows["rings"]}),
        Metric("accounts", "Accounts that it lists.", {"": night.rows["accounts"]}),
    ]


def _seconds(night: watch.Kept) -> float:
    return night.finished.timestamp()


def _lines(metric: Metric) -> str:
    name = f"ringwatch_{metric.name}"
    values = [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in metric.values.items()]
    return "\n".join([f"# HELP {name} {metric.help}", f"# TYPE {name} gauge", *values]) + "\n"


def _replace(path: Path, content: str, mode: int) -> None:
    """In one step: whoever collects must not read half a file."""
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        Path(aside).chmod(mode)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink()
        raise
