"""Evidence pooled over a group: what many members did a little says as much as what one did often.

For each group and kind of act the members' chances and acts are summed and compared with what honest accounts of their
kinds and categories would have done. The honest rate of a group varies less than that of one account: its beta
distribution is as many times narrower as it has members. Not so for acts between tied accounts (friends who trade with
each other, a dormitory that signs up on one evening): those are a group's habit, and a group is one witness.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import betaln, logsumexp

RING = ((1.0, 9.0), (1.0, 1.0), (6.0, 0.5))
"""A ring's rate, as beta distributions equally likely: among honest trade as cover, anything, nearly always."""

BEDS, FAMILY, GROWS = 4, 25, 0.25
"""A group's habit is one witness, who says the more the more there is of it: of accounts that signed up together from
four on, of orders among themselves from 25 on, more than a family or a few friends place; four times as much says 1.35
times as much."""

QUOTES = 9.0
"""Nats; most that the quotes of strangers' orders say of a group. What explains one explains all: a station's couriers,
a shop's service desk."""

Floats = NDArray[np.float64]


def factor(k: Floats, n: Floats, rate: Floats, spread: Floats, alone: Floats) -> Floats:
    """Log Bayes factor of k acts in n chances: a ring's rate against an honest one, around `rate` or, for the share
    `alone` of honest accounts, anything; 0 where k is no more than expected."""
    ring = _ring(k, n)
    nats = ring - _honest(ring, k, n, rate, spread, alone)
    return np.where((k > n * rate) & (nats > 0), nats, 0.0)


def _ring(k: Floats, n: Floats) -> Floats:
    each = np.stack([betaln(k + x, n - k + y) - betaln(x, y) for x, y in RING])
    mean: Floats = logsumexp(each, axis=0) - np.log(len(RING))
    return mean


def _honest(ring: Floats, k: Floats, n: Floats, rate: Floats, spread: Floats, alone: Floats) -> Floats:
    a, b = rate * spread, (1 - rate) * spread
    usual = betaln(k + a, n - k + b) - betaln(a, b)
    with np.errstate(divide="ignore"):
        mixed: Floats = np.logaddexp(np.log1p(-alone) + usual, np.log(alone) + ring)
    return mixed


def by_act(chances: pl.DataFrame, *, cap: float) -> pl.DataFrame:
    """One row a `group`, `typology`, `act`, `axis`: `n`, `k`, `rate`, pooled `nats`, at most `cap`, or `most` for
    acts between tied accounts.

    `chances` holds one row a `group`, `account_id`, `typology`, `act`, `axis` and stratum: `n`, `k`, `rate`, `spread`,
    `alone`, `most` (NULL but for acts between tied accounts). A group never says more than that so many honest accounts
    who do it habitually met by chance.
    """
    witnesses = pl.when(pl.col("most").first().is_not_null()).then(1).otherwise(pl.col("account_id").n_unique())
    rows = chances.group_by("group", "typology", "act", "axis", maintain_order=True).agg(
        pl.col("n", "k").sum(),
        ((pl.col("rate") * pl.col("n")).sum() / pl.col("n").sum()).alias("rate"),
        (pl.col("spread").first() * witnesses).alias("spread"),
        pl.col("alone", "most").first(),
        pl.col("account_id").filter(pl.col("k") > 0).n_unique().alias("acting"),
    )
    n, k, rate, spread, alone, acting = (
        rows[c].to_numpy().astype(float) for c in ("n", "k", "rate", "spread", "alone", "acting")
    )
    signed, traded, quoted = ((rows["axis"] == axis).to_numpy() for axis in ("sign_up", "trade", "quote"))
    loners = np.where(alone > 0, -np.log(np.maximum(alone, 1e-9)) * acting, cap)
    loners = np.where(quoted, np.minimum(loners, QUOTES), loners)
    much = np.select([signed, traded], [acting / BEDS, k / FAMILY], 1.0)
    habit = rows["most"].fill_null(0.0).to_numpy() * (1 + GROWS * np.log(np.maximum(much, 1.0)))
    most = np.where(rows["most"].is_not_null().to_numpy(), habit, loners)
    nats = np.minimum(factor(k, n, rate, spread, np.zeros_like(alone)), np.minimum(most, cap))
    return rows.with_columns(pl.Series("nats", nats)).sort("group", "typology", "act")


def by_typology(acts: pl.DataFrame, *who: str) -> pl.DataFrame:
    """One row a `who` and `typology`: the strongest act on each axis, summed over axes. Column `nats`."""
    return (
        acts.group_by(*who, "typology", "axis", maintain_order=True)
        .agg(pl.col("nats").max())
        .group_by(*who, "typology", maintain_order=True)
        .agg(pl.col("nats").sum())
        .sort(*who, "typology")
    )


def shares(chances: pl.DataFrame, acts: pl.DataFrame, *, least: float) -> pl.DataFrame:
    """One row a `group`, `account_id`, `typology`: `nats` of the member at its own group's rate, not below `least`.

    Once a group's rate is known, a member with one act in twenty chances speaks for it and one with none in twenty
    against it, though neither would stand out alone.
    """
    known = acts.filter(pl.col("nats") > 0).select(
        "group", "typology", "act", ((pl.col("k") + 0.5) / (pl.col("n") + 1)).alias("theirs")
    )
    rows = chances.join(known, on=["group", "typology", "act"])
    n, k, rate, spread, alone, theirs = (
        rows[c].to_numpy().astype(float) for c in ("n", "k", "rate", "spread", "alone", "theirs")
    )
    wide = np.full_like(theirs, 4.0)
    ring = betaln(k + theirs * wide, n - k + (1 - theirs) * wide) - betaln(theirs * wide, (1 - theirs) * wide)
    honest = _honest(ring, k, n, rate, spread, alone)
    each = (
        rows.with_columns(pl.Series("nats", ring - honest))
        .group_by("group", "account_id", "typology", "act", "axis", maintain_order=True)
        .agg(pl.col("nats").sum())
    )
    return by_typology(each, "group", "account_id").with_columns(pl.col("nats").clip(lower_bound=least))
