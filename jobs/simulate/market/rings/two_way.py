"""One hand that cheats as buyer and as seller: "两头吃"."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Ints
from jobs.simulate.market.rings.confirm_first import cheat
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.swap_return import swap
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.market.rings.unpaid_harvest import harvest


def plant(gang: Gang) -> None:
    """Each member does both, or the ring divides the sides among its members."""
    bind(gang)
    actors = gang.actors
    divided = len(actors) > 3 and gang.rng.random() < 0.4
    half = len(actors) // 2
    selling, buying = (actors[:half], actors[half:]) if divided else (actors, actors)
    if divided:
        gang.role(selling, "seller")
        gang.role(buying, "buyer")
    else:
        gang.role(actors, "both")
    if gang.rng.random() < 0.5:
        cheat(gang, gang.times(selling, 2, 6))
    else:
        _junk(gang, gang.times(selling, 3, 8))
    if gang.rng.random() < 0.5:
        harvest(gang, gang.times(buying, 2, 6))
    else:
        swap(gang, gang.times(buying, 3, 7), str(gang.rng.choice(["damaged", "not_as_described"])))
    gang.close(0.25)


def _junk(gang: Gang, seller: Ints) -> None:
    """Sends junk or nothing."""
    n = len(seller)
    rows = gang.deal(gang.victims(n), seller, gang.moments(n), category=gang.category("phone", "clothing", "cosmetics"))
    gang.normal(rows)
    nothing = gang.chance(n, 0.4)
    rows["delivered_at"] = np.where(nothing, NONE, rows["delivered_at"])
    rows["confirmed_at"] = np.where(nothing & gang.chance(n, 0.5), NONE, rows["confirmed_at"])
    angry = gang.chance(n, 0.6)
    since = gang.after(rows["paid_at"], 5, 0.4)
    gang.complain(rows, angry & nothing, "not_received", since)
    gang.complain(rows, angry & ~nothing, "not_as_described", since)
    gang.refund(rows, angry & gang.chance(n, 0.25), since + 86_400)
