"""How much likelier an account's acts are from a ring than from an honest account of its kind, in nats.

Honest accounts differ from each other: their rates follow a beta distribution around the platform's rate for that
category and kind of account, as wide as tonight's own accounts show it to be (method of moments for the beta-binomial,
Kleinman 1973); a ring's rate may be anything, now and then among honest trade or nearly always. The evidence is the
log Bayes factor of the two. Where one shop's rows all say the same (its licence is shown or not), accounts differ
widely, and a hundred rows say little more than one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from graph.acts import all_acts
from graph.pooled import by_typology, factor

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import ScoreSettings

RATED = """
SELECT c.account_id, c.typology, c.act, x.axis, c.n, c.k, r.rate, r.spread, x.habit
FROM chances AS c JOIN platform_rates AS r USING (typology, act, stratum, kind) JOIN axes_of_acts AS x USING
(typology, act)
"""

GROUP = ["typology", "act", "stratum", "kind"]


def evidence(db: Db, s: ScoreSettings) -> None:
    """Make `told`, `by_typology`, `suspicion` and `chances_rated`.

    Reads `acted`, `totals`. `told`: one row an account and kind of act: `typology`, `act`, `axis`, `side`,
    `account_id`, `n`, `k`, `rate` (of the platform), `nats`. `suspicion`: one row an account that acted: `account_id`,
    `nats` over all typologies (their mean likelihood, so looking at fourteen is paid for).
    """
    acted = db.frame("SELECT typology, act, account_id, kind, stratum, n, k FROM acted ORDER BY ALL")
    totals = db.frame("SELECT * FROM totals ORDER BY ALL")
    platform = rates(totals, s)
    db.put("platform_rates", platform)
    told = nats(acted, platform)
    sides = pl.DataFrame(
        [(t, a.name, a.axis, a.side, a.table, a.between_tied) for t, a in all_acts()],
        schema=["typology", "act", "axis", "side", "table", "habit"],
        orient="row",
    )
    told = (
        told.group_by("typology", "act", "account_id", maintain_order=True)
        .agg(
            pl.col("n", "k").sum(),
            ((pl.col("rate") * pl.col("n")).sum() / pl.col("n").sum()).alias("rate"),
            pl.col("nats").sum().clip(upper_bound=s.act_cap),
        )
        .join(sides, on=["typology", "act"])
        .sort("account_id", "typology", "act")
    )
    db.put("told", told)
    per = by_typology(told, "account_id")
    db.put("by_typology", per)
    db.put("suspicion", suspicion(per))
    db.put("axes_of_acts", sides.select("typology", "act", "axis", "habit"))
    db.make("chances_rated", RATED)


def suspicion(per_typology: pl.DataFrame) -> pl.DataFrame:
    """One row an account: log of the mean over all typologies of e^nats. Columns `account_id`, `nats`."""
    typologies = len({t for t, _ in all_acts()})
    top = pl.col("nats").max()
    others = typologies - pl.len()
    return (
        per_typology.group_by("account_id", maintain_order=True)
        .agg((top + (((pl.col("nats") - top).exp().sum() + others * (-top).exp()) / typologies).log()).alias("nats"))
        .sort("account_id")
    )


def nats(acted: pl.DataFrame, platform: pl.DataFrame) -> pl.DataFrame:
    """Add `rate`, `spread` and `nats` (log Bayes factor; 0 where the rate is not above the platform's) to rows of `n`
    chances and `k` acts."""
    rows = acted.join(platform, on=GROUP)
    k, n, rate, spread = (rows[c].to_numpy().astype(float) for c in ("k", "n", "rate", "spread"))
    return rows.with_columns(pl.Series("nats", factor(k, n, rate, spread)))


def rates(totals: pl.DataFrame, s: ScoreSettings) -> pl.DataFrame:
    """The platform's `rate` per group, drawn toward the act's overall rate where a group is small (50 pseudo-chances),
    and its `spread` per act: pseudo-chances of the beta distribution of honest rates, few where accounts differ
    much."""
    act = ["typology", "act"]
    overall = totals.group_by(act, maintain_order=True).agg(
        ((pl.col("taken").sum() + 0.5) / (pl.col("heads").sum() + 50)).alias("overall")
    )
    rate = ((pl.col("taken") + 50 * pl.col("overall")) / (pl.col("heads") + 50)).clip(1e-5, 0.999)
    p, q = pl.col("rate"), 1 - pl.col("rate")
    beyond = pl.col("kk") - 2 * p * pl.col("nk") + p * p * pl.col("nn") - p * q * pl.col("n")
    room = p * q * (pl.col("nn") - pl.col("n"))
    alike = (beyond.sum() / room.sum()).fill_nan(None).fill_null(0.0).clip(1 / (1 + s.spread), 1 / (1 + s.least_spread))
    return (
        totals.join(overall, on=act)
        .with_columns(rate.alias("rate"))
        .with_columns((1 / alike.over(act) - 1).alias("spread"))
        .select(*GROUP, "rate", "spread")
    )
