"""What a ring's score is made of: steps of evidence in nats, from nothing to the score.

A ring's evidence is the log of the mean over all typologies of e^nats (`graph.score`): its strongest typology, a little
from the others, less the logarithm of their number, for whoever looks for fourteen things must pay for it. The score is
x^p / (x^p + half^p) of that evidence x. Ties are no part of it: they say who belongs.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, Any

import polars as pl

from graph.settings import ScoreSettings
from graph.tables import BUYING, SELLING, TYPOLOGIES

if TYPE_CHECKING:
    from graph.explore_ring import Ring
    from graph.what_if import Weighed

LEAST = 0.005
"""Nats; a smaller step is rounding."""
SCHEMA = {"step": pl.String, "name": pl.String, "n": pl.Int64, "k": pl.Int64, "rate": pl.Float64, "nats": pl.Float64}


def shape(ring: Ring) -> tuple[float, float]:
    """`half` and `power` of the night's score."""
    score = ring.night.settings.get("method", {}).get("score", {})
    usual = ScoreSettings()  # for a night whose run.json does not say
    return float(score.get("half", usual.half)), float(score.get("power", usual.power))


def nats_of(score: float, half: float, power: float) -> float:
    """The evidence that gives a score: the inverse of `graph.score.likelihood`."""
    score = min(max(score, 0.0), 1 - 1e-12)
    return float(half * (score / (1 - score)) ** (1 / power))


def steps(ring: Ring, weighed: Weighed | None = None) -> pl.DataFrame:
    """One row a step, in the order they are added: `step`, `name`, `n`, `k`, `rate`, `nats`.

    Steps: `act` (a kind of act of the strongest typology, `k` of `n` chances against the platform's `rate`), `doubt`
    (that each member may be a spare, and those who did nothing), `typology` (where acts are not told apart), `others`
    (the other typologies), `looking` (for having looked at so many), `verdict` (what analysts' verdicts and whatever is
    not weighed here moved). Their sum is the evidence that gives the published score.

    Without `weighed` typologies are not told apart by acts: the published tables have no column for that.
    """
    half, power = shape(ring)
    number = weighed.ring_of(ring.row["accounts"]) if weighed is not None else None
    known = weighed if number is not None else None
    each = (
        [(t["name"], nats_of(t["score"], half, power)) for t in ring.row["typologies"]]
        if known is None
        else known.typologies.filter(ring=number).select("typology", "nats").rows()
    )
    rows: list[dict[str, Any]] = []
    if each:
        name, nats = min(each, key=lambda t: (-t[1], t[0]))
        rows += (
            [{"step": "typology", "name": name, "nats": nats}] if known is None else _told(known, number, each, name)
        )
        # Less the strongest before taking e to it: e^700 is more than a number can be.
        rows.append({"step": "others", "nats": log(sum(exp(x - nats) for _, x in each))})
        rows.append({"step": "looking", "nats": -log(len(TYPOLOGIES))})
    moved = nats_of(ring.row["score"], half, power) - sum(row["nats"] for row in rows)
    rows.append({"step": "verdict", "name": ring.row["verdict"], "nats": moved})
    return pl.DataFrame([row for row in rows if abs(row["nats"]) >= LEAST], schema=SCHEMA)


def _told(weighed: Weighed, ring: int | None, each: list[tuple[str, float]], typology: str) -> list[dict[str, Any]]:
    """The steps of one typology: its kinds of act, strongest first, and the doubt about the members."""
    nats = dict(each)
    names = [typology]
    if typology == "two_way":
        # It adds the strongest of what the hand does as seller and the strongest of what it does as buyer.
        names = [max(side, key=lambda t: (nats.get(t, 0.0), t)) for side in (SELLING, BUYING)]
    acts = [act for name in names for act in _acts(weighed, ring, name, nats.get(name, 0.0))]
    acts.sort(key=lambda a: (-a["nats"], a["act"]))
    rows = [{"step": "act", "name": a["act"], **{c: a[c] for c in ("n", "k", "rate", "nats")}} for a in acts]
    left = nats[typology] - sum(a["nats"] for a in acts)
    return [*rows, {"step": "doubt" if rows else "typology", "name": typology, "nats": left}]


def _acts(weighed: Weighed, ring: int | None, typology: str, nats: float) -> list[dict[str, Any]]:
    """The kinds of act, pooled over the members or summed member by member: whichever said more, as in the score."""
    pooled = (
        weighed.acts.filter(ring=ring, typology=typology)
        .sort("nats", "act", descending=[True, False])
        .unique("axis", keep="first", maintain_order=True)
    )
    # Of two acts on one axis only the stronger counts: the other restates it.
    told = pooled if float(pooled["nats"].sum()) >= nats - LEAST else weighed.own.filter(ring=ring, typology=typology)
    return told.filter(pl.col("nats") >= LEAST).rows(named=True)
