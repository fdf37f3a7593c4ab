"""Accounts registered in a burst on the same machines, then used alike."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import Ints, word
from jobs.simulate.goods import NUMBER
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.market.talk import URL
from jobs.simulate.options import DAY


def plant(gang: Gang) -> None:
    """One burst of hours when loud, several in a week when quiet."""
    a, who = gang.world.accounts, gang.members
    bursts = 1 + round(2 * gang.quiet)
    first = gang.start + gang.rng.integers(0, 7 * DAY, bursts)
    burst = first[gang.rng.integers(0, bursts, len(who))]
    gang.register(who, burst + gang.rng.integers(0, 4 * 3_600, len(who)))
    a["kind"][who], a["credit_level"][who] = word("kind", "person"), 0
    bind(gang)
    # bind() may have moved a sign-up behind its inviter's: never by days.
    gang.role(gang.actors, "buyer")
    _spend(gang, gang.times(gang.actors, 4, 9))
    if gang.rng.random() < 0.35:
        _spread(gang, gang.times(gang.actors, 3, 6))
    gang.close(0.1)


def _spend(gang: Gang, buyer: Ints) -> None:
    """The same vouchers from the same few sellers in a few sittings, minutes apart."""
    n = len(buyer)
    sellers = gang.sellers(int(gang.rng.integers(2, 4)), "code_sellers")
    sittings = gang.moments(4, 0.15, 0.9)
    placed = gang.rng.choice(sittings, n) + gang.rng.integers(0, int(7_200 * (1 + 11 * gang.quiet)), n)
    placed = np.maximum(placed, gang.world.accounts["registered_at"][buyer] + 3_600)
    goods = gang.rng.choice([NUMBER["voucher"], NUMBER["topup_card"]])
    price = gang.rng.choice([990, 1_990, 4_990, 9_500], 2)
    rows = gang.deal(buyer, gang.rng.choice(sellers, n), placed, category=goods)
    alike = gang.chance(n, 0.95 - 0.3 * gang.quiet)
    rows["amount"] = np.where(alike, gang.rng.choice(price, n), rows["amount"])
    gang.normal(rows)


def _spread(gang: Gang, sender: Ints) -> None:
    """All send the same page."""
    n = len(sender)
    sent = np.maximum(gang.moments(n, 0.2, 1.0), gang.world.accounts["registered_at"][sender] + 3_600)
    rows = gang.say(sender, gang.victims(n), sent, URL, gang.world.one("handle"), "recruit")
    gang.report(rows, 0.1, 300)
