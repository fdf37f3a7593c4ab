"""Buyers who order a code, do not pay, and get it from a seller who reads "拍下" as paid.

They often close the account after it, and others of the ring resell what they took.
"""

from __future__ import annotations

import numpy as np

from graph.exports import SELLER_COMPLAINTS
from jobs.simulate.columns import NONE, Ints, Rows
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.market.talk import CARD
from jobs.simulate.options import DAY


def plant(gang: Gang) -> None:
    """Most members harvest, the last third resells."""
    bind(gang)
    actors = gang.actors
    resellers = actors[-max(1, len(actors) // 3) :]
    harvesters = actors[: max(1, len(actors) - len(resellers))]
    gang.role(harvesters, "buyer")
    gang.role(resellers, "seller")
    rows, code, taken = harvest(gang, gang.times(harvesters, 4, 10))
    _resell(gang, resellers, code, taken)
    for account in harvesters[gang.chance(len(harvesters), 0.8 - 0.4 * gang.quiet)]:
        own = rows["buyer_id"] == account
        gang.world.leave(
            account,
            "cancelled_at",
            int(rows["delivered_at"][own].max()) + int(gang.rng.integers(3_600, 3 * DAY)),
        )


def harvest(gang: Gang, buyer: Ints) -> tuple[Rows, Ints, Ints]:
    """One code taken a row. Returns the orders, the codes, and when each was sent."""
    n, a = len(buyer), gang.world.accounts
    # Each harvester works for a few days, then goes.
    _, which = np.unique(buyer, return_inverse=True)
    begin = gang.moments(int(which.max()) + 1, 0.0, 0.6)[which]
    placed = gang.world.at_daytime(gang.rng, begin + gang.rng.integers(0, 5 * DAY, n))
    placed = np.maximum(placed, a["registered_at"][buyer] + 3_600)
    rows = gang.deal(buyer, gang.sellers(n, "code_sellers"), placed, category=gang.virtual(n))
    sent = gang.after(placed, 8 / 1440)
    rows["delivered_at"] = sent.copy()
    code = gang.world.fresh("card_code", n)
    gang.say(rows["seller_id"], buyer, sent, CARD, code, order_id=rows["order_id"])
    angry = gang.chance(n, 0.7)
    rows["seller_complained_at"] = np.where(angry, gang.after(sent, 0.2), NONE)
    rows["seller_complaint"] = np.where(angry, SELLER_COMPLAINTS.index("unpaid_code_taken"), NONE)
    rows["cancelled_at"] = np.where(gang.chance(n, 0.6), gang.after(sent, 0.1), NONE)
    return rows, code, sent


def _resell(gang: Gang, resellers: Ints, code: Ints, taken: Ints) -> None:
    """About half of the codes go to honest buyers; some were locked by then."""
    sold = np.flatnonzero(gang.chance(len(code), 0.6))
    seller = resellers[np.arange(len(sold)) % len(resellers)]
    placed = gang.after(taken[sold], 0.8)
    rows = gang.deal(gang.victims(len(sold)), seller, placed, category=gang.virtual(len(sold)))
    gang.normal(rows)
    rows["delivered_at"] = gang.after(rows["paid_at"], 5 / 1440)
    gang.say(seller, rows["buyer_id"], rows["delivered_at"], CARD, code[sold], order_id=rows["order_id"])
    gang.complain(rows, gang.chance(len(sold), 0.3), "code_used", rows["delivered_at"])
