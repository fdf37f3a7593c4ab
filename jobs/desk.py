"""The analyst's desk: a published night together with what only the warehouse knows.

    night = open_desk("/srv/ringwatch/out")

For notebooks. The warehouse is opened only while a question is answered, and only read, so that the nightly job never
waits for a notebook that somebody left open.
"""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
from pydantic import ValidationError

from graph.displays import show
from graph.explore import Night, NoDeskError, dates, open_night
from graph.exports import LABELS
from graph.rates import evidence
from graph.score import scores
from graph.weighed import weighed
from graph.what_if import Weighed
from jobs import judged
from jobs.errors import RingwatchError, UsageError
from jobs.label import label
from jobs.nightly import find_rings, weigh
from jobs.settings import Settings
from jobs.steps import Counted, Steps
from jobs.warehouse import Warehouse

T = TypeVar("T")
OUT, WAREHOUSE, TRUTH = "RINGWATCH_OUT", "RINGWATCH_WAREHOUSE", "RINGWATCH_TRUTH"
"""Environment variables that name the reader's own: the --out of nightly, its --warehouse, a truth.parquet."""
ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample"
VERDICTS = next(column.values for column in LABELS.columns if column.name == "verdict")
WEIGHED = ("ties", "acts", "rings", "score")
"""Groups of settings that the scores depend on; names and verdicts come after."""
WORKED = ROOT / "build" / "notebooks"
"""The sample's nights and warehouse, made when a notebook first asks for them."""


def open_desk(out: str | Path | None = None, run_date: date | None = None) -> Night:
    """A published night with its desk. `out` is the --out of nightly; if not given, $RINGWATCH_OUT; if that is not set,
    the synthetic sample, whose nights are made once.

    The warehouse is $RINGWATCH_WAREHOUSE, else warehouse.duckdb beside `out`; without either the night opens all the
    same, and what needs it says so. Raises NotThereError where no night is published.
    """
    named = out or os.environ.get(OUT)
    folder = Path(named) if named else sample()
    warehouse = Path(os.environ.get(WAREHOUSE) or folder.resolve().parent / "warehouse.duckdb")
    truth = os.environ.get(TRUTH) or (None if named else SAMPLE / "truth.parquet")
    desk = WarehouseDesk(warehouse, Path(truth) if truth else None)
    return open_night(folder, run_date, desk if desk.truth or warehouse.is_file() else None)


