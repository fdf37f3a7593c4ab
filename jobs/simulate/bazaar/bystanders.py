"""People beside the hands: relatives under one roof, faithful customers, victims who came back."""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar.circles import share_life
from jobs.simulate.bazaar.hand import Hand
from jobs.simulate.bazaar.people import lend
from jobs.simulate.bazaar.place import Bazaar


def relatives(world: Bazaar, hands: list[Hand]) -> None:
    """Every third hand has somebody at home who shares an address, a tablet or a wallet, and knows nothing."""
    rng, a = world.stream(6), world.accounts
    for hand in hands:
        if rng.random() > 0.33:
            continue
        at_home = rng.choice(np.flatnonzero(world.honest), 1 + rng.poisson(0.6), replace=False)
        member = rng.choice(hand.members)
        a["ship_to"][at_home] = a["ship_to"][member]
        if rng.random() < 0.6:
            share_life(world, rng, at_home, int(member), "phone")
        if rng.random() < 0.4:
            lend(world, "payer", at_home, int(a["payer"][member]), 0.4)
        if rng.random() < 0.2:
            a["phone_id"][at_home] = a["phone_id"][member]
        world.resemble(at_home, "relative")


def victims(world: Bazaar, hands: list[Hand]) -> None:
    """Who met one hand twice or more is joined to it by trade, and no part of it."""
    for hand in hands:
        if not hand.marks:
            continue
        who, times = np.unique(np.concatenate(hand.marks), return_counts=True)
        world.resemble(who[times > 1], "victim")
