"""Strangers quote victims' orders at another seller; the orders share that one seller, the source."""

from __future__ import annotations

import numpy as np

from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.market.talk import CONTACT, PAYMENT, URL
from jobs.simulate.market.trade import ordinary
from jobs.simulate.options import DAY


def plant(gang: Gang) -> None:
    """The first member is the source: a shop whose trade is honest; the others are the strangers."""
    source, strangers = int(gang.members[0]), gang.members[1:]
    gang.spare[0] = False
    gang.open_shops(gang.members[:1], licensed=1.0)
    gang.register(source, gang.start - int(gang.rng.integers(60, 600)) * DAY)
    bind(gang, strangers)
    quoting = np.setdiff1d(gang.actors, [source])
    quoting = quoting if len(quoting) else strangers
    gang.role(quoting, "seller")
    gang.role(source, "source")
    sender = gang.times(quoting, 5, 12)
    n = len(sender)
    placed = gang.moments(int(1.6 * n) + 6, 0.0, 0.95)
    trade = ordinary(gang.world, gang.rng, gang.victims(len(placed)), np.full(len(placed), source), placed)
    if gang.rng.random() < 0.5:
        # An insider: one person of the staff handled what leaked.
        trade["handler_id"][:n] = trade["handler_id"].max()
    sent = gang.after(trade["placed_at"][:n] + 3_600, 2, 0.6)
    pages, a = gang.world.fresh("handle", 2), gang.world.accounts
    target = np.where(gang.chance(n, 1 - 0.6 * gang.quiet), gang.rng.choice(pages, n), a["handle"][sender])
    kind = gang.rng.choice([CONTACT, URL, PAYMENT], n, p=[0.5, 0.3, 0.2])
    order = trade["order_id"][:n]
    rows = gang.say(sender, trade["buyer_id"][:n], sent, kind, target, "knows_order", order_id=order)
    gang.report(rows, 0.5, 2_500)
    for account in quoting[gang.chance(len(quoting), 0.3)]:
        gang.world.leave(account, "banned_at", gang.end + int(gang.rng.integers(DAY, 20 * DAY)))