def sample() -> Path:
    """The --out of the nights of data/sample, run if they are not there yet. Raises UsageError without the sample."""
    if not SAMPLE.is_dir():
        raise UsageError(f"no {SAMPLE} here: name the --out of ringwatch nightly, as ${OUT} or in the first cell")
    out = WORKED / "out"
    # A process of its own, whose progress is no part of a notebook's page.
    where = {"--exports": SAMPLE, "--warehouse": WORKED / "warehouse.duckdb", "--out": out}
    night = ["nightly", "--catch-up", *(str(word) for option in where.items() for word in option)]
    done = subprocess.run([sys.executable, "-m", "jobs", *night], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RingwatchError(f"the sample's nights could not be run: {done.stderr[-500:]}")
    return out


def ask(question: Callable[..., T], *args: Any, otherwise: T | None = None) -> T | None:
    """The answer; or `otherwise`, and the reason shown, where there is no warehouse or it cannot be read just now."""
    try:
        return question(*args)
    except (NoDeskError, RingwatchError) as why:
        show(str(why))
        return otherwise


def short() -> bool:
    """Whether a notebook should try few settings only, as the tests do: $RINGWATCH_SHORT is set."""
    return bool(os.environ.get("RINGWATCH_SHORT"))


@dataclass(frozen=True)
class Judgement:
    """What somebody decided of the listed. `accounts` and `rings`: the columns of `listings` (those of rings without
    `accounts`) and `good`, one row an account and a ring. `cleared` is None where everybody who is not `guilty` is
    known to be honest, as in a synthetic market with its truth."""

    source: str
    accounts: pl.DataFrame
    rings: pl.DataFrame
    guilty: frozenset[str]
    cleared: frozenset[str] | None = None

    def of(self, accounts: Iterable[str]) -> list[bool | None]:
        """Of each account whether it is guilty; None where nobody decided."""
        honest = self.cleared
        return [True if a in self.guilty else False if honest is None or a in honest else None for a in accounts]

    def precision(self, accounts: Iterable[str]) -> float | None:
        """Share of the guilty among the accounts decided on; None where there are none."""
        known = [guilty for guilty in self.of(accounts) if guilty is not None]
        return sum(known) / len(known) if known else None


def listings(night: Night) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All that was listed up to a night, with its `run_date`: `account_id`, `ring_id`, `rank`, `score`, `typology`; and
    `ring_id`, `rank`, `score`, `typology`, `accounts`."""
    out = night.folder.parent
    accounts, rings = list[pl.DataFrame](), list[pl.DataFrame]()
    for day in dates(out):
        if day <= night.date:
            then, dated = open_night(out, day), pl.lit(day).alias("run_date")
            columns = ("ring_id", "rank", "score", "typology")
            accounts.append(then.table("accounts").select(dated, "account_id", *columns))
            rings.append(then.table("rings").select(dated, *columns, "accounts"))
    return pl.concat(accounts), pl.concat(rings)


@dataclass
class WarehouseDesk:
    """`graph.explore.Desk` on a warehouse. `truth` is a truth.parquet of a synthetic market, where there is one."""

    warehouse: Path
    truth: Path | None = None
    _done: dict[tuple[bytes, str], Weighed] = field(default_factory=dict, repr=False)

    def weigh(self, record: bytes, changes: Iterable[dict[str, Any]]) -> list[Weighed]:
        """The night of that run.json weighed as it was and with each of the changes. What was weighed once is kept.

        Raises UsageError for an unknown setting, a value that cannot be, or a night of another version's settings;
        BusyError while the nightly job holds the warehouse.
        """
        run = json.loads(record)
        base = _settings(run.get("settings", {}))
        wanted = {_key(change): (change, _changed(base, change)) for change in ({}, *changes)}
        todo = {key: value for key, value in wanted.items() if (record, key) not in self._done}
        if todo:
            for key, found in self._weighed(date.fromisoformat(run["run_date"]), base, todo):
                self._done[record, key] = found
        return [self._done[record, key] for key in wanted]

    def _weighed(
        self, night: date, base: Settings, todo: dict[str, tuple[dict[str, Any], Settings]]
    ) -> Iterator[tuple[str, Weighed]]:
        """Weigh the night as it was, then what leaves ties and acts alone and so can share them, then the rest."""
        with (
            Warehouse.open(self.warehouse, **base.engine.limits(), read_only=True) as db,
            Steps(night, Counted(db), quiet=True) as steps,
        ):
            weigh(steps, night, base)
            # Whoever changes ties or acts comes last: what the others share is gone then.
            for key, (change, settings) in sorted(todo.items(), key=lambda item: (*_reach(item[1][0]), item[0])):
                method = settings.method
                if _reach(change)[1]:
                    weigh(steps, night, settings)
                elif change:
                    evidence(db, method.score)
                    find_rings(db, method)
                    scores(db, method.score, method.rings)
                yield key, weighed(db, method.rings, change)

    def label(self, subject: str, verdict: str, decided_at: datetime | None = None, **more: str | None) -> None:
        """Record a verdict beside the warehouse, as `ringwatch label` does. Raises UsageError for an unknown subject or
        verdict."""
        if verdict not in VERDICTS:
            raise UsageError(f"{verdict}: no verdict. There are {', '.join(VERDICTS)}")
        label(subject, verdict, self.warehouse, decided_at, Settings(), **more)


def judgement(night: Night) -> Judgement | None:
    """What is known of the listed: the truth of a synthetic market, else the analysts' verdicts that count; None
    where there is neither. Raises NoDeskError without a desk, UsageError for a truth that is none."""
    desk = night.desk
    if not isinstance(desk, WarehouseDesk):
        raise NoDeskError("the night was opened without its desk: no verdicts")
    accounts, rings = listings(night)
    if desk.truth:
        bad = judged.planted(desk.truth)
        tonight = accounts.filter(run_date=night.date)
        good = tonight.with_columns(pl.col("account_id").is_in(sorted(bad)).alias("good"))
        return Judgement("the synthetic market's truth", good, judged.rings_by_truth(rings, bad), frozenset(bad))
    markers = night.settings.get("method", {}).get("verdicts", {}).get("own_flag_markers", ())
    decided = judged.verdicts(desk.warehouse, markers).filter("counts")
    found = judged.by_verdict(accounts, decided)
    guilty, cleared = (frozenset(found.filter(good=good)["account_id"]) for good in (True, False))
    by_ring = judged.rings_by_verdict(accounts, rings.drop("accounts"), decided)
    return Judgement("analysts' verdicts", found, by_ring, guilty, cleared) if found.height else None


def _key(change: dict[str, Any]) -> str:
    return json.dumps(change, sort_keys=True, default=str)


def _reach(change: dict[str, Any]) -> tuple[bool, bool]:
    """Whether something changes at all, and whether before the rates. `score.spread` does: acts are counted with it."""
    late = all(name.startswith(("rings.", "score.")) and name != "score.spread" for name in change)
    return bool(change), not late


def _settings(found: dict[str, Any]) -> Settings:
    try:
        return Settings.model_validate(found)
    except ValidationError as fault:
        raise UsageError("the night ran with settings of another version: run it again to weigh it here") from fault


def _changed(base: Settings, change: dict[str, Any]) -> Settings:
    """The settings with each dotted name of `change` (below `method`) replaced. Raises UsageError."""
    found = base.model_dump()
    for name, value in change.items():
        group, _, key = name.partition(".")
        if group not in WEIGHED or key not in found["method"][group]:
            known = [f"{g}.{k}" for g in WEIGHED for k in found["method"][g]]
            near = difflib.get_close_matches(name, known, n=1)
            raise UsageError(f"{name}: no setting that is weighed. " + (f"Did you mean {near[0]}?" if near else ""))
        found["method"][group][key] = value
    try:
        return Settings.model_validate(found)
    except ValidationError as fault:
        place = ".".join(map(str, fault.errors()[0]["loc"]))
        raise UsageError(f"{place}: {fault.errors()[0]['msg']}") from fault
