"""Sellers of card codes who have the buyer confirm first.

The code comes afterwards, used or sold twice, or never.
"""

from __future__ import annotations

import numpy as np

from graph.exports import COMPLAINTS
from jobs.simulate.columns import NONE, Ints, Rows
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.market.talk import CONTACT


def plant(gang: Gang) -> None:
    """All members sell."""
    bind(gang)
    gang.role(gang.actors, "seller")
    cheat(gang, gang.times(gang.actors, 4, 12))
    gang.close(0.35)


def cheat(gang: Gang, seller: Ints) -> Rows:
    """One cheated buyer a row."""
    n = len(seller)
    rows = gang.deal(gang.victims(n), seller, gang.moments(n), category=gang.virtual(n))
    gang.pay(rows)
    asked = gang.after(rows["paid_at"], 5 / 1440)
    handle = gang.world.accounts["handle"][seller]
    gang.say(seller, rows["buyer_id"], asked, CONTACT, handle, "ask_confirm_first", order_id=rows["order_id"])
    rows["confirmed_at"] = gang.after(asked, 10 / 1440)
    comes = gang.chance(n, 0.6)
    sent = gang.after(rows["confirmed_at"], 15 / 1440)
    rows["delivered_at"] = np.where(comes, sent, NONE)
    gang.codes(rows, comes, sent, sold_twice=0.4)
    nothing = COMPLAINTS.index("not_received"), COMPLAINTS.index("vanished_seller")
    kinds = np.where(comes, COMPLAINTS.index("code_used"), np.where(gang.chance(n, 0.75), *nothing))
    gang.complain(rows, gang.chance(n, 0.65), kinds, np.maximum(sent, rows["confirmed_at"]))
    gang.refund(rows, gang.chance(n, 0.08), np.maximum(rows["complained_at"], sent), 3)
    return rows
