"""What the night did, step by step: shown while it runs, kept for run.json."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Self

import polars as pl
import structlog
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from graph.db import Db, Work

KNOWN = "state"
"""The step that knows how many rows tonight has: the work of those after it grows with them."""


@dataclass
class Step:
    """One step. `rows` is what it made, `peak_mib` the process's peak so far, in MiB."""

    name: str
    seconds: float = 0.0
    rows: int | None = None
    peak_mib: int = 0


@dataclass
class Counted:
    """The engine, remembering which tables were made, so that a step's rows can be counted when it ends."""

    db: Db
    made: list[str] = field(default_factory=list)

    def make(self, table: str, sql: str, **params: object) -> None:
        """As the engine does."""
        self.db.make(table, sql, **params)
        self.made.append(table)

    def view(self, table: str, sql: str) -> None:
        """As the engine does."""
        self.db.view(table, sql)
        self.made.append(table)

    def frame(self, sql: str, **params: object) -> pl.DataFrame:
        """As the engine does."""
        return self.db.frame(sql, **params)

    def connect(self, table: str, sql: str, **params: object) -> None:
        """As the engine does."""
        self.db.connect(table, sql, **params)
        self.made.append(table)

    def by_group(
        self, table: str, work: Work, by: str, columns: Mapping[str, type[pl.DataType]], **selects: str
    ) -> None:
        """As the engine does."""
        self.db.by_group(table, work, by, columns, **selects)
        self.made.append(table)

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """As the engine does."""
        self.db.put(table, frame)
        self.made.append(table)

    def drop(self, *tables: str) -> None:
        """As the engine does."""
        self.db.drop(*tables)
        self.made = [table for table in self.made if table not in tables]

    def rows(self) -> int:
        """Rows of the tables made since this was last asked and still there."""
        made, self.made = set(self.made), []
        counts = " UNION ALL ".join(f"SELECT count(*) AS n FROM {table}" for table in sorted(made))
        return int(self.db.frame(counts)["n"].sum()) if made else 0


@dataclass
class Steps:
    """A recorder for one night. Counts and names only: what is shown here ends up in cron's mail.

    `db` is the engine that the steps must use, so that their rows are counted. On a terminal a line a step,
    with a spinner on the one that runs and what `before`, the steps in run.json of the night before, lets expect of it;
    elsewhere one JSON line a step, or none if `quiet`.
    """

    run_date: date
    db: Counted
    console: Console = field(default_factory=lambda: Console(stderr=True))
    done: list[Step] = field(default_factory=list)
    quiet: bool = False
    before: Sequence[Mapping[str, Any]] = ()

    def __enter__(self) -> Self:
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            run_date=str(self.run_date),
        )
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[rows]}"),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time what happens inside; the body may set `rows` itself. A step that fails is not recorded."""
        step = Step(name)
        shown = self._progress.add_task(f"{self.run_date} {name}", total=1, rows=self.expected(name))
        started = time.perf_counter()
        yield step
        step.seconds = round(time.perf_counter() - started, 3)
        made = self.db.rows()
        step.rows = made if step.rows is None else step.rows
        step.peak_mib = _peak_mib()
        self.done.append(step)
        self._progress.update(shown, completed=1, rows=f"{step.rows:,} rows")
        if not (self.console.is_terminal or self.quiet):
            self._log.info("step", step=name, seconds=step.seconds, rows=step.rows, peak_mib=step.peak_mib)

    def expected(self, name: str) -> str:
        """How long a step and those after it may take, for reading; empty where no night before tells.

        Seconds of the night before, times how many more rows are known tonight; as they were while that is not known
        yet, for a drop of another size takes another time.
        """
        names = [step["name"] for step in self.before]
        if name not in names:
            return ""
        its, *later = [float(step["seconds"]) for step in self.before[names.index(name) :]]
        now = next((step.rows for step in self.done if step.name == KNOWN), None)
        then = next((step["rows"] for step in self.before if step["name"] == KNOWN), None)
        if not now or not then:
            return f"{its:.0f} s the night before"
        return f"about {its * now / then:.0f} s, then {sum(later) * now / then:.0f} s"

    def say(self, event: str, **counts: object) -> None:
        """One line that is no step."""
        if not self.console.is_terminal:
            self._log.info(event, **counts)


def _peak_mib() -> int:
    """Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20 if sys.platform == "darwin" else 1 << 10)
