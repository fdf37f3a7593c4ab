"""The night, from exports to watchlists: every stage named once, in order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from graph.acting_hubs import acting_hubs
from graph.acts import forget, tally
from graph.db import Db
from graph.joining import joining
from graph.learning import learning
from graph.pairs import pairs
from graph.rates import evidence, undone
from graph.register import register
from graph.rings import rings
from graph.score import scores
from graph.settings import Method
from graph.sign_ups import sign_ups
from graph.state import as_of
from graph.tables import WATCHLISTS
from graph.ties import ties
from graph.uses import uses
from graph.verdicts import verdicts
from graph.watchlists import watchlists
from jobs import gates, pruned, published, runs
from jobs.door.discover import drops, growing_is_not_yet
from jobs.door.loading import load
from jobs.engine import Engine, opened
from jobs.errors import GateError, UsageError
from jobs.record import record
from jobs.register_store import PLACE, VERDICTS, learn, recall, what_verdicts_did
from jobs.settings import Settings
from jobs.steps import Counted, Steps
from jobs.summary import nothing_new, say_verdicts, summary
from jobs.tombstones import obey, unfinished
from jobs.verdict_journal import recall_verdicts
from jobs.warehouse import Warehouse
from jobs.warehouse_file import refuse_odd


def nightly(
    exports: Path,
    warehouse: Path,
    out: Path,
    run_date: date | None,
    catch_up: bool,
    settings: Settings,
    overrides: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run one night, or with `catch_up` every dropped night not yet published, oldest first.

    `overrides` are gates that may not refuse it, each with the reason. Raises the classes of `jobs.errors`; the nights
    published before the failure stand.
    """
    refuse_odd(warehouse)
    _check_apart(exports, warehouse)
    with runs.shelf(out), opened(warehouse, settings.engine, exports) as engine, growing_is_not_yet(exports):
        nights = _nights(engine.file, exports, out, run_date, catch_up, settings)
        for night in nights:
            _run(engine, exports, out, night, settings, overrides)
        if not nights:
            if done := published.dates(out):
                recall(engine.file, out, done[-1])  # a run killed right after publishing had not come to it
            nothing_new()


def _check_apart(exports: Path, warehouse: Path) -> None:
    """A drop goes whole when its term ends, and what lies in it would go with it."""
    for drop in drops(exports):
        if drop.folder != exports and warehouse.resolve().is_relative_to(drop.folder.resolve()):
            raise UsageError(f"--warehouse {warehouse} lies in the drop of {drop.date}. Name a place outside the drops")


def _run(
    engine: Engine, exports: Path, out: Path, run_date: date, settings: Settings, overrides: Mapping[str, str]
) -> None:
    started, file, db = datetime.now(UTC), engine.file, engine.db
    before = _before(out, run_date, settings)
    with runs.building(out, run_date) as night, Steps(run_date, Counted(db), before=before) as steps:
        with steps.step("load") as step:
            report = load(file, exports, settings.exports, until=run_date, elsewhere=engine.elsewhere)
            obey(file, file.path)
            if left := unfinished(file.path):
                steps.say("erasures were cut off: run `ringwatch erase` again for each", unfinished=left)
            step.rows = sum(read.rows_read for read in report.files)
            place = recall(file, out, run_date)
            recall_verdicts(file)
            engine.hand_over()
        _stages(steps, run_date, settings)
        # The lists grow in our memory and the engine has little left to do: what it keeps would add to the peak.
        with file.half_the_memory():
            tables = _lists(steps, run_date, settings)
            with steps.step("write") as step:
                for name, table in WATCHLISTS.items():
                    night.write(table, tables[name])
                step.rows = sum(output.rows for output in night.outputs)
            with steps.step("gates"):
                judged = gates.judge(db, out, run_date, tables, settings.gates, overrides)
        night.write_record(
            {
                **record(run_date, started, settings, report.files, steps.done, night.outputs),
                PLACE: place,
                VERDICTS: what_verdicts_did(db),
                gates.KEY: judged.record(),
            }
        )
        say_verdicts(steps, judged.verdicts)
        if judged.refused:
            raise GateError(f"night of {run_date} {judged.refusal()}. It is kept in {night.refuse()}")
        night.publish()
        runs.point_latest(out)
        learn(file, out, run_date)
    summary(steps, tables)


def _before(out: Path, run_date: date, settings: Settings) -> list[dict[str, Any]]:
    """The steps of the newest night published before this date; none where that ran on another engine, or is damaged:
    an estimate is not worth a night, and what needs the record will say so."""
    days = [day for day in published.dates(out) if day < run_date]
    try:
        run = published.run(published.folder_of(out, days[-1])) if days else {}
    except published.DamagedError:
        return []
    same = run and run["settings"].get("engine") == settings.engine.model_dump(mode="json")
    return run["steps"] if same else []


def _stages(steps: Steps, run_date: date, settings: Settings) -> None:
    """Tables in, tables out, all but the lists. The order is this one and that of `weigh`, and stands nowhere else."""
    db, method = steps.db, settings.method
    weigh(steps, run_date, settings)
    forget(db)
    with steps.step("learning"):
        learning(db, run_date, method)
    with steps.step("register"):
        register(db, run_date, method.names)
    with steps.step("verdicts"):
        verdicts(db, run_date, method.verdicts, listed=method.score.listed, power=method.score.power)


def _lists(steps: Steps, run_date: date, settings: Settings) -> dict[str, pl.DataFrame]:
    """The last step before something is written."""
    with steps.step("watchlists"):
        return watchlists(steps.db, run_date, settings.method, settings.publish.language)


def weigh(steps: Steps, run_date: date, settings: Settings) -> None:
    """From exports to scores: all that is found before names, verdicts and lists; `explain` looks at it again."""
    db, method = steps.db, settings.method
    now = datetime.combine(run_date, time(23, 59, 59))
    with steps.step("state"):
        as_of(db, run_date, guess=True)
    with steps.step("uses"):
        uses(db, now=now, since=now - timedelta(days=method.ties.window_days))
    with steps.step("ties"):
        sign_ups(db, method.ties)
        ties(db, method.ties, now=now, silent_days=method.acts.silent_days)
    with steps.step("acts"):
        tally(db, method.acts, now=now, spread=method.score.spread, burst_hours=method.ties.burst_hours)
    with steps.step("rates"):
        evidence(db, method.score)
    with steps.step("rings"):
        find_rings(db, method)
    with steps.step("scores"):
        scores(db, method.score, method.rings)


def find_rings(db: Db, method: Method) -> None:
    """From evidence to rings: who may be one hand, what all of them did and left undone, where one ring ends, and who
    joins it after all."""
    acting_hubs(db, method.ties, acting=method.rings.acting)
    pairs(db, method.rings, apart=method.ties.apart)
    undone(db, "components")
    rings(db, method.rings)
    joining(db, method.rings)


def _nights(
    db: Warehouse, exports: Path, out: Path, run_date: date | None, catch_up: bool, settings: Settings
) -> list[date]:
    """The nights to run, oldest first."""
    if run_date:
        return [run_date]
    dropped = [drop.date for drop in drops(exports) if drop.date]
    if not dropped:  # only its rows can date a drop whose folder does not; loading it once more costs nothing
        dropped = load(db, exports, settings.exports, until=None).dates[-1:]
    done = pruned.read(out).nights.union(published.dates(out))
    return sorted(set(dropped) - done) if catch_up else dropped[-1:]
