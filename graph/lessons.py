"""What decided rings teach about the score: how far to trust it, and each typology, beside what was promised.

One regression of what analysts decided on the log-odds that the evidence had promised,

    logit P(confirmed) = shift + slope * logit(promised) + weight of the typology,

at its most likely values, with normal priors around "the score is right" (shift 0, slope 1, weights 0). Shift and slope
are Platt's recalibration (1999); the priors keep few verdicts from changing much (Gelman, Jakulin, Pittau and Su 2008).
That analysts look at the top of a list does no harm here: what is learned is conditional on the score they looked at.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import expit, logit

from graph.opinions import DECIDING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from graph.settings import VerdictSettings

SURE = 1e-6
"""A promise is never nearer to 0 or 1: one wrong promise of certainty would outweigh all others."""

DIGITS = 3
"""Of what is learned; more would show how a machine adds up."""


@dataclass(frozen=True)
class Taught:
    """Decided rings of one typology: how many, how many confirmed, how many promised; and the weight in log-odds."""

    n: int
    confirmed: int
    promised: float
    weight: float


@dataclass(frozen=True)
class Lesson:
    """What was learned: log-odds `shift` and `slope`, and by typology."""

    shift: float = 0.0
    slope: float = 1.0
    typologies: Mapping[str, Taught] = field(default_factory=dict)

    @property
    def decided(self) -> Taught:
        """Over all typologies; its weight is the shift."""
        every = self.typologies.values()
        promised = round(sum(t.promised for t in every), 1)
        return Taught(sum(t.n for t in every), sum(t.confirmed for t in every), promised, self.shift)

    def calibrated(self, score: float) -> float:
        """A score as far as it is to be trusted, whatever the typology."""
        return chance(self.shift + self.slope * log_odds(score))

    def applied(self, score: float, typology: str) -> float:
        """A ring's score by all that was learned."""
        weight = self.typologies[typology].weight if typology in self.typologies else 0.0
        return chance(self.shift + self.slope * log_odds(score) + weight)

    def frame(self) -> pl.DataFrame:
        """One row a typology: `shift`, `slope`, `typology`, `n`, `confirmed`, `promised`, `weight`."""
        rows = [(self.shift, self.slope, name, *astuple(taught)) for name, taught in sorted(self.typologies.items())]
        number, count = pl.Float64(), pl.Int64()
        schema = {"shift": number, "slope": number, "typology": pl.String(), "n": count, "confirmed": count,
                  "promised": number, "weight": number}  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")


def decided_rings(decided: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """One row a ring that was decided on: `ring_id`, `run_date` of its last listing before, `good`, `decided_at`.

    `decided`: verdicts that count, `subject_id`, `verdict`, `decided_at`; `listed`: one row an account on a listed
    ring, `run_date`, `ring_id`, `account_id`. A verdict on the ring goes before those on its members, of which more
    must be confirmed than cleared or the other way round.
    """
    by_ring = listed.select("run_date", "ring_id", pl.col("ring_id").alias("subject_id")).unique()
    by_account = listed.select("run_date", "ring_id", pl.col("account_id").alias("subject_id"))
    seen = (
        newest(decided)
        .join(pl.concat([by_ring, by_account]), on="subject_id")
        .filter(pl.col("run_date") <= pl.col("decided_at").dt.date())
        .sort("subject_id", "run_date")
        .unique("subject_id", keep="last", maintain_order=True)
    )
    own = pl.col("subject_id") == pl.col("ring_id")
    vote = pl.when(pl.col("verdict") == "confirmed").then(1).otherwise(-1)
    return (
        seen.with_columns(own.alias("own"), vote.alias("vote"))
        .filter(pl.col("own") | ~pl.col("own").any().over("ring_id"))
        .group_by("ring_id")
        .agg(pl.col("run_date", "decided_at").max(), pl.col("vote").sum())
        .filter(pl.col("vote") != 0)
        .select("ring_id", "run_date", (pl.col("vote") > 0).alias("good"), "decided_at")
        .sort("ring_id")
    )


def newest(decided: pl.DataFrame) -> pl.DataFrame:
    """Of each subject its newest verdict, where that decides: what is watched or disputed is open."""
    return (
        decided.select("subject_id", "verdict", "decided_at")
        .sort("decided_at", "subject_id", "verdict")
        .unique("subject_id", keep="last", maintain_order=True)
        .filter(pl.col("verdict").is_in(DECIDING))
    )


def learned(rings: pl.DataFrame, s: VerdictSettings) -> Lesson | None:
    """The lesson of decided rings (`typology`, `promised` score before any verdict, `good`); None while they are too
    few."""
    if rings.height < s.enough:
        return None
    rings = rings.sort("typology", "promised", "good")
    names = rings["typology"].unique().sort().to_list()
    odds = np.array([log_odds(p) for p in rings["promised"]])
    good = rings["good"].to_numpy().astype(float)
    of = (rings["typology"].to_numpy()[:, None] == np.array(names)[None, :]).astype(float)
    rows = np.column_stack([np.ones_like(odds), odds, of])
    prior = np.array([0.0, 1.0, *[0.0] * len(names)])
    spread = np.array([s.shift, s.slope, *[s.weight] * len(names)])
    found = [round(float(x), DIGITS) for x in _likeliest(rows, good, prior, spread)]
    by = rings.group_by("typology").agg(pl.len(), pl.col("good").sum(), pl.col("promised").sum()).sort("typology")
    typologies = {
        name: Taught(n, k, round(promised, 1), weight)
        for (name, n, k, promised), weight in zip(by.iter_rows(), found[2:], strict=True)
    }
    return Lesson(found[0], found[1], typologies)


def _likeliest(
    rows: NDArray[np.float64], good: NDArray[np.float64], prior: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The one maximum of the posterior: the logistic likelihood and the priors are concave."""

    def loss(x: NDArray[np.float64]) -> float:
        at = rows @ x
        return float(np.sum(np.logaddexp(0, at) - good * at) + np.sum(((x - prior) / spread) ** 2) / 2)

    def slope(x: NDArray[np.float64]) -> NDArray[np.float64]:
        out: NDArray[np.float64] = rows.T @ (expit(rows @ x) - good) + (x - prior) / spread**2
        return out

    from scipy.optimize import minimize  # noqa: PLC0415 - takes half a second, and most nights have nothing to learn

    best: NDArray[np.float64] = minimize(loss, prior, jac=slope, method="BFGS", options={"gtol": 1e-8}).x
    return best


def log_odds(score: float) -> float:
    """Of a score, within bounds."""
    return float(logit(min(max(score, SURE), 1 - SURE)))


def chance(odds: float) -> float:
    """The score of log-odds."""
    return float(expit(odds))
