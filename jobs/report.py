"""How good the lists are, by what analysts decided: precision at capacity, reliability, reversals, drift, audit sample.

The figures are those of `jobs.judged`; here they are printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from graph.settings import VerdictSettings
from graph.tables import TYPOLOGIES
from jobs import judged, published
from jobs.errors import UsageError
from jobs.evaluate import CAPACITIES
from jobs.register_store import VERDICTS
from jobs.screen import escape

SHIFTED = 0.25
"""PSI from which a distribution counts as another; 0.1 to 0.25 is worth a look (the convention of credit scoring)."""
LATELY = 28
"""Nights that tonight is compared with, and whose rings are still asked for in the audit sample."""


@dataclass(frozen=True)
class Lists:
    """Published nights: `accounts` and `rings` with their `run_date`, `lone` by night, the newest night's run.json."""

    nights: list[date]
    accounts: pl.DataFrame
    rings: pl.DataFrame
    lone: dict[date, int]
    run: dict[str, Any]

    @property
    def newest(self) -> date:
        """The night that the report is up to."""
        return self.nights[-1]


def report(watchlists: Path, warehouse: Path | None, truth: Path | None, run_date: date | None) -> None:
    """Print the report up to a night. Raises UsageError without a published night, or with both sources."""
    if warehouse and truth:
        raise UsageError("--warehouse and --truth exclude each other")
    lists = _lists(watchlists, run_date)
    screen = Console()
    sample, rings = judged.drawn(lists.rings.drop("accounts")), None
    if truth:
        bad = judged.planted(truth)
        tonight = lists.accounts.filter(pl.col("run_date") == lists.newest)
        accounts = tonight.with_columns(pl.col("account_id").is_in(sorted(bad)).alias("good"))
        rings = judged.rings_by_truth(lists.rings, bad)
        screen.print(_precision(accounts), _reliability(rings), _audited(sample, rings))
    elif warehouse:
        every = judged.verdicts(warehouse, _markers(lists.run))
        decided = every.filter("counts")
        rings = judged.rings_by_verdict(lists.accounts, lists.rings.drop("accounts"), decided)
        accounts = judged.by_verdict(lists.accounts, decided)
        screen.print(_precision(accounts), _reliability(rings), _audited(sample, rings))
        if ours := every.height - decided.height:
            screen.print(f"{ours} verdicts followed our own flag alone and count for nothing")
        screen.print(_reversals(decided), *_learned(lists.run))
    else:
        screen.print("no verdicts: name the --warehouse beside which they are, or a --truth")
    screen.print(_volumes(lists))
    for line in _drift(lists):
        screen.print(line)
    screen.print(_sample(sample, rings, lists))


def _lists(watchlists: Path, run_date: date | None) -> Lists:
    newest = published.night(watchlists, run_date)
    last = date.fromisoformat(newest.name.removeprefix("run_date="))
    nights = [night for night in published.dates(watchlists) if night <= last]
    accounts, rings, lone = list[pl.DataFrame](), list[pl.DataFrame](), dict[date, int]()
    for night in nights:
        folder, dated = published.folder_of(watchlists, night), pl.lit(night).alias("run_date")
        of = published.tables(folder, "accounts", "rings", "lone")
        accounts.append(of[0].select(dated, "account_id", "ring_id", "rank", "score", "typology"))
        rings.append(of[1].select(dated, "ring_id", "rank", "score", "typology", "accounts"))
        lone[night] = of[2].height
    return Lists(nights, pl.concat(accounts), pl.concat(rings), lone, published.run(newest))


def _markers(run: dict[str, Any]) -> tuple[str, ...]:
    """As the newest night had them set."""
    said = run["settings"].get("method", {}).get("verdicts", {})
    return tuple(said.get("own_flag_markers", VerdictSettings().own_flag_markers))


def _share(of: pl.DataFrame) -> str:
    return f"{of['good'].sum() / of.height:.2f}" if of.height else "-"


def _precision(accounts: pl.DataFrame) -> Table:
    table = Table(
        "typology",
        *(f"at {n}" for n in CAPACITIES),
        "all",
        "decided",
        title="precision of accounts, by rank when decided",
    )
    for name in ["all", *accounts["typology"].unique().sort()]:
        of = accounts if name == "all" else accounts.filter(typology=name)
        at = [_share(of.filter(pl.col("rank") <= n)) for n in CAPACITIES]
        table.add_row(name, *at, _share(of), str(of.height))
    return table


