"""Steps are counted, timed, and shown without a value of any row."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date

import polars as pl
import pytest
from rich.console import Console

from graph.db import Work
from jobs.steps import Counted, Step, Steps


class Frames:
    """An engine of frames, which knows one statement."""

    def __init__(self) -> None:
        self.tables: dict[str, pl.DataFrame] = {}

    def make(self, table: str, sql: str, **params: object) -> None:
        self.tables[table] = pl.DataFrame({"secret": [sql, str(params)]})

    def view(self, table: str, sql: str) -> None:
        self.make(table, sql)

    def frame(self, sql: str, **params: object) -> pl.DataFrame:
        names = [one.removeprefix("SELECT count(*) AS n FROM ") for one in sql.split(" UNION ALL ")]
        return pl.DataFrame({"n": [self.tables[name].height for name in names]})

    def connect(self, table: str, sql: str, **params: object) -> None:
        self.make(table, sql, **params)

    def by_group(
        self, table: str, work: Work, by: str, columns: Mapping[str, type[pl.DataType]], **selects: str
    ) -> None:
        self.make(table, *selects.values())

    def put(self, table: str, frame: pl.DataFrame) -> None:
        self.tables[table] = frame

    def drop(self, *tables: str) -> None:
        for table in tables:
            del self.tables[table]


def night(steps: Steps) -> None:
    with steps.step("load") as step:
        step.rows = 7
    with steps.step("ties"):
        steps.db.make("ties", "SELECT 'A-SECRET'")
        steps.db.put("more", pl.DataFrame({"account_id": ["A-SECRET"] * 3}))
        steps.db.put("gone", pl.DataFrame({"account_id": ["A-SECRET"] * 50}))
        steps.db.drop("gone")
        steps.db.make("ties", "again")
    with steps.step("rings"):
        pass


def test_what_is_kept() -> None:
    with Steps(date(2025, 6, 22), Counted(Frames())) as steps:
        night(steps)
    assert [(step.name, step.rows) for step in steps.done] == [("load", 7), ("ties", 5), ("rings", 0)]
    assert all(step.seconds >= 0 and step.peak_mib > 10 for step in steps.done)


def test_under_cron_one_json_line_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(file=io.StringIO(), force_terminal=False)
    with Steps(date(2025, 6, 22), Counted(Frames()), console) as steps:
        night(steps)
        steps.say("published", rings=3)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("step") for line in lines] == ["load", "ties", "rings", None]
    assert lines[1]["rows"] == 5
    assert lines[3] == {**lines[3], "event": "published", "rings": 3, "run_date": "2025-06-22"}
    assert "A-SECRET" not in str(lines)
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]


def test_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    screen = io.StringIO()
    with Steps(date(2025, 6, 22), Counted(Frames()), Console(file=screen, force_terminal=True)) as steps:
        night(steps)
        steps.say("published", rings=3)
    shown = screen.getvalue()
    assert "2025-06-22 ties" in shown
    assert "5 rows" in shown
    assert "A-SECRET" not in shown
    assert capsys.readouterr().err == ""


def test_a_failed_step_is_not_recorded() -> None:
    steps = Steps(date(2025, 6, 22), Counted(Frames()))
    with pytest.raises(ZeroDivisionError), steps, steps.step("load"):
        raise ZeroDivisionError
    assert steps.done == []


BEFORE = [{"name": "load", "seconds": 30.0, "rows": 900}, {"name": "state", "seconds": 0.1, "rows": 1_000},
          {"name": "ties", "seconds": 8.0, "rows": 5}, {"name": "rings", "seconds": 2.0, "rows": 1}]  # fmt: skip


def test_a_step_is_expected_to_grow_with_tonights_rows() -> None:
    steps = Steps(date(2025, 6, 29), Counted(Frames()), before=BEFORE)
    assert steps.expected("load") == "30 s the night before"
    steps.done.append(Step("state", rows=2_000))
    assert steps.expected("ties") == "about 16 s, then 4 s"
    assert steps.expected("rings") == "about 4 s, then 0 s"


def test_nothing_is_expected_that_was_never_timed() -> None:
    steps = Steps(date(2025, 6, 29), Counted(Frames()), before=BEFORE)
    assert steps.expected("write") == ""
    assert Steps(date(2025, 6, 29), Counted(Frames())).expected("ties") == ""


def test_what_is_expected_is_shown_on_a_terminal_alone(capsys: pytest.CaptureFixture[str]) -> None:
    for terminal in (True, False):
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=terminal)
        with Steps(date(2025, 6, 29), Counted(Frames()), console, before=BEFORE) as steps, steps.step("load"):
            steps._progress.refresh()
        assert ("30 s the night before" in screen.getvalue()) == terminal
    assert "the night before" not in capsys.readouterr().err
