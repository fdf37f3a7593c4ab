"""One operator behind several shops that sell counterfeits into many provinces."""

from __future__ import annotations

import numpy as np

from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.options import DAY


def plant(gang: Gang) -> None:
    """All are shops with one store of goods; prices far below the market."""
    gang.open_shops(gang.members, licensed=0.6)
    a = gang.world.accounts
    goods = gang.category("cosmetics", "liquor", "clothing", "jewellery")
    a["goods"][gang.members] = goods
    bind(gang)
    gang.role(gang.actors, "seller")
    same_store = gang.members[gang.chance(len(gang.members), 1 - 0.6 * gang.quiet)]
    store = gang.world.one("address")
    seller = gang.times(gang.actors, 14, 34)
    n = len(seller)
    rows = gang.deal(gang.victims(n), seller, gang.moments(n), category=goods)
    own = np.isin(seller, same_store)
    rows["ship_from_id"] = np.where(own, store, rows["ship_from_id"])
    rows["amount"] = np.maximum(rows["amount"] * gang.rng.uniform(0.25, 0.6) // 100 * 100, 900)
    gang.normal(rows)
    angry = gang.chance(n, 0.3 - 0.14 * gang.quiet)
    gang.complain(rows, angry, "counterfeit", rows["delivered_at"] + 3 * DAY, 2)
    gang.refund(rows, angry & gang.chance(n, 0.35), rows["complained_at"])
    back = (rows["refunded_at"] >= 0) & gang.chance(n, 0.4)
    rows["return_kind"] = np.where(back, 1, rows["return_kind"])
    gang.close(0.2)
