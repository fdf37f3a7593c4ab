"""How much likelier an account's acts are from a ring than from an honest account of its kind, in nats.

Honest accounts differ from each other, so their rate is a beta distribution around the platform's own rate for that
category and kind of account, with `spread` pseudo-chances; a ring's rate may be anything. The evidence is the log Bayes
factor of the two beta-binomials (as in Good 1967 for multinomials). The platform's rate is learned from tonight's own
data, twice: the second time without the accounts that stood out the first time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from scipy.special import betaln

from graph.acts import all_acts

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import ScoreSettings

GROUP = ["typology", "act", "stratum", "kind"]


def evidence(db: Db, s: ScoreSettings) -> None:
    """Make `told`, `by_typology` and `suspicion`.

    Reads `acted`, `totals`. `told`: one row an account and kind of act: `typology`, `act`, `axis`, `side`,
    `account_id`, `n`, `k`, `rate` (of the platform), `nats`. `suspicion`: one row an account that acted: `account_id`,
    `nats` over all typologies (their mean likelihood, so looking at fourteen is paid for).
    """
    acted = db.frame("SELECT typology, act, account_id, kind, stratum, n, k FROM acted ORDER BY ALL")
    totals = db.frame("SELECT * FROM totals ORDER BY ALL")
    first = nats(acted, _rates(totals), s)
    loud = first.filter(pl.col("nats") > s.stands_out)
    told = nats(acted, _rates(_without(totals, loud, s.spread)), s)
    sides = pl.DataFrame(
        [(t, a.name, a.axis, a.side, a.table) for t, a in all_acts()],
        schema=["typology", "act", "axis", "side", "table"],
        orient="row",
    )
    told = (
        told.group_by("typology", "act", "account_id")
        .agg(
            pl.col("n", "k").sum(),
            ((pl.col("rate") * pl.col("n")).sum() / pl.col("n").sum()).alias("rate"),
            pl.col("nats").sum().clip(upper_bound=s.act_cap),
        )
        .join(sides, on=["typology", "act"])
        .sort("account_id", "typology", "act")
    )
    db.put("told", told)
    db.put("by_typology", by_typology(told))
    db.put("suspicion", suspicion(by_typology(told)))


def by_typology(told: pl.DataFrame) -> pl.DataFrame:
    """One row an account and typology: the strongest act on each axis, summed over axes. Columns `account_id`,
    `typology`, `nats`."""
    return (
        told.group_by("account_id", "typology", "axis")
        .agg(pl.col("nats").max())
        .group_by("account_id", "typology")
        .agg(pl.col("nats").sum())
        .sort("account_id", "typology")
    )


def suspicion(per_typology: pl.DataFrame) -> pl.DataFrame:
    """One row an account: log of the mean over all typologies of e^nats. Columns `account_id`, `nats`."""
    typologies = len({t for t, _ in all_acts()})
    top = pl.col("nats").max()
    others = typologies - pl.len()
    return (
        per_typology.group_by("account_id")
        .agg((top + (((pl.col("nats") - top).exp().sum() + others * (-top).exp()) / typologies).log()).alias("nats"))
        .sort("account_id")
    )


def nats(acted: pl.DataFrame, rates: pl.DataFrame, s: ScoreSettings) -> pl.DataFrame:
    """Add `rate` and `nats` (log Bayes factor, not below 0) to rows of `n` chances and `k` acts."""
    rows = acted.join(rates, on=GROUP)
    n, k, rate = (rows[c].to_numpy() for c in ("n", "k", "rate"))
    a, b = rate * s.spread, (1 - rate) * s.spread
    factor = betaln(k + 1, n - k + 1) - (betaln(k + a, n - k + b) - betaln(a, b))
    above = (k > n * rate) & (factor > 0)
    return rows.with_columns(pl.Series("nats", factor * above))


def _rates(totals: pl.DataFrame) -> pl.DataFrame:
    """The platform's rate per group, drawn toward the act's overall rate where a group is small (50 pseudo-chances)."""
    overall = totals.group_by("typology", "act").agg(
        ((pl.col("taken").sum() + 0.5) / (pl.col("heads").sum() + 50)).alias("overall")
    )
    rate = (pl.col("taken") + 50 * pl.col("overall")) / (pl.col("heads") + 50)
    return totals.join(overall, on=["typology", "act"]).select(*GROUP, rate.clip(1e-5, 0.999).alias("rate"))


def _without(totals: pl.DataFrame, loud: pl.DataFrame, spread: float) -> pl.DataFrame:
    damp = spread / (pl.col("n") + spread)
    out = loud.group_by(GROUP).agg(
        (pl.col("n") * damp).sum().alias("heads_out"), (pl.col("k") * damp).sum().alias("taken_out")
    )
    return totals.join(out, on=GROUP, how="left").with_columns(
        (pl.col("heads") - pl.col("heads_out").fill_null(0)).clip(lower_bound=0),
        (pl.col("taken") - pl.col("taken_out").fill_null(0)).clip(lower_bound=0),
    )
