"""The gates between a finished night and its readers: the history they judge by, overrides, and what is recorded.

The history is the published nights before this date, read from their run.json alone, so that a night judges the same
whenever it is run again, whatever was published after it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from graph import gates
from graph.db import Db
from graph.figures import Figures, measure
from graph.gates import Verdict
from graph.settings import GateSettings
from jobs import published
from jobs.errors import UsageError

KEY = "gates"
"""Of run.json: the night's `figures`, the `verdicts` on them, and the `overrides` that were given."""

_HISTORY = 64
"""Nights that are looked back on: eight weekly snapshots among nightly increments, and one to spare."""


@dataclass(frozen=True)
class Judgement:
    """What the gates said of one night."""

    figures: Figures
    verdicts: Sequence[Verdict]
    overrides: Mapping[str, str]

    @property
    def refused(self) -> list[Verdict]:
        """Verdicts that keep the night from being published."""
        return [verdict for verdict in self.verdicts if verdict.state == "refused"]

    def record(self) -> dict[str, object]:
        """For run.json, under `KEY`."""
        return {
            "figures": self.figures.model_dump(mode="json"),
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "overrides": [{"gate": gate, "reason": reason} for gate, reason in sorted(self.overrides.items())],
        }

    def refusal(self) -> str:
        """What to tell the people who must look."""
        said = "; ".join(f"gate {verdict.gate}: {verdict.said}" for verdict in self.refused)
        names = " ".join(f"--override {verdict.gate}" for verdict in self.refused)
        return f"not published. {said}. Have the drop sent again, or accept it with {names} --reason TEXT"


def judge(
    db: Db,
    out: Path,
    run_date: date,
    lists: Mapping[str, pl.DataFrame],
    settings: GateSettings,
    overrides: Mapping[str, str],
) -> Judgement:
    """Judge the night of `run_date` by the published nights before that date.

    `lists` are its watchlists by name, `overrides` the reasons by gate.
    """
    dates = [day for day in published.dates(out) if day < run_date][: -_HISTORY - 1 : -1]
    runs = [(day, run[KEY]) for day in dates if KEY in (run := published.run(published.folder_of(out, day)))]
    earlier = [_figures(out, day, run) for day, run in runs]
    rings = _rings(out, runs[0][0]) if runs else None
    since = _ids_since(earlier[0], runs[0][1]) if runs else None
    now = measure(db, run_date, lists, next(iter(earlier), None), rings, since)
    verdicts = [_overridden(verdict, overrides) for verdict in gates.judge(now, earlier, settings)]
    return Judgement(now, verdicts, overrides)


def overrides(names: Sequence[str], reasons: Sequence[str]) -> dict[str, str]:
    """Gate -> reason, of options given in turn; a single reason is for all.

    Raises UsageError for an unknown gate, naming the nearest, and where a reason is missing.
    """
    for name in names:
        if name not in gates.GATES:
            near = difflib.get_close_matches(name, gates.GATES, n=1)
            known = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(gates.GATES)}"
            raise UsageError(f"--override {name}: no such gate. {known}")
    if not all(reason.strip() for reason in reasons) or len(reasons) not in ({len(names), 1} if names else {0}):
        raise UsageError("every --override needs a --reason TEXT, one for each or one for all; it is recorded")
    return dict(zip(names, reasons if len(reasons) == len(names) else [*reasons] * len(names), strict=True))


def _figures(out: Path, day: date, run: Mapping[str, Any]) -> Figures:
    try:
        return Figures.model_validate(run["figures"])
    except ValidationError as damaged:
        raise published.DamagedError(published.folder_of(out, day), "at gates.figures") from damaged


def _rings(out: Path, day: date) -> set[str]:
    return set(published.tables(published.folder_of(out, day), "rings")[0]["ring_id"])


def _ids_since(before: Figures, run: Mapping[str, Any]) -> date | None:
    """From which drop on ids can be compared: a new salt that was accepted is the only one from then on."""
    accepted = any(verdict["gate"] == "salt" and verdict["state"] == "overridden" for verdict in run["verdicts"])
    return before.drop_date if accepted else before.ids_since


def _overridden(verdict: Verdict, given: Mapping[str, str]) -> Verdict:
    return replace(verdict, state="overridden") if verdict.state == "refused" and verdict.gate in given else verdict
