"""From acts to scores: how sure, of what, for each ring, each member and each account that acts alone.

A ring's evidence for a typology is the sum over members of log(1 - active + active e^nats): members who did nothing
cost a little, so a swollen ring scores less than its core. Rings are ranked by the likelihood over all typologies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from graph import pooled
from graph.tables import BUYING, SELLING, TYPOLOGIES

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import RingSettings, ScoreSettings

THEIRS = """
SELECT t.* FROM by_typology AS t SEMI JOIN members AS m ON m.account_id = t.account_id ORDER BY account_id, typology
"""

LOUD = """
SELECT account_id, typology, axis, apart FROM told
SEMI JOIN (SELECT account_id FROM told GROUP BY account_id HAVING sum(apart) > 0.99 * $lone) AS loud USING (account_id)
WHERE apart > 0 ORDER BY ALL
"""
"""Of accounts that may stand far enough above the base rate, all their acts taken together; few do."""


def scores(db: Db, s: ScoreSettings, r: RingSettings) -> None:
    """Make `ring_scores`, `ring_typologies`, `member_scores`, `lone_scores`.

    Reads `members`, `by_typology`, `told`, `chances_rated`. `ring_scores`: `ring`, `nats`, `score`.
    `ring_typologies`: `ring`,
    `typology`, `nats`,
    `score`, strongest first. `member_scores`: `ring`, `account_id`, `score`, `typology`, `nats`. `lone_scores`:
    `account_id`,
    `score`, `typology`, `nats` of accounts on no listed ring.
    """
    members = db.frame("SELECT * FROM members ORDER BY ring, account_id")
    per = db.frame(THEIRS)
    chances = db.frame(
        "SELECT m.ring, c.* FROM chances_rated AS c JOIN members AS m ON m.account_id = c.account_id ORDER BY ALL"
    ).rename({"ring": "group"})
    together = pooled.by_typology(pooled.by_act(chances, cap=r.ring_cap, habit_cap=r.habit_cap), "group").rename(
        {"group": "ring"}
    )
    rings = ring_typologies(members, per, together, r.active)
    total = ring_nats(rings)
    total = total.with_columns(likelihood(pl.col("nats"), s).alias("score"))
    listed = total.filter(pl.col("score") >= s.listed)
    db.put("ring_scores", listed)
    db.put(
        "ring_typologies",
        rings.join(listed.select("ring"), on="ring", how="semi")
        .with_columns(likelihood(pl.col("nats"), s).alias("score"))
        .sort("ring", "nats", "typology", descending=[False, True, False]),
    )
    own = per.sort("account_id", "nats", "typology", descending=[False, True, False]).unique(
        "account_id", keep="first", maintain_order=True
    )
    on_ring = (
        members.join(listed, on="ring")
        .join(own.select("account_id", "typology", pl.col("nats").alias("own")), on="account_id", how="left")
        .with_columns(pl.col("own").fill_null(0.0))
    )
    sure = 1 / (1 + (-(pl.col("hold") + pl.col("acts")) / 4).exp())
    db.put(
        "member_scores",
        on_ring.select(
            "ring",
            "account_id",
            (pl.col("score") * sure).alias("score"),
            "typology",
            pl.col("own").alias("nats"),
        ).sort("ring", "account_id"),
    )
    db.put("lone_scores", lone(db.frame(LOUD, lone=s.lone), on_ring.select("account_id"), s))


def ring_typologies(members: pl.DataFrame, per: pl.DataFrame, together: pl.DataFrame, active: float) -> pl.DataFrame:
    """One row a ring and typology with its evidence in nats, `two_way` composed. Columns `ring`, `typology`, `nats`."""
    size = members.group_by("ring").len("size")
    spoken = (1 - active + active * pl.col("nats").clip(upper_bound=50).exp()).log()
    plain = (
        members.select("ring", "account_id")
        .join(per, on="account_id")
        .sort("ring", "typology", "account_id")
        .group_by("ring", "typology", maintain_order=True)
        .agg(spoken.sum().alias("nats"), pl.len().alias("acting"))
        .join(size, on="ring")
        .with_columns((pl.col("nats") + (pl.col("size") - pl.col("acting")) * pl.lit(1 - active).log()).alias("nats"))
        .select("ring", "typology", "nats")
        .join(together.rename({"nats": "pooled"}), on=["ring", "typology"], how="full", coalesce=True)
        .with_columns(pl.col("nats", "pooled").fill_null(0.0))
        .select("ring", "typology", pl.max_horizontal("nats", "pooled").alias("nats"))
    )
    sides = [
        plain.filter(pl.col("typology").is_in(side)).group_by("ring").agg(pl.col("nats").max().alias(name))
        for side, name in ((SELLING, "selling"), (BUYING, "buying"))
    ]
    weaker = pl.min_horizontal("selling", "buying")
    both = (
        sides[0]
        .join(sides[1], on="ring")
        .filter((weaker > 6) & (weaker > 0.15 * pl.max_horizontal("selling", "buying")))
    )
    two = both.select("ring", pl.lit("two_way").alias("typology"), (pl.col("selling") + pl.col("buying")).alias("nats"))
    return pl.concat([plain, two]).filter(pl.col("nats") > 0).sort("ring", "typology")


def ring_nats(rings: pl.DataFrame) -> pl.DataFrame:
    """One row a ring: log of the mean over typologies of e^nats."""
    top = pl.col("nats").max()
    return (
        rings.group_by("ring")
        .agg((top + ((pl.col("nats") - top).exp().sum() / len(TYPOLOGIES)).log()).alias("nats"))
        .sort("ring")
    )


def likelihood(nats: pl.Expr, s: ScoreSettings) -> pl.Expr:
    """How likely a ring is real, from its evidence: the log-logistic x^p / (x^p + half^p), 0 where there is none.

    `half` and `power` were fitted on synthetic markets of three worlds, loud and quiet, each kind of market with the
    same weight; docs/quality.md says what share of rings was real at each score, on markets nothing was fitted on.
    """
    x = (nats.clip(lower_bound=0.0) / s.half).pow(s.power)
    return x / (1 + x)


def lone(told: pl.DataFrame, taken: pl.DataFrame, s: ScoreSettings) -> pl.DataFrame:
    """Accounts on no ring whose own acts stand far above the base rate of usual accounts.

    A ring's evidence asks "a ring, or one of the honest who do this habitually?"; here the habitual are what we look
    for, so `apart` compares with usual accounts alone. Columns `account_id`, `score`, `typology`, `nats`.
    """
    return (
        pooled.by_typology(told.with_columns(pl.col("apart").alias("nats")), "account_id")
        .sort("account_id", "nats", "typology", descending=[False, True, False])
        .unique("account_id", keep="first", maintain_order=True)
        .join(taken, on="account_id", how="anti")
        .filter(pl.col("nats") >= s.lone)
        .select("account_id", likelihood(pl.col("nats"), s).alias("score"), "typology", "nats")
        .sort("account_id")
    )
