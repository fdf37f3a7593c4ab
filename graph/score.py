"""From acts to scores: how sure, of what, for each ring, each member and each account that acts alone.

A ring's evidence for a typology is the sum over members of log(1 - active + active e^nats): members who did nothing
cost a little, so a swollen ring scores less than its core. Rings are ranked by the likelihood over all typologies.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import polars as pl

from graph import pooled
from graph.tables import BUYING, SELLING, TYPOLOGIES

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import RingSettings, ScoreSettings

TOLD_EACH = """
SELECT t.* FROM told AS t JOIN axes_of_acts AS x ON x.typology = t.typology AND x.act = t.act
WHERE NOT x.of_the_group
"""
"""What members say one by one. That they signed up together is one event of the whole group, and only pooled: summed
member by member a hall of freshers outweighed every ring. So it is with quotes of strangers' orders and the couriers of
one station."""

EACH = """
SELECT t.account_id, t.typology, t.axis, t.nats FROM told_each AS t
SEMI JOIN members AS m ON m.account_id = t.account_id ORDER BY ALL
"""

THEIRS = """
SELECT t.* FROM by_typology AS t SEMI JOIN members AS m ON m.account_id = t.account_id ORDER BY account_id, typology
"""

LOUD = """
SELECT account_id, typology, axis, apart FROM told
SEMI JOIN (SELECT account_id FROM told GROUP BY account_id HAVING sum(apart) > 0.99 * $lone) AS loud USING (account_id)
WHERE apart > 0 ORDER BY ALL
"""
"""Of accounts that may stand far enough above the base rate, all their acts taken together; few do."""

RECRUITS = """
SELECT account_id FROM told WHERE typology = 'pyramid' AND k > 0
GROUP BY account_id HAVING max(CASE WHEN act = 'fee_up_the_line' THEN 0 ELSE 1 END) = 0
"""
"""Who paid an entry fee up the line, and took none and recruited nobody who paid."""


def scores(db: Db, s: ScoreSettings, r: RingSettings) -> None:
    """Make `ring_scores`, `ring_typologies`, `member_scores`, `lone_scores`, `recruits`, and the view `told_each`.

    Reads `members`, `by_typology`, `told`, `axes_of_acts`, `chances_rated`. `ring_scores`: `ring`, `nats`, `score`.
    `ring_typologies`: `ring`, `typology`, `nats`, `score`, strongest first. `member_scores`: `ring`, `account_id`,
    `score`, `typology`, `nats`. `lone_scores`: `account_id`, `score`, `typology`, `nats` of accounts on no listed ring.
    `recruits`: `account_id` of who only paid into a pyramid.
    """
    db.make("recruits", RECRUITS)
    members = db.frame("SELECT * FROM members ORDER BY ring, account_id")
    per = db.frame(THEIRS)
    chances = db.frame(
        "SELECT m.ring, c.* FROM chances_rated AS c JOIN members AS m ON m.account_id = c.account_id ORDER BY ALL"
    ).rename({"ring": "group"})
    db.view("told_each", TOLD_EACH)
    each = pooled.by_typology(db.frame(EACH), "account_id")
    rings = ring_typologies(members, each, chances, s, r)
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
    recruits = db.frame("SELECT account_id FROM recruits ORDER BY account_id")["account_id"]
    only_paid = (pl.col("typology") == "pyramid") & pl.col("account_id").is_in(recruits.implode())
    sure = pl.when(only_paid).then(s.recruit).otherwise(1.0) / (1 + (-(pl.col("hold") + pl.col("acts")) / 4).exp())
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


def ring_typologies(
    members: pl.DataFrame, per: pl.DataFrame, chances: pl.DataFrame, s: ScoreSettings, r: RingSettings
) -> pl.DataFrame:
    """One row a ring and typology with its evidence in nats, `two_way` composed. Columns `ring`, `typology`, `nats`.

    One member says at most `one_actor` nats beyond what the others say: who acts alone among friends is no ring.
    """
    told = members.select("ring", "account_id").join(per, on="account_id").sort("ring", "typology", "account_id")
    size = members.group_by("ring").len("size")
    everybody = explained(told, size, chances, r)
    strongest = told.sort("ring", "typology", "nats", "account_id", descending=[False, False, True, False]).unique(
        ["ring", "typology"], keep="first", maintain_order=True
    )
    others = explained(
        told.join(strongest, on=["ring", "typology", "account_id"], how="anti", maintain_order="left"),
        size.with_columns(pl.col("size") - 1),
        chances.join(strongest.rename({"ring": "group"}), on=["group", "typology", "account_id"], how="anti",
                     maintain_order="left"),
        r,
    ).rename({"nats": "others"})  # fmt: skip
    plain = everybody.join(others, on=["ring", "typology"], how="left").select(
        "ring", "typology", pl.min_horizontal("nats", pl.col("others").fill_null(0.0) + s.one_actor)
    )
    return pl.concat([plain, two_way(everybody, told, r)]).filter(pl.col("nats") > 0).sort("ring", "typology")


def explained(told: pl.DataFrame, size: pl.DataFrame, chances: pl.DataFrame, r: RingSettings) -> pl.DataFrame:
    """One row a ring and typology: `nats` of its members' acts, pooled or summed member by member, whichever says more.

    Trade among themselves that pooled is not worth a look (`lead`) is not summed either: of friends who came in for
    something else each would say it once more.

    `told`: one row a ring, account and typology with its own `nats`; `size`: a ring's members; `chances`: as for
    `pooled.by_act`, `group` being the ring.
    """
    idle = log(1 - r.active)
    spoken = (1 - r.active + r.active * pl.col("nats").clip(upper_bound=50).exp()).log()
    together = pooled.by_typology(pooled.by_act(chances, cap=r.ring_cap), "group")
    friends = (pl.col("typology") == "brushing") & (pl.col("pooled").fill_null(0.0) < r.lead)
    most = pl.when(friends).then("pooled").otherwise(pl.max_horizontal("nats", "pooled"))
    return (
        told.group_by("ring", "typology", maintain_order=True)
        .agg(spoken.sum().alias("nats"), pl.len().alias("acting"))
        .join(size, on="ring")
        .select("ring", "typology", pl.col("nats") + (pl.col("size") - pl.col("acting")) * idle)
        .join(together.rename({"group": "ring", "nats": "pooled"}), on=["ring", "typology"], how="full", coalesce=True)
        .select("ring", "typology", most.fill_null(0.0).clip(lower_bound=0.0).alias("nats"))
    )


def two_way(plain: pl.DataFrame, told: pl.DataFrame, r: RingSettings) -> pl.DataFrame:
    """The rings that cheat on both sides: `ring`, `typology`, `nats`, the sum of the strongest of either side, where
    the weaker says as much as a ring must to be looked at and is no trifle beside the other. Not where one member alone
    does both among friends: `told` as for `explained`."""
    several = (
        told.filter(pl.col("typology").is_in([*SELLING, *BUYING]))
        .group_by("ring")
        .agg(pl.col("account_id").n_unique().alias("acting"))
        .filter(pl.col("acting") > 1)
    )
    sides = [
        plain.filter(pl.col("typology").is_in(side)).group_by("ring").agg(pl.col("nats").max().alias(name))
        for side, name in ((SELLING, "selling"), (BUYING, "buying"))
    ]
    weaker = pl.min_horizontal("selling", "buying")
    return (
        sides[0]
        .join(sides[1], on="ring")
        .join(several, on="ring", how="semi")
        .filter((weaker > r.look) & (weaker > 0.15 * pl.max_horizontal("selling", "buying")))
        .select("ring", pl.lit("two_way").alias("typology"), (pl.col("selling") + pl.col("buying")).alias("nats"))
    )


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
        .select("account_id", likelihood(pl.col("nats") - log(len(TYPOLOGIES)), s).alias("score"), "typology", "nats")
        .sort("account_id")
    )
