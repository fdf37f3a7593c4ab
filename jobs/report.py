"""How good the lists are, by what analysts decided: precision at capacity, reversals, reliability, drift, audit sample.

A verdict speaks for the listing that the analyst had seen: the account's last before the decision, with its rank, score
and typology of that night. Verdicts on what people chose to look at are biased toward the top; the audit sample is
drawn by chance, so that the precision among it is not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from math import log, sqrt
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from jobs import published, verdict_journal
from jobs.errors import UsageError
from jobs.evaluate import CAPACITIES
from jobs.warehouse import Warehouse

AUDIT = 20
"""Accounts a night to look at whatever their rank: in a month enough for a precision within five percent."""
BINS = 10
SHIFTED = 0.25
"""PSI from which a distribution counts as another; 0.1 to 0.25 is worth a look (the convention of credit scoring)."""
GOOD = {"confirmed": True, "cleared": False}


@dataclass(frozen=True)
class Judged:
    """A listing and what was decided of it."""

    night: date
    account_id: str
    rank: int
    score: float
    typology: str
    good: bool
    audited: bool


def report(watchlists: Path, warehouse: Path | None, truth: Path | None, run_date: date | None) -> None:
    """Print the report up to a night. Raises UsageError without a published night, or with both sources."""
    if warehouse and truth:
        raise UsageError("--warehouse and --truth exclude each other")
    newest = date.fromisoformat(published.night(watchlists, run_date).name.removeprefix("run_date="))
    nights = [night for night in published.dates(watchlists) if night <= newest]
    lists = {n: published.tables(published.folder_of(watchlists, n), "accounts", "rings", "lone") for n in nights}
    listings = {night: frames[0] for night, frames in lists.items()}
    screen = Console()
    if truth or warehouse:
        decided = verdicts(warehouse) if warehouse else None
        judged = by_verdict(listings, decided) if decided is not None else by_truth(listings[newest], newest, truth)
        screen.print(_precision(judged), _reliability(judged), _audited(judged))
        if decided is not None:
            screen.print(_reversals(decided))
    else:
        screen.print("no verdicts: name the --warehouse beside which they are, or a --truth")
    screen.print(
        _volumes({n: {"rings": f[1], "accounts": f[0], "lone": f[2]} for n, f in lists.items()}), _drift(listings)
    )
    screen.print(_sample(listings[newest], newest))


def verdicts(warehouse: Path) -> pl.DataFrame:
    """All verdicts, from labels and from the journal: `subject_id`, `verdict`, `decided_at`, oldest first."""
    columns = ("subject_id", "verdict", "decided_at")
    given = verdict_journal.read(warehouse).select(columns)
    with Warehouse.open(warehouse, read_only=True) as db:
        there = {name for (name,) in db.rows("SELECT table_name FROM duckdb_tables()")}
        if "labels_rows" in there:
            given = pl.concat([given, db.frame(f"SELECT DISTINCT {', '.join(columns)} FROM labels_rows")])
    return given.unique().sort("decided_at", "subject_id", "verdict")


def by_verdict(listings: dict[date, pl.DataFrame], decided: pl.DataFrame) -> list[Judged]:
    """One row an account that was decided on, itself or through its ring, at its last listing before that."""
    newest: dict[str, Judged] = {}
    for subject, verdict, at in decided.iter_rows():
        if verdict in GOOD and (night := _seen(listings, subject, at)):
            rows = listings[night].filter((pl.col("account_id") == subject) | (pl.col("ring_id") == subject))
            newest |= {j.account_id: j for j in _judged(rows, night, dict.fromkeys(rows["account_id"], GOOD[verdict]))}
    return [newest[account] for account in sorted(newest)]


def _seen(listings: dict[date, pl.DataFrame], subject: str, at: datetime) -> date | None:
    named = (pl.col("account_id") == subject) | (pl.col("ring_id") == subject)
    nights = [night for night in listings if night <= at.date() and not listings[night].filter(named).is_empty()]
    return max(nights, default=None)


def by_truth(accounts: pl.DataFrame, night: date, truth: Path | None) -> list[Judged]:
    """One row a listed account of one night of a synthetic market. Raises UsageError for another file."""
    try:
        planted = set(pl.read_parquet(truth, columns=["account_id"])["account_id"]) if truth else set()
    except (OSError, pl.exceptions.PolarsError) as failure:
        raise UsageError(f"--truth {truth}: not a truth.parquet, as simulate writes one") from failure
    return _judged(accounts, night, {account: account in planted for account in accounts["account_id"]})


def _judged(rows: pl.DataFrame, night: date, good: dict[str, bool]) -> list[Judged]:
    sample = set(audit_sample(rows, night))
    return [
        Judged(night, account, rank, score, typology, good[account], account in sample)
        for account, rank, score, typology in rows.select("account_id", "rank", "score", "typology").iter_rows()
    ]


def audit_sample(accounts: pl.DataFrame, night: date) -> list[str]:
    """Accounts drawn by chance: those whose hash with the night is lowest, so that a re-run draws the same."""
    drawn = sorted(accounts["account_id"], key=lambda a: hashlib.sha256(f"{night}|{a}".encode()).digest())
    return sorted(drawn[:AUDIT])


def psi(one: list[float], other: list[float]) -> float:
    """Population stability index of scores in [0, 1]; half an account in every bin keeps empty ones from exploding."""
    shares: list[list[float]] = []
    for scores in (one, other):
        counts = [0.5] * BINS
        for score in scores:
            counts[min(int(score * BINS), BINS - 1)] += 1
        shares.append([count / sum(counts) for count in counts])
    return sum([(a - b) * log(a / b) for a, b in zip(shares[0], shares[1], strict=True)], 0.0)


def interval(good: int, n: int) -> tuple[float, float]:
    """95 % confidence interval of a share (Wilson 1927), which a small sample needs more than its share."""
    z = 1.96
    centre, spread = good + z * z / 2, z * sqrt(good * (n - good) / n + z * z / 4)
    return (centre - spread) / (n + z * z), (centre + spread) / (n + z * z)


def _share(judged: list[Judged]) -> tuple[str, str]:
    if not judged:
        return "-", "0"
    return f"{sum(j.good for j in judged) / len(judged):.2f}", str(len(judged))


def _precision(judged: list[Judged]) -> Table:
    table = Table(
        "typology", *(f"at {n}" for n in CAPACITIES), "all", "decided", title="precision, by rank when decided"
    )
    for name in ["all", *sorted({j.typology for j in judged})]:
        of = [j for j in judged if name in ("all", j.typology)]
        table.add_row(name, *(_share([j for j in of if j.rank <= n])[0] for n in CAPACITIES), *_share(of))
    return table


def _reliability(judged: list[Judged]) -> Table:
    table = Table("score", "mean score", "share confirmed", "decided", title="reliability")
    for low in range(BINS):
        of = [j for j in judged if min(int(j.score * BINS), BINS - 1) == low]
        if of:
            mean = sum(j.score for j in of) / len(of)
            table.add_row(f"{low / BINS:.1f} to {(low + 1) / BINS:.1f}", f"{mean:.2f}", *_share(of))
    return table


def _audited(judged: list[Judged]) -> str:
    of = [j for j in judged if j.audited]
    if not of:
        return "audit sample: nothing of it decided yet"
    good = sum(j.good for j in of)
    low, high = interval(good, len(of))
    return (
        f"audit sample: {good} of {len(of)} confirmed, precision {good / len(of):.2f} (95 %: {low:.2f} to {high:.2f})"
    )


def _reversals(decided: pl.DataFrame) -> Table:
    table = Table("subject", "from", "to", "when", title="reversals")
    last: dict[str, str] = {}
    for subject, verdict, at in decided.iter_rows():
        before = last.get(subject)
        if verdict in GOOD:
            if before and before != verdict:
                table.add_row(subject, before, verdict, f"{at:%Y-%m-%d}")
            last[subject] = verdict
    return table


def _volumes(nights: dict[date, dict[str, pl.DataFrame]]) -> Table:
    table = Table("night", "rings", "accounts", "lone", "mean score", title="volumes")
    for night, frames in sorted(nights.items())[-14:]:
        mean = frames["accounts"]["score"].mean()
        counts = [str(frames[name].height) for name in ("rings", "accounts", "lone")]
        table.add_row(str(night), *counts, f"{mean:.2f}" if isinstance(mean, float) else "-")
    return table


def _drift(listings: dict[date, pl.DataFrame]) -> str:
    nights = sorted(listings)
    if len(nights) < 2:
        return "drift: one night alone has nothing to differ from"
    before = [score for night in nights[:-1] for score in listings[night]["score"]]
    value = psi(before, listings[nights[-1]]["score"].to_list())
    said = "another distribution: look why" if value >= SHIFTED else "look" if value >= 0.1 else "stable"
    return f"drift of scores against the nights before: PSI {value:.3f}, {said}"


def _sample(accounts: pl.DataFrame, night: date) -> Table:
    table = Table("account", "ring", "rank", title=f"audit sample of {night}: decide on these whatever their rank")
    for account in audit_sample(accounts, night):
        [row] = accounts.filter(account_id=account).select("ring_id", "rank").rows()
        table.add_row(account, row[0], str(row[1]))
    return table
