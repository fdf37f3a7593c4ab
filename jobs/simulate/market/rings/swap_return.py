"""Buyers who claim damage and refuse the goods or send another item back: many sellers, the same claim."""

from __future__ import annotations

import numpy as np

from graph.exports import SELLER_COMPLAINTS
from jobs.simulate.columns import NONE, Ints, Rows
from jobs.simulate.goods import NUMBER
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.options import DAY

GOODS = [NUMBER[c] for c in ("phone", "cosmetics", "clothing", "jewellery")]


def plant(gang: Gang) -> None:
    """All members buy, with one claim."""
    bind(gang)
    gang.role(gang.actors, "buyer")
    swap(
        gang,
        gang.times(gang.actors, 5, 12),
        str(gang.rng.choice(["damaged", "not_as_described", "counterfeit"])),
    )
    gang.close(0.15)


def swap(gang: Gang, buyer: Ints, claim: str) -> Rows:
    """One swapped return a row."""
    n = len(buyer)
    rows = gang.deal(buyer, gang.sellers(n, "return_sellers"), gang.moments(n), category=gang.rng.choice(GOODS, n))
    gang.normal(rows)
    rows["confirmed_at"][:] = NONE
    gang.complain(rows, gang.chance(n, 0.92), claim, rows["delivered_at"] + DAY, 1)
    back = gang.after(rows["delivered_at"] + 2 * DAY, 3, 0.5)
    rows["refunded_at"] = back.copy()
    rows["return_kind"] = np.where(gang.chance(n, 0.35), 0, 1)
    angry = gang.chance(n, 0.6)
    rows["seller_complained_at"] = np.where(angry, gang.after(back, 0.6), NONE)
    rows["seller_complaint"] = np.where(angry, SELLER_COMPLAINTS.index("return_mismatch"), NONE)
    return rows
