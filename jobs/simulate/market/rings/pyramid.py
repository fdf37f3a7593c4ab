"""Entry fees flow up a referral tree of at least three levels and thirty people."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Ints
from jobs.simulate.goods import NUMBER
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.market.talk import QR, URL
from jobs.simulate.options import DAY

TOP = 4
"""Those at the top who also share devices and payees."""


def plant(gang: Gang) -> None:
    """Members in order of entry; each but the first has an inviter, who or whose top gets the fee."""
    a, who = gang.world.accounts, gang.members
    parent = _tree(gang, len(who))
    gang.spare[:] = False
    entered = np.sort(gang.moments(len(who), 0.0, 0.9))
    entered[0] = gang.start
    for place in range(1, len(who)):
        entered[place] = max(entered[place], entered[parent[place]] + int(gang.rng.integers(7_200, 4 * DAY)))
    gang.register(who, entered - gang.rng.integers(600, 2 * DAY, len(who)))
    gang.register(who[0], gang.start - int(gang.rng.integers(10, 60)) * DAY)
    a["registered_at"][who[1:]] = np.maximum(a["registered_at"][who[1:]], entered[parent[1:]] + 600)
    a["inviter_id"][who[1:]] = who[parent[1:]]
    a["inviter_id"][who[0]] = NONE
    bind(gang, who[:TOP], kinds=("device", "payee", "payer", "contact", "phone", "owner", "address"))
    gang.role(who, "buyer")
    gang.role(who[np.unique(parent[1:])], "promoter")
    gang.role(who[0], "organiser")
    _fees(gang, parent, np.maximum(entered, a["registered_at"][who] + 600))
    _recruit(gang, parent, entered)


def _tree(gang: Gang, n: int) -> Ints:
    """Each enters under one of those before; never a star, so that there are levels."""
    parent = np.zeros(n, np.int64)
    for place in range(1, n):
        low = max(0, (place - 1) // 4 - 1)
        parent[place] = 0 if place < TOP else int(gang.rng.integers(low, max(low + 1, place * 2 // 3)))
    return parent


def _fees(gang: Gang, parent: Ints, entered: Ints) -> None:
    """One entry order a member, and renewals of a few."""
    a, who = gang.world.accounts, gang.members
    fee = int(gang.rng.choice([99_800, 198_000, 298_000, 398_000]))
    to_top = gang.rng.random() < 0.4
    payer = np.concatenate([np.arange(1, len(who)), np.flatnonzero(gang.chance(len(who) - 1, 0.2)) + 1])
    placed = np.concatenate([entered[1:], gang.after(entered[payer[len(who) - 1 :]], 10, 0.4)])
    seller = np.where(gang.chance(len(payer), 0.9 if to_top else 0.1), who[0], who[parent[payer]])
    rows = gang.deal(who[payer], seller, placed, category=NUMBER["membership"])
    rows["amount"][:] = fee
    rows["payee_id"] = np.where(gang.chance(len(payer), 0.7 - 0.3 * gang.quiet), a["payee"][who[0]], rows["payee_id"])
    gang.pay(rows)
    rows["delivered_at"] = np.where(gang.chance(len(payer), 0.4), gang.after(rows["paid_at"], 0.1), NONE)
    rows["confirmed_at"] = gang.after(np.maximum(rows["paid_at"], rows["delivered_at"]), 0.1)
    gang.complain(rows, gang.chance(len(payer), 0.06), "other", rows["confirmed_at"] + 5 * DAY, 5)


def _recruit(gang: Gang, parent: Ints, entered: Ints) -> None:
    """Inviters send their link to those who came and to some who did not."""
    who, n = gang.members, len(gang.members)
    page = gang.world.one("handle")
    gang.say(
        who[parent[1:]],
        who[1:],
        np.maximum(entered[1:] - 1_800, entered[parent[1:]]),
        gang.rng.choice([URL, QR], n - 1),
        page,
        "recruit",
    )
    sender = gang.rng.choice(who[np.unique(parent[1:])], n)
    rows = gang.say(sender, gang.victims(n), gang.moments(n, 0.2, 1.0), gang.rng.choice([URL, QR], n), page, "recruit")
    gang.report(rows, 0.08, 2_000)
