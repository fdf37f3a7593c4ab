"""The register of rings: the same ring keeps its name from night to night, and its history says what became of it.

Tonight's rings are matched one to one to the rings of earlier nights by shared members (optimal assignment, Kuhn 1955,
on overlap), history before tonight's look. A night that is run again or filled in later looks at earlier nights first,
then at the nearest later one, and never changes their names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph.db import Db
    from graph.settings import RegisterSettings

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Past:
    """A ring as an earlier (or, back-filling, later) night last published it."""

    ring_id: str
    night: date
    accounts: frozenset[str]
    score: float


@dataclass
class Named:
    """A ring of tonight with its name and what became of it since."""

    ring_id: str
    lifecycle: str
    previous: list[str] = field(default_factory=list)
    before: Past | None = None


def register(db: Db, run_date: date, s: RegisterSettings) -> None:
    """Make `ring_names` and `ring_accounts`, `ring_past`.

    Reads `members`, `member_scores`, `ring_scores`, `register_history` (`run_date`, `ring_id`, `account_id`, `score`;
    published nights but tonight's). `ring_names`: `ring`, `ring_id`, `lifecycle`, `previous_ring_ids`, `n_before`,
    `score_before`, `last_seen`.
    `ring_accounts`: `ring_id`, `account_id`, `score` (of the ring). `ring_past`: `ring_id`, `account_id`, `score` of
    the published night before tonight.
    """
    tonight = _rings(db)
    history = db.frame("SELECT run_date, ring_id, account_id, score FROM register_history ORDER BY ALL")
    names = named(tonight, pasts(history, run_date), last_night(history, run_date), s, run_date)
    rows = [
        (
            ring,
            n.ring_id,
            n.lifecycle,
            n.previous,
            len(n.before.accounts) if n.before else None,
            n.before.score if n.before else None,
            n.before.night if n.before else None,
        )
        for ring, n in sorted(names.items())
    ]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "ring": pl.Int64, "ring_id": pl.String, "lifecycle": pl.String, "previous_ring_ids": pl.List(pl.String),
        "n_before": pl.Int64, "score_before": pl.Float64, "last_seen": pl.Date,
    }  # fmt: skip
    db.put("ring_names", pl.DataFrame(rows, schema=schema, orient="row"))
    db.make(
        "ring_accounts",
        """
        SELECT n.ring_id, m.account_id, r.score
        FROM ring_names AS n JOIN members AS m USING (ring) JOIN ring_scores AS r USING (ring) ORDER BY ALL
        """,
    )
    db.make(
        "ring_past",
        """
        SELECT ring_id, account_id, score FROM register_history
        WHERE run_date = (SELECT max(run_date) FROM register_history WHERE run_date < $run_date) ORDER BY ALL
        """,
        run_date=run_date,
    )


def pasts(history: pl.DataFrame, run_date: date) -> list[Past]:
    """Every ring of the history as last seen before `run_date`, else as first seen after it; sorted by name."""
    earlier = history.filter(pl.col("run_date") < run_date)
    later = history.filter(pl.col("run_date") > run_date).join(earlier, on="ring_id", how="anti")
    seen = pl.concat(
        [
            earlier.filter(pl.col("run_date") == pl.col("run_date").max().over("ring_id")),
            later.filter(pl.col("run_date") == pl.col("run_date").min().over("ring_id")),
        ]
    )
    grouped = seen.group_by("ring_id").agg(pl.col("run_date").first(), pl.col("account_id"), pl.col("score").first())
    return [
        Past(i, night, frozenset(accounts), score) for i, night, accounts, score in grouped.sort("ring_id").iter_rows()
    ]


def last_night(history: pl.DataFrame, run_date: date) -> date | None:
    """The published night just before `run_date`."""
    night = history.filter(pl.col("run_date") < run_date)["run_date"].max()
    return night if isinstance(night, date) else None


def named(
    tonight: Mapping[int, frozenset[str]],
    before: list[Past],
    last: date | None,
    s: RegisterSettings,
    run_date: date,
) -> dict[int, Named]:
    """Names for tonight's rings: numbers -> Named."""
    kept = assigned(tonight, before, s)
    takers: dict[str, list[int]] = {}
    for ring, accounts in tonight.items():
        for past in before:
            if len(past.accounts & accounts) >= s.overlap * len(past.accounts):
                takers.setdefault(past.ring_id, []).append(ring)
    out: dict[int, Named] = {}
    for ring, accounts in tonight.items():
        own = kept.get(ring)
        parents = [p for p in before if ring in takers.get(p.ring_id, ())]
        ids = sorted({p.ring_id for p in parents} | ({own.ring_id} if own else set()))
        ring_id = own.ring_id if own else fresh(accounts, run_date)
        out[ring] = Named(ring_id, lifecycle(accounts, own, parents, takers, last, s, run_date), ids, own)
    return out


def lifecycle(
    accounts: frozenset[str],
    own: Past | None,
    parents: list[Past],
    takers: Mapping[str, list[int]],
    last: date | None,
    s: RegisterSettings,
    run_date: date,
) -> str:
    """What became of a ring: a value of `rings.lifecycle`."""
    if any(len(takers[p.ring_id]) > 1 for p in parents):
        return "split"
    whole = [p for p in parents if len(p.accounts & accounts) * 2 > len(p.accounts)]
    if len(whole) > 1:
        return "merged"
    if own is None:
        return "new"
    if own.night < run_date and last is not None and own.night < last:
        return "revived"
    ratio = len(accounts) / len(own.accounts)
    return "grown" if ratio >= s.grown else "shrunk" if ratio <= 1 / s.grown else "stable"


def assigned(tonight: Mapping[int, frozenset[str]], before: list[Past], s: RegisterSettings) -> dict[int, Past]:
    """The one-to-one matching of greatest total overlap (Jaccard); pairs below `overlap` of the smaller ring are no
    match."""
    rings = sorted(tonight)
    if not rings or not before:
        return {}
    where: dict[str, list[int]] = {}
    for j, past in enumerate(before):
        for account in past.accounts:
            where.setdefault(account, []).append(j)
    value = np.zeros((len(rings), len(before)))
    for i, ring in enumerate(rings):
        for j in sorted({j for account in tonight[ring] for j in where.get(account, ())}):
            both = len(tonight[ring] & before[j].accounts)
            if both >= s.overlap * min(len(tonight[ring]), len(before[j].accounts)):
                value[i, j] = both / len(tonight[ring] | before[j].accounts)
    return {
        rings[i]: before[j]
        for i, j in zip(*linear_sum_assignment(value, maximize=True), strict=True)
        if value[i, j] > 0
    }


def fresh(accounts: frozenset[str], run_date: date) -> str:
    """A new name: `R-` and eight letters or digits, from the members and the night, so that a re-run gives the same."""
    number = int.from_bytes(hashlib.sha256("\n".join([str(run_date), *sorted(accounts)]).encode()).digest()[:8])
    digits = []
    for _ in range(8):
        number, digit = divmod(number, len(LETTERS))
        digits.append(LETTERS[digit])
    return "R-" + "".join(digits)


def _rings(db: Db) -> dict[int, frozenset[str]]:
    rows = db.frame("SELECT m.ring, m.account_id FROM members AS m SEMI JOIN ring_scores USING (ring) ORDER BY ALL")
    return {
        ring: frozenset(accounts) for ring, accounts in rows.group_by("ring").agg("account_id").sort("ring").iter_rows()
    }
