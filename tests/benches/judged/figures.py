"""Figures of what a method found, against the truth, each as parts and wholes of its units, so that they can be drawn
again for an interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jobs.evaluate import CAPACITIES, ENOUGH
from tests.benches.judged.markets import Ranked

Units = NDArray[np.float64]
"""(n, 2): the part and the whole of each unit; the figure is the sum of parts over the sum of wholes."""

NAMES = {
    "recall": "ring recall in top K",
    "precision": "ring precision in top K",
    "ap": "account AP",
    "typology": "typology right",
    "honest": "honest among the listed",
    "lookalikes": "look-alikes among the listed",
    "tied": "tied honest people listed",
    **{f"at_{n}": f"precision at {n}" for n in CAPACITIES},
}
DRAWS = 1000


@dataclass(frozen=True)
class Match:
    """A listed ring and what it overlaps most of the planted rings that no higher one has taken (None: nothing)."""

    rank: int
    score: float
    accounts: frozenset[str]
    ring_id: str | None
    overlap: float

    @property
    def real(self) -> bool:
        """Whether it counts as that ring found."""
        return self.overlap >= ENOUGH


Planted = Mapping[str, frozenset[str]]


def planted(truth: pl.DataFrame) -> dict[str, frozenset[str]]:
    """Members of each planted ring, by ring_id."""
    rows = truth.group_by("ring_id").agg("account_id").sort("ring_id")
    return {ring_id: frozenset(members) for ring_id, members in rows.iter_rows()}


def matched(rings: pl.DataFrame, truth: Planted) -> list[Match]:
    """Listed rings, best rank first, each beside a planted one; found ones are taken once, as `ringwatch evaluate` does
    it."""
    free, out = dict(truth), list[Match]()
    on: dict[str, list[str]] = {}
    for ring_id, ring in truth.items():
        for account in ring:
            on.setdefault(account, []).append(ring_id)
    for rank, score, accounts in rings.sort("rank").select("rank", "score", "accounts").iter_rows():
        members = frozenset(accounts)
        near = {r for v in members for r in on.get(v, ())} & free.keys()
        best, nearest = min(((-_jaccard(members, free[r]), r) for r in near), default=(0.0, None))
        out.append(Match(rank, score, members, nearest, -best))
        if -best >= ENOUGH and nearest:
            del free[nearest]
    return out


def units(found: Ranked, truth: pl.DataFrame, tied: int, alike: frozenset[str]) -> dict[str, Units]:
    """Units of every figure of `NAMES` on one market.

    `truth`: one row a member of a planted ring. `tied`: honest accounts of the market that share some thing with
    another. `alike`: accounts that the market planted to look guilty; empty where it does not say. A unit is a planted
    ring (recall, account AP), a listed ring (precision, honest, look-alikes, tied), a ring found (typology) or a
    listed account (precision at a capacity). Honest is an account on no planted ring.
    """
    rings = planted(truth)
    guilty = frozenset(truth["account_id"])
    top = matched(found.rings.sort("rank").head(len(rings)), rings)
    taken = {m.ring_id for m in top if m.real}
    named = dict(zip(found.rings["rank"], found.rings["typology"], strict=True))
    typology = dict(truth.select("ring_id", "typology").unique().sort("ring_id", "typology").iter_rows())
    honest = [(len(m.accounts - guilty), len(m.accounts)) for m in top]
    order = found.accounts.sort("rank")["account_id"].to_list()
    first = [float(a in guilty) for a in order[: max(CAPACITIES)]]
    return {
        "recall": _units((r in taken, 1) for r in rings),
        "precision": _units((m.real, 1) for m in top),
        "ap": _units(_gains(order, rings, guilty)),
        "typology": _units((named[m.rank] == typology[m.ring_id], 1) for m in top if m.real and m.ring_id)
        if found.rings["typology"].is_not_null().any()
        else _units(()),
        "honest": _units(honest),
        "lookalikes": _units((len(m.accounts & alike), len(m.accounts)) for m in top if alike),
        "tied": _units((n, tied / len(honest)) for n, _ in honest),
        **{f"at_{n}": _units((hit, 1) for hit in first[:n]) for n in CAPACITIES},
    }


def _units(rows: Iterable[tuple[float, float]]) -> Units:
    return np.asarray(list(rows), dtype=np.float64).reshape(-1, 2)


def _gains(order: list[str], rings: Planted, guilty: frozenset[str]) -> list[tuple[float, float]]:
    """Of each planted ring, the sum of the precisions at its members' ranks, and its members. An account on two planted
    rings counts in the first."""
    at: dict[str, float] = {}
    for rank, account in enumerate(order, start=1):
        if account in guilty:
            at[account] = (len(at) + 1) / rank
    left, out = set(guilty), list[tuple[float, float]]()
    for _, members in sorted(rings.items()):
        mine = members & left
        left -= mine
        out.append((sum(at.get(a, 0.0) for a in sorted(mine)), len(mine)))
    return out


def figure(markets: list[Units]) -> float | None:
    """Mean over markets of part over whole; None where no market has a whole."""
    shares = [u[:, 0].sum() / u[:, 1].sum() for u in markets if len(u) and u[:, 1].sum()]
    return float(np.mean(shares)) if shares else None


def interval(markets: list[Units], seed: int = 1) -> tuple[float, float] | None:
    """95 % bootstrap interval of `figure`: markets are drawn with replacement, and in each its units (Davison and
    Hinkley 1997, ch. 3.8). For account AP the precisions at the ranks are held as they were."""
    rng = np.random.default_rng(seed)
    kept = [u for u in markets if len(u) and u[:, 1].sum()]
    if not kept:
        return None
    total = np.zeros(DRAWS)
    for _ in kept:  # one market of each drawn set at a time: the same market drawn twice is redrawn inside twice
        which = rng.integers(0, len(kept), DRAWS)
        for number, u in enumerate(kept):
            total[which == number] += _redrawn(u, int((which == number).sum()), rng)
    low, high = np.quantile(total / len(kept), [0.025, 0.975])
    return float(low), float(high)


def _redrawn(units: Units, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    sums = units[rng.integers(0, len(units), (draws, len(units)))].sum(axis=1)
    return np.asarray(sums[:, 0] / np.maximum(sums[:, 1], 1e-12))


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); 0 to 1 where n is 0."""
    if not n:
        return 0.0, 1.0
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def fates(rings: Planted, listed: list[Match]) -> dict[str, str]:
    """Each planted ring and why it was missed in the top K; empty where it was found."""
    on: dict[str, list[Match]] = {}
    for match in listed:
        for account in match.accounts:
            on.setdefault(account, []).append(match)
    near = {r: sorted({m for v in ring for m in on.get(v, ())}, key=lambda m: m.rank) for r, ring in rings.items()}
    return {r: missed(r, ring, near[r], len(rings)) for r, ring in rings.items()}


def missed(ring_id: str, ring: frozenset[str], listed: list[Match], k: int) -> str:
    """Why a planted ring is not among the top `k` found, from the listed rings that share accounts with it.

    `ranked below K`; `swollen`: half of it or more is in one listed ring, with too many others; `in part`: less than
    half of it is in any; `not listed`; empty where it was found.
    """
    taken = [m.rank for m in listed if m.real and m.ring_id == ring_id]
    if taken:
        return "" if taken[0] <= k else "ranked below K"
    best = max(listed, key=lambda m: (len(m.accounts & ring), -m.rank), default=None)
    shared = len(best.accounts & ring) if best else 0
    if best and 2 * shared >= len(ring) and len(best.accounts) > len(ring):
        return "swollen"
    return "in part" if shared else "not listed"


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
