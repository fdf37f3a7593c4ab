"""What buyers, senders, recruiters and bursts of accounts do, and the innocent life that looks like it."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import polars as pl
import pytest

from graph.acts import account_farm, all_acts
from jobs.warehouse import Warehouse
from tests.graph import test_acts_selling
from tests.graph.act_cases import ACTS, Case, counted, outcome
from tests.graph.tables_in import Row, account, card, chat, fill, on_one_device, order

UNPAID = [
    Case("took_code_unpaid", "b",
         [card("1", "b", "s", paid_at=None, confirmed_at=None), card("2", "b", "t"),
          order("3", "b", "u", paid_at=None)],
         ("1",), 2, [card("1", "b", "s", paid_at=None, delivered_at=None, confirmed_at=None)], 1),
    Case("got_code_unpaid", "b",
         [card("1", "b", "s", paid_at=None), chat("m1", "s", "b", "card_code", "x", order_id="1"),
          card("2", "b", "s"), chat("m2", "s", "b", "card_code", "y", order_id="2")],
         ("m1",), 2, [card("1", "b", "s"), chat("m1", "s", "b", "card_code", "x", order_id="1"),
                      card("2", "c", "s", paid_at=None), chat("m2", "s", "b", "card_code", "y", order_id="2")], 1),
    Case("seller_says_unpaid", "b",
         [card("1", "b", "s", seller_complaint="unpaid_code_taken"), card("2", "b", "t")],
         ("1",), 2, [card("1", "b", "s", seller_complaint="other")], 1),
    Case("closed_after_taking", "b",
         [account("b", cancelled_at=104), card("1", "b", "s", paid_at=None)],
         ("b",), 1, [account("b", cancelled_at=104), card("1", "b", "s")], 1),
    Case("closed_after_taking", "b",
         [account("b", cancelled_at=129), card("1", "b", "s", paid_at=None), card("2", "b", "s")],
         ("b",), 1, [account("b", cancelled_at=160), card("1", "b", "s", paid_at=None)], 1),
]  # fmt: skip

RETURNS = [
    Case("return_disputed", "b",
         [order("1", "b", "s", seller_complaint="return_mismatch"), order("2", "b", "t"),
          card("3", "b", "u", seller_complaint="return_mismatch")],
         ("1",), 2, [order("1", "b", "s", return_kind="returned", refunded_at=110)], 1),
    Case("refund_on_claim", "b",
         [order("1", "b", "s", refunded_at=110, return_kind="refused"), order("2", "b", "t"),
          order("3", "b", "u", refunded_at=110, complaint="damaged"),
          order("4", "b", "v", refunded_at=110, complaint="not_received")],
         ("1", "3", "4"), 4,
         [order("1", "b", "s", refunded_at=101, delivered_at=None, confirmed_at=None, complaint="damaged"),
          order("2", "b", "t", complaint="damaged"), order("3", "b", "u", refunded_at=110),
          order("4", "b", "v", refunded_at=110, complaint="counterfeit"),
          order("5", "b", "w", refunded_at=110, complaint="vanished_seller")], 5),
    Case("close_case_as_buyer", "b",
         [order("1", "b", "s", votes_buyer=9, votes_seller=8, jury_winner="buyer"),
          order("2", "b", "t", votes_buyer=7, votes_seller=10, jury_winner="seller", appeal_winner="buyer"),
          order("3", "b", "u")],
         ("1", "2"), 3,
         [order("1", "b", "s", votes_buyer=17, votes_seller=0, jury_winner="buyer"),
          order("2", "b", "t", votes_buyer=9, votes_seller=8, jury_winner="buyer", appeal_winner="seller"),
          order("3", "b", "u", votes_buyer=8, votes_seller=9, jury_winner="seller")], 3),
]  # fmt: skip


def fee(order_id: str, buyer: str, seller: str) -> Row:
    return order(order_id, buyer, seller, category="membership")


LINE = [account("top"), *(account(a, inviter_id="top") for a in ("low", "idle", "mid"))]


def payers(number: int) -> list[Row]:
    """The line, and so many below `mid` who paid it; all but two were recruited by the first of them."""
    names = [f"p{i}" for i in range(number)]
    recruited = [account(a, inviter_id="mid" if place < 2 else "p0") for place, a in enumerate(names)]
    return [*LINE, *recruited, *(fee(f"to mid {a}", a, "mid") for a in names)]


TREE, FRIENDS = payers(4), payers(3)
PYRAMID = [
    Case("fee_from_below", "top", [*TREE, fee("1", "low", "top"), fee("2", "x", "top")], ("1",), 2,
         [*payers(5), fee("1", "x", "top"), order("2", "low", "top")], 2),
    Case("fee_from_below", "top", [*TREE, fee("1", "low", "top")], ("1",), 1, [*FRIENDS, fee("1", "low", "top")], 1),
    Case("fee_up_the_line", "low", [*TREE, fee("1", "low", "top"), fee("2", "low", "club")], ("1",), 2,
         [*payers(5), fee("1", "low", "club")], 1),
    Case("recruited_payers", "top", [*TREE, fee("1", "low", "top")], ("low",), 3,
         [*FRIENDS, fee("1", "low", "top")], 3),
    Case("recruiting_message", "top",
         [chat("m1", "top", "b", "item", "x", tag="recruit"), chat("m2", "top", "c", "item", "x")], ("m1",), 2,
         [chat("m1", "top", "b", "item", "x", tag="knows_order")], 1),
]  # fmt: skip


def quoted(*sellers: str) -> list[Row]:
    """An order at each seller, which x quotes to its buyer."""
    rows = [(order(f"{i}", f"b{i}", s), chat(f"m{i}", "x", f"b{i}", "url", "t", order_id=f"{i}"))
            for i, s in enumerate(sellers)]  # fmt: skip
    return [row for pair in rows for row in pair]


LEAK = [
    Case("quoted_a_strangers_order", "x",
         [*quoted("s", "s", "s", "s", "s", "s"), order("o", "x", "s"),
          chat("own", "x", "s", "url", "t", order_id="o"), chat("none", "x", "b0", "url", "t")],
         tuple(f"m{i}" for i in range(6)), 7, quoted("s", "t", "u", "v", "w", "y"), 6),
    Case("quote_reported", "x",
         [order("1", "b", "s"), chat("m1", "x", "b", "url", "t", order_id="1", reported_at=101),
          chat("m2", "x", "b", "url", "t", order_id="1")],
         ("m1",), 2, [order("1", "b", "x"), chat("m1", "x", "b", "url", "t", order_id="1", reported_at=101)], 1),
    Case("knew_the_order", "x",
         [chat("m1", "x", "b", "url", "t", tag="knows_order"), chat("m2", "x", "c", "url", "t")],
         ("m1",), 2, [chat("m1", "x", "b", "url", "t")], 1),
]  # fmt: skip


def signed_up(*days: float) -> list[Row]:
    """Accounts a0, a1, ... on one phone, registered on these days."""
    names = [f"a{i}" for i in range(len(days))]
    return [
        *(account(a, registered_at=day) for a, day in zip(names, days, strict=True)),
        *on_one_device(*names),
    ]


def chained(*days: float) -> list[Row]:
    """As `signed_up`, but each phone has passed from one to the next alone."""
    names = [f"a{i}" for i in range(len(days))]
    phones = [row for i, pair in enumerate(pairwise(names)) for row in on_one_device(*pair, thing=f"d{i}")]
    return [*(account(a, registered_at=day) for a, day in zip(names, days, strict=True)), *phones]


def invited(*shared: tuple[int, int]) -> list[Row]:
    """Accounts a0 to a4 that signed up in one night, each invited by the one before; some pairs share a phone."""
    names = [account(f"a{i}", registered_at=20 + i / 24, inviter_id=f"a{i - 1}" if i else None) for i in range(5)]
    return [*names, *(row for i, j in shared for row in on_one_device(f"a{i}", f"a{j}", thing=f"d{i}"))]


CROWD = [20 + i / 24 for i in range(9)]
MINUTE = 1 / (24 * 60)
STRETCH = [20.5 + i * 15 * MINUTE for i in range(4)]
BURST = signed_up(20, 20.5, 21, 21.5)
HANDS = [
    Case("signed_up_in_a_burst", "a0", BURST, ("a0",), 1, signed_up(20, 40, 60, 80), 1),
    Case("signed_up_in_a_burst", "a0", BURST, ("a0",), 1, signed_up(20, 20.1, 20.2), 1),
    Case("signed_up_in_a_burst", "a0", invited((0, 1), (2, 3)), ("a0",), 1, invited(), 1),
    Case("signed_up_in_a_burst", "a4", invited((0, 1), (3, 4)), ("a4",), 1, invited((0, 1), (2, 3)), 1),
    Case("signed_up_in_a_crowd", "a0", signed_up(*CROWD), ("a0",), 1, signed_up(*CROWD[:8]), 1),
    Case("signed_up_in_a_crowd", "a0", chained(*CROWD), ("a0",), 1, chained(*CROWD[:8], 40, 41), 1),
    Case("signed_up_at_a_stretch", "a0", signed_up(*STRETCH), ("a0",), 1, signed_up(*STRETCH[:3], 30, 40), 1),
    Case("signed_up_at_a_stretch", "a0", signed_up(*STRETCH), ("a0",), 1, signed_up(20, 20, 20, 20), 1),
    Case("ordered_on_signing_up", "a", [account("a", registered_at=20), order("1", "a", "s", placed_at=20 + MINUTE)],
         ("a",), 1, [account("a", registered_at=20), order("1", "a", "s", placed_at=20 + 11 * MINUTE)], 1),
    Case("bought_where_the_burst_bought", "a0",
         [*BURST, *(order(f"{i}", f"a{i}", "s") for i in range(3)), order("9", "a0", "t")], ("0",), 2,
         [*BURST, *(order(f"{i}", f"a{i}", f"s{i}") for i in range(4))], 1),
    Case("bought_where_the_burst_bought", "a0",
         [*BURST, *(order(f"{i}", f"a{i}", "s", 100 + i / 2) for i in range(3))], ("0",), 1,
         [*BURST, *(order(f"{i}", f"a{i}", "s", 100 + 2 * i) for i in range(4))], 1),
    Case("sold_where_the_burst_sold", "a0",
         [*BURST, *(order(f"{i}", f"b{i}", f"a{i}", 100 + i / 2) for i in range(3)), order("9", "c", "a0", 110)],
         ("0",), 2, [*BURST, *(order(f"{i}", f"b{i}", f"a{i}", 100 + 2 * i) for i in range(4))], 1),
    Case("sold_where_the_burst_sold", "a0",
         [*BURST, *(order(f"{i}", f"b{i}", f"a{i}", category="toys") for i in range(3))],
         ("0",), 1, [*BURST, *(order(f"{i}", f"b{i}", f"a{i}", category=f"c{i}") for i in range(4))], 1),
    Case("sold_to_a_tied_account", "s",
         [*on_one_device("s", "b"), order("1", "b", "s"), order("2", "c", "s"), order("3", "b", "s", paid_at=None)],
         ("1",), 2, [*on_one_device("s", "x"), order("1", "b", "s")], 1),
    Case("bought_from_a_tied_account", "b",
         [*on_one_device("s", "b"), order("1", "b", "s"), order("2", "b", "t")],
         ("1",), 2, [*on_one_device("x", "b"), order("1", "b", "s")], 1),
    Case("bought_in_step", "a",
         [*on_one_device("a", "b", "c", "d"), *(order(x, x, "s", 100 + i) for i, x in enumerate("bcda")),
          order("9", "a", "t")], ("a",), 2,
         [*on_one_device("a", "b", "c"), *(order(x, x, "s", 100 + 5 * (x == "a")) for x in "abcd")], 1),
    Case("bought_in_step", "a0",
         [*on_one_device("a0", "a1", "a2", "a3"), *(order(f"{i}", f"a{i}", "s", 100 + i) for i in range(4))], ("0",), 1,
         [*BURST, *(order(f"{i}", f"a{i}", "s", 100 + i) for i in range(4))], 1),
    Case("traded_in_a_circle", "a",
         [order("1", "a", "b"), order("2", "b", "a"), order("3", "a", "c")],
         ("1",), 2, [order("1", "a", "b"), order("2", "b", "a", paid_at=None), order("3", "c", "a")], 1),
    Case("confirmed_too_quickly_seller", "s",
         [order("1", "b", "s", confirmed_at=100.1), order("2", "c", "s"), card("3", "d", "s"),
          order("4", "c", "s", delivered_at=None)],
         ("1", "4"), 3, [order("1", "b", "s"), order("2", "c", "s", category="membership", confirmed_at=100.1)], 1),
    Case("confirmed_too_quickly_buyer", "b",
         [order("1", "b", "s", confirmed_at=100.1), order("2", "b", "t"), order("3", "b", "u", confirmed_at=None)],
         ("1",), 2, [order("1", "b", "s"), card("2", "b", "t")], 1),
]  # fmt: skip

CASES = [*UNPAID, *RETURNS, *PYRAMID, *LEAK, *HANDS]


@pytest.fixture(scope="module")
def found(engine: Warehouse) -> pl.DataFrame:
    return counted(engine, CASES)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{n} {case.act}" for n, case in enumerate(CASES)])
def test_an_act_and_its_innocent_twin(found: pl.DataFrame, number: int) -> None:
    case = CASES[number]
    did, twin = outcome(found, number, case)
    assert did == (case.n, sorted(case.keys))
    assert twin == (case.twin_n, [])


def test_every_act_of_every_typology_has_a_case() -> None:
    without_orders = {"link_to_many_strangers"}  # test_messages_alone
    assert {case.act for case in [*CASES, *test_acts_selling.CASES]} | without_orders == set(ACTS)
    assert len(ACTS) == sum(1 for _ in all_acts()), "names of acts are unique"


@pytest.mark.parametrize("seed", range(12))
def test_three_of_a_burst_within_a_day_are_found_as_by_looking_at_every_pair(db: Warehouse, seed: int) -> None:
    dice = Random(seed)
    hours = [(f"o{i}", f"a{dice.randrange(6)}", dice.choice("st"), dice.randrange(24 * 6)) for i in range(30)]
    rows = [order(name, buyer, seller, 20 + hour / 24) for name, buyer, seller, hour in hours]
    fill(db, rows)
    db.put("bursts", pl.DataFrame({"burst": "a0", "account_id": [f"a{i}" for i in range(6)]}))
    found = {name for (name,) in db.frame(account_farm.TABLES["bought_alike"]).iter_rows()}
    near = {name: {b for _, b, s, h in hours if s == seller and abs(h - hour) <= 24} for name, _, seller, hour in hours}
    assert found == {name for name, buyers in near.items() if len(buyers) > 2}
    assert 0 < len(found) < len(hours)
