"""Planted rings of all fourteen typologies: how many, how large, and their hidden trade."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jobs.simulate.columns import NONE, Ints
from jobs.simulate.market.rings import (
    account_farm,
    brushing,
    buyback_live,
    confirm_first,
    counterfeit_network,
    jury_gaming,
    leak_source,
    off_platform_lure,
    pyramid,
    reborn_shop,
    swap_return,
    two_way,
    unlicensed_operator,
    unpaid_harvest,
)
from jobs.simulate.market.rings.bystanders import add_relative, add_takeover
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.world import World
from jobs.simulate.options import DAY

TYPOLOGIES: dict[str, tuple[Callable[[Gang], None], int, int]] = {
    "confirm_first": (confirm_first.plant, 4, 11),
    "unpaid_harvest": (unpaid_harvest.plant, 4, 11),
    "off_platform_lure": (off_platform_lure.plant, 4, 13),
    "two_way": (two_way.plant, 3, 9),
    "swap_return": (swap_return.plant, 3, 10),
    "jury_gaming": (jury_gaming.plant, 3, 10),
    "reborn_shop": (reborn_shop.plant, 3, 6),
    "counterfeit_network": (counterfeit_network.plant, 3, 9),
    "buyback_live": (buyback_live.plant, 4, 10),
    "pyramid": (pyramid.plant, 32, 60),
    "leak_source": (leak_source.plant, 4, 9),
    "unlicensed_operator": (unlicensed_operator.plant, 3, 8),
    "account_farm": (account_farm.plant, 8, 30),
    "brushing": (brushing.plant, 5, 15),
}
"""What plants it, and the fewest and the most members."""

Plan = list[tuple[str, int]]


def plan_rings(world: World) -> Plan:
    """(typology, members) of each ring.

    About five a typology at 20,000 accounts, growing slower than the market.
    """
    rng = world.stream(6)
    each = max(1, round(5 * (world.options.accounts / 20_000) ** 0.6))
    return [
        (name, int(rng.integers(low, high + 1))) for name, (_, low, high) in TYPOLOGIES.items() for _ in range(each)
    ]


def plant_rings(world: World, plan: Plan, reserved: Ints) -> None:
    """Make every ring out of the reserved accounts, and write it into `world.truth`."""
    first = 0
    for number, (typology, size) in enumerate(plan):
        gang = _gather(world, number, typology, reserved[first : first + size])
        first += size
        TYPOLOGIES[typology][0](gang)
        if gang.rng.random() < 0.25:
            add_relative(gang)
        if (
            typology in ("confirm_first", "off_platform_lure", "two_way", "leak_source", "account_farm")
            and gang.rng.random() < 0.5
        ):
            add_takeover(gang)
        world.truth += [(number, typology, int(m), gang.roles.get(int(m), "holder")) for m in gang.members]


def _gather(world: World, number: int, typology: str, members: Ints) -> Gang:
    """A ring with its time and its spares.

    Its members come fresh when loud, from among the old accounts when quiet.
    """
    o, rng, quiet = world.options, world.stream(7, number), world.options.camouflage
    days = int(rng.integers(100, 165)) if typology == "reborn_shop" else int(rng.integers(25, 90))
    # Chains must come to their end to be seen; other rings may still be at it.
    seen = days - 15 if typology == "reborn_shop" else days * 2 // 3
    latest = max(o.start + 12 * DAY, o.end - seen * DAY)
    start = int(rng.integers(o.start + 10 * DAY, latest))
    spare = rng.random(len(members)) < 0.03 + 0.22 * quiet
    spare[: 2 if len(members) > 2 else 1] = False
    registered = world.accounts["registered_at"]
    # Orders and chats before an account's registration would betray the simulator.
    fresh = rng.random(len(members)) > 0.9 * quiet
    young = start - rng.integers(2 * DAY, 45 * DAY, len(members))
    old = np.minimum(registered[members], start - rng.integers(20 * DAY, 300 * DAY, len(members)))
    registered[members] = np.where(fresh, young, old)
    credit = world.accounts["credit_level"]
    credit[members] = np.where(fresh, rng.integers(0, 3, len(members)), credit[members])
    inviter = world.accounts["inviter_id"][members]
    too_late = (inviter != NONE) & (registered[np.maximum(inviter, 0)] >= registered[members])
    world.accounts["inviter_id"][members] = np.where(too_late, NONE, inviter)
    return Gang(world, rng, number, typology, members, quiet, start, start + days * DAY, spare)
