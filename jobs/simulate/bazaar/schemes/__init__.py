"""What each hand does: one function a typology, several scripts in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jobs.simulate.bazaar.hand import Hand
from jobs.simulate.bazaar.place import Bazaar
from jobs.simulate.bazaar.schemes import cards, claims, lures, shells, webs
from jobs.simulate.bazaar.stage import Stage
from jobs.simulate.bazaar.talk import chat
from jobs.simulate.columns import Rows

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


def play(world: Bazaar, hands: list[Hand]) -> None:
    """Every hand's scheme, with talk and cover; members, roles and typology go into the truth."""
    a = world.accounts
    marks = a["buys"] * a["trust"] * world.honest
    prey = a["sells"] * (0.1 + (1 - a["careful"])) * world.honest
    for hand in hands:
        stage = Stage(world, hand, marks, prey)
        for rows in SCHEMES[hand.typology](stage):
            chat(world, hand.rng, rows)
            stage.hand_out(rows)
            stage.cover(rows)
        world.truth.extend(
            (hand.number, hand.typology, int(account), hand.roles.get(int(account), "holder"))
            for account in hand.members
        )
