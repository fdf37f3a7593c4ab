"""Livestream sales on a promise of buying back dearer; a few are bought back, then silence."""

from __future__ import annotations

import numpy as np

from graph.exports import COMPLAINTS
from jobs.simulate.columns import word
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.market.talk import CONTACT
from jobs.simulate.options import DAY


def plant(gang: Gang) -> None:
    """One to three members stream, the others sell."""
    actors = gang.actors
    streaming = actors[: max(1, min(3, len(actors) // 3))]
    sellers = actors[len(streaming) :] if len(actors) > 1 else actors
    gang.open_shops(sellers, licensed=0.7)
    goods = gang.category("jewellery", "liquor", "other")
    gang.world.accounts["goods"][sellers] = goods
    bind(gang)
    gang.role(sellers, "seller")
    gang.role(streaming, "promoter")
    # The same victims come back, for more each time.
    regulars = gang.victims(max(4, 5 * len(sellers)))
    seller = gang.times(sellers, 8, 16)
    n = len(seller)
    placed = gang.moments(n, 0.05, 0.95)
    turn = (placed - gang.start) / (gang.end - gang.start)
    buyer = gang.rng.choice(regulars, n)
    rows = gang.deal(buyer, seller, placed, category=goods)
    rows["channel"][:] = word("channel", "livestream")
    rows["promoter_id"] = gang.rng.choice(streaming, n)
    rows["amount"] = (rows["amount"] * (1.5 + 4 * turn)).astype(np.int64) // 100 * 100 + 50_000
    gang.normal(rows)
    told = gang.chance(n, 0.7)
    sender = np.where(gang.chance(n, 0.5), rows["promoter_id"], seller)[told]
    handle = gang.world.accounts["handle"][sender]
    said = gang.say(sender, buyer[told], rows["placed_at"][told] - 3_600, CONTACT, handle, "promise_buyback")
    gang.report(said, 0.15, 5_000)
    _bait(gang, sellers, regulars, goods)
    angry = gang.chance(n, 0.5)
    kinds = gang.rng.choice([COMPLAINTS.index(k) for k in ("vanished_seller", "not_as_described", "other")], n)
    gang.complain(rows, angry, kinds, np.maximum(rows["confirmed_at"], np.full(n, gang.end)) + DAY, 2)
    gang.refund(rows, angry & gang.chance(n, 0.05), rows["complained_at"])
    gang.close(0.4)


def _bait(gang: Gang, sellers: np.ndarray, regulars: np.ndarray, goods: int) -> None:
    """At first members do buy back, a little dearer."""
    n = max(1, len(regulars) // 4)
    rows = gang.deal(
        gang.rng.choice(sellers, n), gang.rng.choice(regulars, n), gang.moments(n, 0.1, 0.4), category=goods
    )
    rows["amount"] = rows["amount"] * 3 // 2 + 10_000
    gang.normal(rows)
