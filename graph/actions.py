"""What is proposed, and to whom. Legal figures order actions and never scores; a named person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from graph.settings import ScoreSettings

REGULATED = frozenset({"counterfeit_network", "unlicensed_operator", "brushing"})
BOTH = frozenset({"counterfeit_network", "pyramid"})
HARMLESS_ALONE = frozenset({"account_farm", "brushing", "unlicensed_operator"})


PLACED = """
SELECT m.ring, m.account_id, u.account_id AS above_id
FROM members AS m
LEFT JOIN accounts AS a ON a.account_id = m.account_id
LEFT JOIN members AS u ON u.account_id = a.inviter_id AND u.ring = m.ring AND u.account_id <> m.account_id
ORDER BY m.ring, m.account_id
"""
"""Members, and who of the same ring referred them."""


def levels(placed: pl.DataFrame) -> pl.DataFrame:
    """One row a ring: `ring`, `levels` of the referral tree inside it, from rows `ring`, `account_id`, `above_id`.
    Nobody in a closed circle of referrals is at the top: such a ring has no levels and no row."""
    reached, deep = placed.filter(pl.col("above_id").is_null()), list[pl.DataFrame]()
    while not reached.is_empty():
        deep.append(reached.select(pl.col("ring").unique()).with_columns(pl.lit(len(deep) + 1).alias("levels")))
        above = reached.select("ring", pl.col("account_id").alias("above_id"))
        reached = placed.join(above, on=["ring", "above_id"])
    empty = pl.DataFrame(schema={"ring": pl.Int64, "levels": pl.Int32})
    return pl.concat([empty, *deep]).group_by("ring").agg(pl.col("levels").max()).sort("ring")


def action(
    score: float, typology: str, n_victims: int, loss_fen: int, n_accounts: int, levels: int | None, s: ScoreSettings
) -> str:
    """`advise|warn|restrict|refer` from score, victims and loss (fen), heads and levels of a pyramid, leaked orders."""
    if score < s.warn:
        return "advise"
    if score < s.restrict:
        return "warn"
    grave = n_victims >= s.refer_victims and loss_fen >= 100 * s.refer_cny
    if typology == "pyramid":
        grave = grave or (n_accounts >= s.pyramid_heads and (levels or 0) >= s.pyramid_levels)
    if typology == "leak_source":
        grave = grave or 2 * n_victims >= s.leaked_orders
    if typology in HARMLESS_ALONE and n_victims < s.refer_victims:
        return "warn"
    return "refer" if grave else "restrict"


def refer_to(action: str, typology: str) -> str | None:
    """`police|market_regulator|both` for a referral, else None."""
    if action != "refer":
        return None
    if typology in BOTH:
        return "both"
    return "market_regulator" if typology in REGULATED else "police"
