"""What sellers do, and the innocent trade that looks like it."""

from __future__ import annotations

import polars as pl
import pytest

from jobs.warehouse import Warehouse
from tests.graph.act_cases import Case, counted, outcome
from tests.graph.tables_in import Row, account, card, chat, device, order, shop

GONE = {"delivered_at": None, "confirmed_at": None}


def live(order_id: str, buyer: str, day: float, **columns: object) -> Row:
    return order(order_id, buyer, "s", day, channel="livestream", promoter_id="p", **columns)


def handed_over(
    owner: str | None = None,
    again: float | None = None,
    third: str | None = "household",
    **old_orders: object,
) -> list[Row]:
    """A shop that closed, and the one that opened a week later on the same phone, perhaps by the same `owner` under the
    same number; closed as well on the day `again`. Both sold household goods; the next one's third order
    was of the category `third`."""
    known = {"owner_id": owner, "phone_id": owner}
    return [
        shop("old", cancelled_at=100, **known),
        shop("s", registered_at=107, cancelled_at=again, **known),
        *(order(f"old{i}", f"b{i}", "old", 90, category="household", **old_orders) for i in range(2)),
        *(order(f"{i}", "c", "s", 120, category="household") for i in range(2)),
        order("2", "c", "s", 120, category=third),
        device("old", "d", 10, 100),
        device("s", "d", 107, 170),
    ]


def shelf(regulated: int, other: int) -> list[Row]:
    """What a shop sold: medicine, and household goods."""
    return [
        order(f"{i}", f"b{i}", "s", category="medicine" if i < regulated else "household")
        for i in range(regulated + other)
    ]


CONFIRM_FIRST = [
    Case("confirmed_before_code", "s",
         [card("1", "b", "s", confirmed_at=100.01, delivered_at=101), card("2", "c", "s", delivered_at=None),
          card("3", "d", "s"), card("4", "e", "s", paid_at=None), order("5", "f", "s", confirmed_at=100.5)],
         ("1", "2"), 3, [card("1", "b", "s"), card("2", "b", "s", confirmed_at=None)], 1),
    Case("code_after_confirmation", "s",
         [card("1", "b", "s"), card("2", "c", "s"), chat("m1", "s", "b", "card_code", "x", 101, order_id="1"),
          chat("m2", "s", "c", "card_code", "y", 100.05, order_id="2"),
          chat("m3", "c", "s", "card_code", "y", 103, order_id="2")],
         ("m1",), 2, [card("1", "b", "s"), chat("m1", "s", "b", "card_code", "x", 100.05, order_id="1")], 1),
    Case("code_sent_twice", "s",
         [chat("m1", "s", "b", "card_code", "x"), chat("m2", "s", "c", "card_code", "x", 101),
          chat("m3", "s", "c", "card_code", "y")],
         ("m2",), 3, [chat("m1", "s", "b", "card_code", "x"), chat("m2", "s", "b", "card_code", "x", 101)], 2),
    Case("code_complaint", "s",
         [card("1", "b", "s", complaint="code_used"), card("2", "c", "s", complaint="not_received"),
          card("3", "d", "s")],
         ("1", "2"), 3, [card("1", "b", "s", complaint="other"),
                         card("2", "c", "s", confirmed_at=None, complaint="not_received")], 1),
    Case("asked_to_confirm_first", "s",
         [card("1", "b", "s"), chat("m1", "s", "b", "item", "x", order_id="1", tag="ask_confirm_first"),
          chat("m2", "s", "b", "item", "x", order_id="1"), chat("m3", "s", "z", "item", "x", tag="ask_confirm_first")],
         ("m1",), 2, [card("1", "b", "s"), chat("m1", "s", "b", "item", "x", order_id="1", tag="recruit"),
                      chat("m2", "b", "s", "item", "x", order_id="1", tag="ask_confirm_first")], 1),
]  # fmt: skip

