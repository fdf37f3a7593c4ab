"""The list of typologies, in contract order; each is one small file beside this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.acts import (
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

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from graph.acts.act import Act

TYPOLOGIES: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        confirm_first,
        unpaid_harvest,
        off_platform_lure,
        two_way,
        swap_return,
        jury_gaming,
        reborn_shop,
        counterfeit_network,
        buyback_live,
        pyramid,
        leak_source,
        unlicensed_operator,
        account_farm,
        brushing,
    )
}


def all_acts() -> Iterator[tuple[str, Act]]:
    """Every (typology, act), in contract order."""
    for typology, module in TYPOLOGIES.items():
        for act in module.ACTS:
            yield typology, act


def tables_first(*, of_messages: bool = False) -> dict[str, str]:
    """What the typologies' conditions look up, in orders and accounts or in messages: table -> SELECT."""
    which = "MESSAGES" if of_messages else "TABLES"
    return {name: sql for module in TYPOLOGIES.values() for name, sql in getattr(module, which, {}).items()}
