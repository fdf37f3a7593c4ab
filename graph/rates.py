"""How much likelier an account's acts are from a ring than from an honest account of its kind, in nats.

Honest accounts differ from each other: most have rates around the platform's for that category and kind of account
(beta-binomial), and a few do it habitually and alone (the sloppy shop, the serial returner), as many as tonight's own
lone accounts show; a ring's rate may be anything. The evidence is the log Bayes factor. So one account alone never says
more than that few honest ones do it habitually, and a ring is told by several.

How much honest rates differ is learned too (method of moments for the beta-binomial, Kleinman 1973), without the
accounts that stand out: where nobody honest gets two such complaints, two say much. Where an act is one between tied
accounts it is a group's habit, and honest groups may differ more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from graph.acts import all_acts, chances_of
from graph.pooled import by_typology, factor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph.db import Db
    from graph.settings import ScoreSettings

RATED = """
SELECT c.account_id, c.typology, c.act, x.axis, c.n, c.k, r.rate, r.spread, r.alone, x.most
FROM chances AS c
JOIN platform_rates AS r
  ON r.typology = c.typology AND r.act = c.act AND r.stratum = c.stratum AND r.kind = c.kind
JOIN axes_of_acts AS x ON x.typology = c.typology AND x.act = c.act
"""

ACTED = "SELECT account_id, typology, act, kind, stratum, n, k FROM acted"

REPEATED = "SELECT typology, act, account_id, kind, stratum, n, k, lone FROM acted WHERE lone AND k > 1 ORDER BY ALL"
"""All that the platform's rates ask of single accounts."""

_TEXT = dict.fromkeys(("account_id", "typology", "act", "axis", "side", "export"), pl.String)
TOLD = {**_TEXT, "n": pl.Int64, "k": pl.Int64, "rate": pl.Float64, "nats": pl.Float64, "apart": pl.Float64}
BY_TYPOLOGY = {"account_id": pl.String, "typology": pl.String, "nats": pl.Float64}
SUSPICION = {"account_id": pl.String, "nats": pl.Float64}

PRIOR = 20.0
"""Expected pairs of chances taken; what is assumed of how alike honest accounts are is worth as many."""

ACT = ["typology", "act"]
GROUP = [*ACT, "stratum", "kind"]


def evidence(db: Db, s: ScoreSettings) -> None:
    """Make `told`, `by_typology`, `suspicion`, `platform_rates` and `axes_of_acts`.

    Reads `acted`, `totals`. `told`: one row an account and kind of act: `typology`, `act`, `axis`, `side`,
    `account_id`, `n`, `k`, `rate` (of the platform), `nats`, `apart` (the same against usual accounts alone).
    `suspicion`: one row an account that acted: `account_id`, `nats` over all typologies (their mean likelihood, so
    looking at fourteen is paid for).
    """
    witness = {True: s.crowd_cap, False: s.habit_cap}
    sides = pl.DataFrame(
        [
            (t, a.name, a.axis, a.side, a.table, witness[a.crowd] if a.between_tied else None, a.of_the_group)
            for t, a in all_acts()
        ],
        schema=["typology", "act", "axis", "side", "export", "most", "of_the_group"],
        schema_overrides={"most": pl.Float64},
        orient="row",
    )
    platform = rates(db.frame("SELECT * FROM totals ORDER BY ALL"), db.frame(REPEATED), sides, s)
    db.put("platform_rates", platform)
    db.put("axes_of_acts", sides.select("typology", "act", "axis", "most", "of_the_group"))
    tells = partial(telling, platform=platform, sides=sides, s=s)
    db.by_group("told", tells, "account_id", TOLD, acted=ACTED)
    strongest = "SELECT account_id, typology, axis, nats FROM told"
    db.by_group("by_typology", per_typology, "account_id", BY_TYPOLOGY, told=strongest)
    db.by_group("suspicion", suspicion, "account_id", SUSPICION, told="SELECT * FROM by_typology")


def telling(
    given: Mapping[str, pl.DataFrame], *, platform: pl.DataFrame, sides: pl.DataFrame, s: ScoreSettings
) -> pl.DataFrame:
    """The rows of `told` of the accounts in `acted`."""
    return (
        nats(given["acted"], platform)
        .group_by("typology", "act", "account_id", maintain_order=True)
        .agg(
            pl.col("n", "k").sum(),
            ((pl.col("rate") * pl.col("n")).sum() / pl.col("n").sum()).alias("rate"),
            pl.col("nats", "apart").sum(),
        )
        .join(sides, on=ACT)
        .with_columns(pl.col("nats", "apart").clip(upper_bound=pl.col("most").fill_null(s.act_cap)))
        .select(*TOLD)
        .sort("account_id", "typology", "act")
    )