OFF_PLATFORM = [
    Case("link_reported", "s",
         [chat("m1", "s", "b", "qr", "x", reported_at=101), chat("m2", "s", "c", "url", "x"),
          chat("m3", "s", "d", "item", "x", reported_at=101)],
         ("m1",), 2, [chat("m1", "s", "b", "qr", "x")], 1),
    Case("asked_off_platform", "s",
         [chat("m1", "s", "b", "contact", "x", tag="ask_off_platform"), chat("m2", "s", "c", "item", "y")],
         ("m1",), 2, [chat("m1", "s", "b", "contact", "x", tag="knows_order")], 1),
    Case("link_and_no_purchase", "s",
         [chat("m1", "s", "b", "url", "x"), chat("m2", "s", "c", "url", "x", order_id="1"),
          chat("m3", "s", "d", "url", "x", order_id="2"), order("1", "c", "s", 100, paid_at=None, **GONE),
          order("2", "d", "s")],
         ("m1", "m2"), 3, [chat("m1", "s", "b", "url", "x", order_id="1"), order("1", "b", "s"),
                           chat("m2", "s", "c", "item", "y")], 1),
    Case("outside_order_complaint", "s",
         [order("1", "b", "s", complaint="off_platform"),
          order("2", "c", "s", channel="external", complaint="not_received"), order("3", "d", "s", channel="external")],
         ("1", "2"), 3, [order("1", "b", "s", channel="external"), order("2", "c", "s", complaint="not_received")], 2),
]  # fmt: skip

REBORN = [
    Case("gone_with_the_money", "s",
         [shop("s", cancelled_at=110), order("1", "b", "s", 105, **GONE), order("2", "c", "s", 90)],
         ("1",), 2, [shop("s", cancelled_at=110), order("1", "b", "s", 105, refunded_at=108, **GONE),
                     order("2", "c", "s", 105, cancelled_at=108, **GONE), order("3", "d", "s")], 3),
    Case("gone_with_the_money", "s",
         [order("1", "b", "s", 105, **GONE), order("2", "c", "s", 105, **GONE)],
         ("1", "2"), 2, [order("1", "b", "s", 178, **GONE), order("2", "c", "s", 178, **GONE)], 2),
    Case("vanished_complaint", "s",
         [order("1", "b", "s", complaint="vanished_seller"), order("2", "c", "s")],
         ("1",), 2, [order("1", "b", "s", complaint="damaged")], 1),
    Case("opened_after_vanishing", "s", handed_over(**GONE), ("s",), 1, handed_over(), 1),
    Case("opened_after_vanishing", "s", handed_over(**GONE), ("s",), 1,
         handed_over(third="toys", **GONE), 1),
    Case("opened_after_vanishing", "s", handed_over("o", 160, **GONE), ("s",), 1, handed_over("o", **GONE), 1),
]  # fmt: skip

GOODS = [
    Case("counterfeit_complaint", "s",
         [order("1", "b", "s", complaint="counterfeit"), order("2", "c", "s"),
          card("3", "d", "s", complaint="counterfeit")],
         ("1",), 2, [order("1", "b", "s", complaint="not_as_described")], 1),
    Case("refunded_as_not_described", "s",
         [order("1", "b", "s", complaint="counterfeit", refunded_at=110), order("2", "c", "s", refunded_at=110)],
         ("1",), 2,
         [order("1", "b", "s", complaint="counterfeit", refunded_at=110, seller_complaint="return_mismatch"),
          order("2", "c", "s", complaint="not_as_described", refunded_at=101, delivered_at=None)], 2),
    Case("close_case_as_seller", "s",
         [order("1", "b", "s", votes_buyer=8, votes_seller=9, jury_winner="seller"),
          order("2", "c", "s", votes_buyer=10, votes_seller=7, jury_winner="buyer", appeal_winner="seller"),
          order("3", "d", "s")],
         ("1", "2"), 3,
         [order("1", "b", "s", votes_buyer=1, votes_seller=16, jury_winner="seller"),
          order("2", "c", "s", votes_buyer=8, votes_seller=9, jury_winner="seller", appeal_winner="buyer"),
          order("3", "d", "s", votes_buyer=9, votes_seller=8, jury_winner="buyer")], 3),
    Case("regulated_without_licence", "s",
         [shop("s"), order("1", "b", "s", category="medicine"), order("2", "c", "s")],
         ("1",), 1, [shop("s", licence_id="l", licence_shown=True), order("1", "b", "s", category="medicine")], 1),
    Case("regulated_without_licence", "s",
         [shop("s", licence_id="l", licence_shown=False), order("1", "b", "s", category="liquor")],
         ("1",), 1, [account("s"), order("1", "b", "s", category="liquor")], 0),
    Case("lives_by_goods_unlicensed", "s", [shop("s"), *shelf(3, 2)], ("s",), 1,
         [shop("s", licence_id="l", licence_shown=True), *shelf(3, 2)], 1),
    Case("lives_by_goods_unlicensed", "s", [shop("s", licence_id="l", licence_shown=False), *shelf(5, 0)], ("s",), 1,
         [shop("s"), *shelf(2, 3)], 1),
    Case("lives_by_goods_unlicensed", "s", [shop("s"), *shelf(3, 3)], ("s",), 1, [shop("s"), *shelf(4, 0)], 0),
    Case("licence_lent", "s",
         [shop("s", licence_id="l", owner_id="x"), shop("t", licence_id="l", owner_id="y"),
          order("1", "b", "s", category="medicine")],
         ("s",), 1, [shop("s", licence_id="l", owner_id="x"), shop("t", licence_id="l", owner_id="x"),
                     order("1", "b", "s", category="medicine")], 1),
]  # fmt: skip

