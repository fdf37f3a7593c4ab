"""The crooked scripts: for each of the fourteen typologies several, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jobs.simulate.agents.scripts import codes, lures, returns, shops, webs
from jobs.simulate.agents.turn import Turn

Script = Callable[[Turn], None]

_BY_TYPOLOGY: dict[str, tuple[Script, ...]] = {
    "confirm_first": (codes.code_never_sent, codes.used_code_sent, codes.same_code_twice),
    "unpaid_harvest": (codes.took_code_unpaid, codes.resold_code_unpaid, codes.showed_a_forged_receipt),
    "off_platform_lure": (lures.qr_then_cancelled, lures.lured_without_an_order, lures.ordered_by_an_outside_link),
    "two_way": (codes.harvests_and_sells_used, returns.swaps_and_sells_fakes, returns.keeps_goods_and_money),
    "swap_return": (returns.claimed_and_swapped, returns.refused_and_emptied, returns.refunded_without_return),
    "jury_gaming": (returns.won_by_a_vote, returns.overturned_on_appeal, returns.sellers_who_win),
    "reborn_shop": (shops.takes_money_and_closes, shops.takes_money_and_is_silent, shops.takes_money_and_is_banned),
    "counterfeit_network": (
        shops.counterfeits_from_several_shops,
        shops.counterfeits_by_stream,
        shops.counterfeits_mixed_in,
    ),
    "buyback_live": (lures.promised_and_silent, lures.bought_back_once, lures.sold_in_a_group),
    "pyramid": (webs.fee_to_the_inviter, webs.fee_to_the_top, webs.fee_through_a_shop),
    "leak_source": (lures.quotes_a_sellers_orders, lures.quotes_a_handlers_orders, lures.quotes_an_insiders_orders),
    "unlicensed_operator": (shops.no_licence_shown, shops.one_licence_for_all, shops.no_licence_and_by_message),
    "account_farm": (webs.took_the_same_offer, webs.cancelled_alike, webs.posted_alike),
    "brushing": (webs.brushed_in_a_circle, webs.brushed_for_a_shop, webs.brushed_with_empty_parcels),
}

SCRIPTS: Mapping[str, Mapping[str, Script]] = MappingProxyType(
    {typology: {script.__name__: script for script in scripts} for typology, scripts in _BY_TYPOLOGY.items()}
)
"""Typology, script's name, script."""
