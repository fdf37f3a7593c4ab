"""What is kept on disk: a small synthetic market with its nights, copied for each test that spoils it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from graph.state import as_of
from graph.tables import WATCHLISTS
from jobs import published
from jobs.__main__ import main
from jobs.nightly import nightly, weigh
from jobs.settings import Settings
from jobs.simulate import simulate
from jobs.steps import Steps
from jobs.warehouse import Warehouse
from tests.fuzz.kill import content

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
FIRST, SECOND = date(2025, 6, 23), date(2025, 6, 30)
THREE = [date(2025, 6, 16), FIRST, SECOND]


def home_of(folder: Path) -> Path:
    """Make the market and publish both nights."""
    simulate(folder / "exports", accounts=1000, seed=7, nights=2, dirt=True, file_format="mixed")
    told(ringwatch(folder, "nightly", "--catch-up"))
    return folder


def sample_of(folder: Path) -> Path:
    """Publish both nights of data/sample."""
    nightly(SAMPLE, folder / "warehouse.duckdb", folder / "out", None, True, Settings())
    return folder


def first_of_three(folder: Path) -> Path:
    """Make a market of three nights and publish the first."""
    simulate(folder / "exports", accounts=1000, seed=11, nights=3)
    nightly(folder / "exports", folder / "w.duckdb", folder / "out", THREE[0], False, Settings())
    return folder


def copied(home: Path, to: Path) -> Path:
    """One's own copy, times and all; but for what another test's reading leaves beside a warehouse while it lasts."""
    return Path(shutil.copytree(home, to / "home", ignore=shutil.ignore_patterns("*.tmp")))


@cache
def kept_content(warehouse: Path) -> dict[str, str]:
    """What a warehouse holds in which nobody writes."""
    return content(warehouse)


def ringwatch(home: Path, command: str, *more: str) -> Result:
    """Run a command on that folder; each gets the options that it has."""
    where = {"--exports": home / "exports", "--warehouse": home / "w.duckdb"}
    where["--watchlists" if command in ("prune", "erase", "find", "show", "explain", "diff") else "--out"] = (
        home / "out"
    )
    known = {name for option in main.commands[command].params for name in option.opts}
    given = [str(part) for name, path in where.items() if name in known and name not in more for part in (name, path)]
    return CliRunner(env={"COLUMNS": "250"}).invoke(main, [command, *given, *more])


def told(result: Result) -> str:
    """What a command that must succeed said."""
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(result: Result, code: int) -> str:
    """What a command that must fail with that code said."""
    assert result.exit_code == code, result.output
    return result.stderr


def lists(home: Path, night: date, *names: str) -> list[pl.DataFrame]:
    """Watchlists of a night."""
    return published.tables(published.folder_of(home / "out", night), *names)


@contextmanager
def weighed_once() -> Iterator[None]:
    """Within the block `explain` weighs the night for the first account alone, and keeps the warehouse open for the
    others: what it finds of each, and prints, is its own."""
    with ExitStack() as kept, pytest.MonkeyPatch.context() as patch:
        db: list[Warehouse] = []

        def reading(*given: Any, **named: Any) -> AbstractContextManager[Warehouse]:
            if not db:
                db.append(kept.enter_context(Warehouse.open(*given, **named)))
            return nullcontext(db[0])

        def weigh_first(*given: Any) -> None:
            if "told" not in db[0].tables():
                weigh(*given)

        patch.setattr("jobs.explain.Warehouse", SimpleNamespace(open=reading))
        patch.setattr("jobs.explain.weigh", weigh_first)
        yield


@contextmanager
def handed_out(home: Path, night: date) -> Iterator[None]:
    """Within the block every night's stages hand out the lists of that one, which is two thirds of its time."""
    tables = lists(home, night, *WATCHLISTS)

    def stages(steps: Steps, run_date: date, settings: Settings) -> dict[str, pl.DataFrame]:
        as_of(steps.db, run_date)
        return dict(zip(WATCHLISTS, tables, strict=True))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.nightly._stages", lambda *_: None)
        patch.setattr("jobs.nightly._lists", stages)
        patch.setattr("jobs.nightly.what_verdicts_did", lambda db: {"learned": [], "scores_before": {}})
        yield