LIVE = [
    Case("stream_complaint_promoter", "p",
         [live("1", "b", 100, complaint="other"), live("2", "c", 100)],
         ("1",), 2, [live("1", "b", 100), order("2", "b", "s", promoter_id="p", complaint="other")], 1),
    Case("stream_complaint_seller", "s",
         [live("1", "b", 100, complaint="other"), live("2", "c", 100)],
         ("1",), 2, [live("1", "b", 100), order("2", "b", "s", complaint="other")], 1),
    Case("promised_buyback", "s",
         [chat("m1", "s", "b", "item", "x", tag="promise_buyback"), chat("m2", "s", "b", "item", "x")],
         ("m1",), 2, [chat("m1", "s", "b", "item", "x", tag="recruit")], 1),
    Case("handle_to_viewer", "p",
         [live("1", "b", 100), chat("m1", "p", "b", "qr", "x", order_id="1"),
          chat("m2", "p", "b", "item", "x", order_id="1"), chat("m3", "p", "c", "qr", "x")],
         ("m1",), 2,
         [order("1", "b", "s", promoter_id="p"), live("2", "b", 100), chat("m1", "p", "b", "qr", "x", order_id="1"),
          chat("m2", "p", "b", "item", "x", order_id="2")], 1),
    Case("sold_again_then_silent", "s",
         [live("1", "b", 100), live("2", "b", 120), live("3", "c", 121)],
         ("1", "2"), 3, [live("1", "b", 100), live("2", "b", 176)], 2),
    Case("third_sale_to_one_viewer", "s",
         [*(live(f"{i}", "b", 170 + i) for i in range(3)), live("9", "c", 170)],
         ("0", "1", "2"), 4, [live("1", "b", 170), live("2", "b", 171), live("3", "b", 172, paid_at=None)], 2),
    Case("third_sale_to_one_viewer_promoter", "p",
         [*(live(f"{i}", "b", 170 + i) for i in range(3)), live("9", "c", 170)],
         ("0", "1", "2"), 4, [live("1", "b", 170), live("2", "b", 171), order("3", "b", "s", promoter_id="p")], 2),
    Case("bought_back_from_viewer", "s",
         [live("1", "b", 100), order("2", "s", "b", 110), order("3", "s", "c", 110)],
         ("2",), 2, [live("1", "b", 100), order("2", "s", "c", 110)], 1),
]  # fmt: skip

CASES = [*CONFIRM_FIRST, *OFF_PLATFORM, *REBORN, *GOODS, *LIVE]


@pytest.fixture(scope="module")
def found(engine: Warehouse) -> pl.DataFrame:
    return counted(engine, CASES)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{n} {case.act}" for n, case in enumerate(CASES)])
def test_an_act_and_its_innocent_twin(found: pl.DataFrame, number: int) -> None:
    case = CASES[number]
    did, twin = outcome(found, number, case)
    assert did == (case.n, sorted(case.keys))
    assert twin == (case.twin_n, [])