def _reliability(rings: pl.DataFrame) -> Table:
    table = Table("score", "mean score", "share confirmed", "95 %", "decided", title="reliability of rings' scores")
    columns = pl.len(), pl.col("score").mean(), pl.col("good").mean()
    for band, n, mean, share in rings.group_by(judged.BAND.alias("band")).agg(columns).sort("band").iter_rows():
        low, high = judged.interval(share, n)
        tenth = f"{band / judged.BINS:.1f} to {(band + 1) / judged.BINS:.1f}"
        table.add_row(tenth, f"{mean:.2f}", f"{share:.2f}", f"{low:.2f} to {high:.2f}", str(n))
    return table


def _audited(sample: pl.DataFrame, rings: pl.DataFrame) -> str:
    found = judged.audited(sample, rings)
    if not found:
        return f"audit sample: none of its {sample.height} rings decided yet"
    good, n, share, worth = found
    low, high = judged.interval(share, worth)
    return (
        f"audit sample: {good} of {n} decided rings confirmed, of {sample.height} drawn; precision of all rings when"
        f" first listed {share:.2f} (95 %: {low:.2f} to {high:.2f})"
    )


def _reversals(decided: pl.DataFrame) -> Table:
    table = Table("subject", "from", "to", "when", title="reversals")
    last: dict[str, str] = {}
    for subject, verdict, at in decided.select("subject_id", "verdict", "decided_at").iter_rows():
        if verdict in ("confirmed", "cleared"):
            before = last.get(subject, verdict)
            if before != verdict:
                table.add_row(escape(subject), before, verdict, f"{at:%Y-%m-%d}")
            last[subject] = verdict
    return table


def _learned(run: dict[str, Any]) -> list[Table | str]:
    rows = run.get(VERDICTS, {}).get("learned", [])
    if not rows:
        return ["learned from verdicts: nothing yet"]
    table = Table("typology", "decided rings", "confirmed", "promised", "weight", title="learned from verdicts")
    for row in rows:
        figures = (str(row["n"]), str(row["confirmed"]), f"{row['promised']:.1f}", f"{row['weight']:+.2f}")
        table.add_row(row["typology"], *figures)
    return [table, f"log-odds = {rows[0]['shift']:+.2f} + {rows[0]['slope']:.2f} × promised + weight"]


def _volumes(lists: Lists) -> Table:
    table = Table("night", "rings", "accounts", "lone", "mean score", title="volumes")
    for night in lists.nights[-14:]:
        rings, accounts = (frame.filter(pl.col("run_date") == night) for frame in (lists.rings, lists.accounts))
        mean = f"{accounts['score'].sum() / accounts.height:.2f}" if accounts.height else "-"
        table.add_row(str(night), str(rings.height), str(accounts.height), str(lists.lone[night]), mean)
    return table


def _drift(lists: Lists) -> list[str]:
    if len(lists.nights) < 2:
        return ["drift: one night alone has nothing to differ from"]
    newest = pl.col("run_date") == lists.newest
    now = lists.accounts.filter(newest)
    before = lists.accounts.filter(~newest & (pl.col("run_date") >= lists.nights[-1 - LATELY :][0]))
    return [
        _moved("scores", judged.in_bands(before["score"]), judged.in_bands(now["score"])),
        _moved("volumes (accounts by typology)", _by_typology(before), _by_typology(now)),
    ]


def _by_typology(accounts: pl.DataFrame) -> list[int]:
    held = dict(accounts.group_by("typology").len().iter_rows())
    return [held.get(name, 0) for name in TYPOLOGIES]


def _moved(what: str, before: list[int], now: list[int]) -> str:
    value, chance = judged.psi(before, now), judged.psi_by_chance(before, now)
    said = "another distribution: look why" if value >= SHIFTED else "look" if value >= 0.1 else "stable"
    if value < 2 * chance:
        said = "no more than chance"
    return f"drift of {what} against the nights before: PSI {value:.3f} (by chance about {chance:.3f}), {said}"


def _sample(sample: pl.DataFrame, rings: pl.DataFrame | None, lists: Lists) -> Table:
    """What is still to be decided on, so that the audit sample speaks for all."""
    title = "audit sample: decide on these whatever their rank"
    table = Table("ring", "first listed", "rank then", "score then", title=title)
    asked = sample.filter(pl.col("run_date") >= lists.nights[-LATELY:][0])
    if rings is not None:
        asked = asked.join(rings, on="ring_id", how="anti")
    for ring_id, night, rank, score in (
        asked.sort("run_date", "rank").select("ring_id", "run_date", "rank", "score").iter_rows()
    ):
        table.add_row(ring_id, str(night), str(rank), f"{score:.2f}")
    return table
