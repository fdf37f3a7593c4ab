"""What each hand does: one function a typology, several scripts in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from jobs.simulate.bazaar.hand import Hand
from jobs.simulate.bazaar.place import FOREVER, Bazaar
from jobs.simulate.bazaar.schemes import cards, claims, lures, shells, webs
from jobs.simulate.bazaar.stage import Stage
from jobs.simulate.bazaar.talk import chat
from jobs.simulate.columns import Rows
from jobs.simulate.options import DAY

SCHEMES: Mapping[str, Callable[[Stage], list[Rows]]] = MappingProxyType(
    {
        "confirm_first": cards.confirm_first,
        "unpaid_harvest": cards.unpaid_harvest,
        "off_platform_lure": lures.off_platform_lure,
        "two_way": claims.two_way,
        "swap_return": claims.swap_return,
        "jury_gaming": claims.jury_gaming,
        "reborn_shop": shells.reborn_shop,
        "counterfeit_network": shells.counterfeit_network,
        "buyback_live": webs.buyback_live,
        "pyramid": webs.pyramid,
        "leak_source": lures.leak_source,
        "unlicensed_operator": shells.unlicensed_operator,
        "account_farm": webs.account_farm,
        "brushing": webs.brushing,
    }
)


CAUGHT, LEFT = 0.05, 0.12
"""Shares of members whom the platform bans, and who close their account when the hand is done."""


def play(world: Bazaar, hands: list[Hand]) -> None:
    """Every hand's scheme, with talk and cover; members, roles and typology go into the truth."""
    a = world.accounts
    marks = a["buys"] * a["trust"] * world.honest
    prey = a["sells"] * (0.1 + (1 - a["careful"])) * world.honest
    for hand in hands:
        stage, before = Stage(world, hand, marks, prey), len(world.orders)
        for rows in SCHEMES[hand.typology](stage):
            chat(world, hand.rng, rows)
            stage.hand_out(rows)
            stage.cover(rows)
        _end(stage, world.orders[before:])
        world.truth.extend(
            (hand.number, hand.typology, int(account), hand.roles.get(int(account), "holder"))
            for account in hand.members
        )


def _end(stage: Stage, deals: list[Rows]) -> None:
    """What becomes of members after their last deal."""
    world, hand, rng = stage.world, stage.hand, stage.rng
    fate = rng.random(len(hand.members))
    for account, chance in zip(hand.members, fate, strict=True):
        if chance > CAUGHT + LEFT or world.accounts["gone_at"][account] != FOREVER:
            continue
        ours = [r["placed_at"][(r["buyer_id"] == account) | (r["seller_id"] == account)] for r in deals]
        last = max([hand.begun, world.accounts["registered_at"][account], *(int(p.max()) for p in ours if len(p))])
        moment = np.array([last + DAY + int(rng.exponential(6) * DAY)])
        stage.close(np.array([account]), "banned_at" if chance < CAUGHT else "cancelled_at", moment)