def per_typology(given: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows of `by_typology` of the accounts in `told`: `account_id`, `typology`, `nats`."""
    return by_typology(given["told"], "account_id")


def undone(db: Db, groups: str) -> None:
    """Make `chances_rated` for the accounts of the table `groups` (`component`, `account_id`), of what somebody of
    their component did: one row an account, kind of act and stratum, k = 0 included, with the platform's figures."""
    chances_of(db, groups)
    db.make("chances_rated", RATED)
    db.drop("chances")


def suspicion(given: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row an account in `told`: log of the mean over all typologies of e^nats. Columns `account_id`, `nats`."""
    typologies = len({t for t, _ in all_acts()})
    top = pl.col("nats").max()
    others = typologies - pl.len()
    return (
        given["told"]
        .group_by("account_id", maintain_order=True)
        .agg((top + (((pl.col("nats") - top).exp().sum() + others * (-top).exp()) / typologies).log()).alias("nats"))
        .sort("account_id")
    )


def nats(acted: pl.DataFrame, platform: pl.DataFrame) -> pl.DataFrame:
    """Add `rate`, `spread`, `alone`, `nats` (log Bayes factor; 0 where the rate is not above the platform's) and
    `apart` (the same against usual accounts alone) to rows of `n` chances and `k` acts."""
    # Small accounts are alike: three hundred thousand rows at a million accounts are twenty thousand different ones.
    alike = acted.select(*GROUP, "n", "k").unique(maintain_order=True).join(platform, on=GROUP, maintain_order="left")
    k, n, rate, spread, alone = (alike[c].to_numpy().astype(float) for c in ("k", "n", "rate", "spread", "alone"))
    told = alike.with_columns(
        pl.Series("nats", factor(k, n, rate, spread, alone)),
        pl.Series("apart", factor(k, n, rate, spread, np.zeros_like(alone))),
    )
    return acted.join(told, on=[*GROUP, "n", "k"], maintain_order="left")


def rates(totals: pl.DataFrame, acted: pl.DataFrame, sides: pl.DataFrame, s: ScoreSettings) -> pl.DataFrame:
    """One row a kind of act, stratum and kind of account: the platform's `rate`; its `spread` in pseudo-chances; and
    `alone`, the share of honest accounts that do it habitually and alone (0 for acts between tied accounts).

    The rate is learned twice, the second time without the lone accounts that stood out the first time: they are what
    `alone` counts. Small groups are drawn toward the act's overall rate by 50 pseudo-chances.
    """
    habit = sides.select("typology", "act", habit=pl.col("most").is_not_null())
    first = totals.with_columns(_rate(totals), pl.lit(s.spread).alias("spread"), pl.lit(0.0).alias("alone"))
    lone = nats(acted, first.select(*GROUP, "rate", "spread", "alone"))
    loud = lone.join(habit, on=ACT).filter((pl.col("nats") > s.stands_out) & ~pl.col("habit"))
    rest = _without(totals, loud, s.spread)
    share = (pl.col("loud").sum() + 0.5) / (pl.col("repeaters").sum() + 50)
    few = pl.when(pl.col("habit") | (pl.col("repeaters").sum().over(ACT) == 0)).then(0.0).otherwise(share.over(ACT))
    return (
        rest.with_columns(_rate(rest))
        .join(habit, on=ACT, maintain_order="left")
        .with_columns(
            pl.when("habit")
            .then(_spread(s.least_spread, s.spread, s.spread).over(ACT))
            .otherwise(_spread(s.spread, s.most_spread, s.spread).over(ACT))
            .alias("spread"),
            few.alias("alone"),
        )
        .select(*GROUP, "rate", "spread", "alone")
    )


def _rate(totals: pl.DataFrame) -> pl.Series:
    act = totals.select(
        pl.col("taken", "heads"),
        ((pl.col("taken").sum() + 0.5) / (pl.col("heads").sum() + 50))
        .over(totals["typology"], totals["act"])
        .alias("o"),
    )
    return act.select(((pl.col("taken") + 50 * pl.col("o")) / (pl.col("heads") + 50)).clip(1e-5, 0.999).alias("rate"))[
        "rate"
    ]


def _spread(least: float, most: float, usual: float) -> pl.Expr:
    """Pseudo-chances between `least` and `most`; drawn to `usual`, for few chances show little of how alike all are."""
    p, q = pl.col("rate"), 1 - pl.col("rate")
    beyond = pl.col("kk") - 2 * p * pl.col("nk") + p * p * pl.col("nn") - p * q * pl.col("n")
    room = p * q * (pl.col("nn") - pl.col("n"))
    alike = (beyond.sum() + PRIOR / (1 + usual)) / (room.sum() + PRIOR)
    return 1 / alike.clip(1 / (1 + most), 1 / (1 + least)) - 1


def _without(totals: pl.DataFrame, loud: pl.DataFrame, spread: float) -> pl.DataFrame:
    damp = spread / (pl.col("n") + spread)
    out = loud.group_by(GROUP, maintain_order=True).agg(
        (pl.col("n") * damp).sum().alias("heads_out"),
        (pl.col("k") * damp).sum().alias("taken_out"),
        pl.len().alias("loud"),
        *((pl.col(x) * pl.col(y)).sum().cast(pl.Float64).alias(f"{x}{y}_out") for x, y in ("nn", "nk", "kk")),
        pl.col("n").sum().alias("n_out"),
    )
    return totals.join(out, on=GROUP, how="left", maintain_order="left").with_columns(
        (pl.col("heads") - pl.col("heads_out").fill_null(0)).clip(lower_bound=0),
        (pl.col("taken") - pl.col("taken_out").fill_null(0)).clip(lower_bound=0),
        pl.col("loud").fill_null(0),
        *(pl.col(c) - pl.col(f"{c}_out").fill_null(0) for c in ("n", "nn", "nk", "kk")),
    )
