"""Innocents near a ring: relatives on a member's device, and victims whose account was taken over.

Neither stands in the truth.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import word
from jobs.simulate.market.population import AFTER
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.talk import URL
from jobs.simulate.options import DAY


def add_relative(gang: Gang) -> None:
    """A relative uses a member's own phone, and perhaps its payment account."""
    a, rng, world = gang.world.accounts, gang.rng, gang.world
    relative, member = int(gang.victims(1)[0]), int(rng.choice(gang.members))
    since = max(int(a["registered_at"][member]), int(a["registered_at"][relative])) + DAY
    world.use(np.array([relative]), member, since, world.options.end + AFTER, word("device_kind", "phone"), 12)
    if rng.random() < 0.3:
        a["payer"][relative] = a["payer"][member]


def add_takeover(gang: Gang) -> None:
    """A victim opens the ring's link, and then a ring device is on its account and buys from the ring."""
    a, rng, world = gang.world.accounts, gang.rng, gang.world
    victim, member = int(gang.victims(1)[0]), int(rng.choice(gang.actors))
    sent = int(gang.moments(1, 0.1, 0.8)[0])
    sent = max(sent, int(a["registered_at"][member]) + DAY)
    one = np.array([victim])
    row = gang.say(np.array([member]), one, np.array([sent]), URL, a["handle"][member])
    gang.report(row, 0.4, 1_500)
    first = sent + int(rng.integers(3_600, 2 * DAY))
    device = int(rng.choice(gang.devices)) if gang.devices else member
    world.use(one, device, first, first + int(rng.integers(3_600, 3 * DAY)), word("device_kind", "phone"), 2)
    n = int(rng.integers(1, 4))
    placed = first + rng.integers(600, 3_600, n)
    rows = gang.deal(np.full(n, victim), np.full(n, member), placed, category=gang.virtual(n))
    gang.normal(rows)
    world.groups.setdefault("taken_over", np.empty(0, np.int64))
    world.groups["taken_over"] = np.append(world.groups["taken_over"], victim)
