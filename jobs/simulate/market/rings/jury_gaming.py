"""Wins close jury votes, or overturns lost ones on appeal, again and again with the same claim."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Bools, Ints, Rows
from jobs.simulate.goods import NUMBER
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.options import DAY

GOODS = [NUMBER[c] for c in ("phone", "cosmetics", "clothing", "household", "virtual_card")]
BUYER, SELLER = 0, 1


def plant(gang: Gang) -> None:
    """Mostly as buyers; a fifth of the rings as sellers who let the buyer complain and win."""
    bind(gang)
    who = gang.times(gang.actors, 4, 9)
    n, as_seller = len(who), gang.rng.random() < 0.2
    gang.role(gang.actors, "seller" if as_seller else "buyer")
    other = gang.victims(n) if as_seller else gang.sellers(n)
    pair = (other, who) if as_seller else (who, other)
    rows = gang.deal(*pair, gang.moments(n), category=gang.rng.choice(GOODS, n))
    gang.normal(rows)
    claim = str(gang.rng.choice(["not_received", "not_as_described", "damaged"]))
    gang.complain(rows, np.ones(n, np.bool_), claim, rows["delivered_at"] + DAY // 2)
    _votes(gang, rows, gang.chance(n, 0.85), SELLER if as_seller else BUYER)


def _votes(gang: Gang, rows: Rows, tried: Bools, side: int) -> None:
    """Nine or ten of seventeen for the ring's side; what was lost closely is won on appeal."""
    n = len(tried)
    votes: Ints = gang.rng.choice([10, 9, 8, 7, 5], n, p=[0.3, 0.35, 0.2, 0.1, 0.05])
    won = votes >= 9
    appeal = tried & ~won & (votes >= 7)
    moment = gang.after(rows["complained_at"] + DAY, 1.5, 0.5)
    turned = gang.chance(n, 0.85)
    first = np.where(won, side, 1 - side)
    final = np.where(appeal & turned, side, first)
    rows["votes_buyer"] = np.where(tried, votes if side == BUYER else 17 - votes, NONE)
    rows["votes_seller"] = np.where(tried, 17 - rows["votes_buyer"], NONE)
    rows["jury_at"] = np.where(tried, moment, NONE)
    rows["jury_winner"] = np.where(tried, first, NONE)
    rows["appealed_at"] = np.where(appeal, gang.after(moment, 1, 0.5), NONE)
    rows["appeal_winner"] = np.where(appeal, final, NONE)
    over = np.maximum(np.maximum(moment, rows["appealed_at"]), rows["complained_at"])
    repaid = (final == BUYER) & (tried | gang.chance(n, 0.3))
    rows["confirmed_at"] = np.where(repaid, NONE, rows["confirmed_at"])
    gang.refund(rows, repaid, over, 0.5)
