"""Members buy from each other to lift a shop: nothing is sent, receipt is confirmed within hours."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Ints
from jobs.simulate.goods import NUMBER
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.options import DAY

GOODS = [NUMBER[c] for c in ("phone", "clothing", "cosmetics", "household", "jewellery")]


def plant(gang: Gang) -> None:
    """One to three shops; the others buy from them, and in circles from each other."""
    actors = gang.actors
    shops = actors[: int(gang.rng.integers(1, min(3, len(actors)) + 1))]
    gang.open_shops(shops)
    gang.world.accounts["goods"][shops] = gang.rng.choice(GOODS)
    bind(gang)
    buyers = actors[len(shops) :] if len(actors) > len(shops) else actors
    gang.role(actors, "both")
    gang.role(shops, "seller")
    gang.role(buyers, "buyer")
    buyer = gang.times(buyers, 5, 12)
    _fake(gang, buyer, gang.rng.choice(shops, len(buyer)))
    circle = gang.times(actors, 1, 3)
    _fake(gang, circle, gang.rng.choice(actors, len(circle)))
    _lured(gang, gang.times(shops, 5, 12))


def _fake(gang: Gang, buyer: Ints, seller: Ints) -> None:
    """Sham orders, to one address when the ring is careless."""
    buyer, seller = buyer[buyer != seller], seller[buyer != seller]
    n = len(buyer)
    rows = gang.deal(buyer, seller, gang.moments(n), category=gang.rng.choice(GOODS, n))
    gang.pay(rows)
    sent = gang.chance(n, 0.05 + 0.25 * gang.quiet)
    rows["delivered_at"] = np.where(sent, gang.after(rows["paid_at"], 0.3), NONE)
    rows["confirmed_at"] = gang.after(np.maximum(rows["paid_at"], rows["delivered_at"]), 0.15)
    one_address = gang.chance(n, 0.7 - 0.5 * gang.quiet)
    rows["ship_to_id"] = np.where(one_address, gang.world.one("address"), rows["ship_to_id"])


def _lured(gang: Gang, seller: Ints) -> None:
    """Those who trusted the ranking."""
    n = len(seller)
    rows = gang.deal(gang.victims(n), seller, gang.moments(n, 0.4, 1.0))
    gang.normal(rows)
    gang.complain(rows, gang.chance(n, 0.2), "not_as_described", rows["delivered_at"] + DAY)
