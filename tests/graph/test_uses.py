"""Who used which shared thing: every space, what expires, whose card code and whose leak it is."""

from __future__ import annotations

import polars as pl
import pytest

from graph.exports import VIRTUAL
from jobs.warehouse import Warehouse
from tests.graph.tables_in import Row, account, card, chat, device, fill, named, night, on_one_device, order, shop

Use = tuple[str, str, str, str]


def used(db: Warehouse, rows: list[Row]) -> set[Use]:
    """(account, space, kind, thing) of every use."""
    fill(db, rows)
    night(db, "uses")
    frame = db.frame("SELECT account_id, space, kind, entity_id FROM uses")
    assert len(frame) == len(frame.unique()), "a use is one row"
    return set(frame.iter_rows())


def both(space: str, kind: str, *accounts: str) -> set[Use]:
    return {(a, space, kind, "x") for a in accounts}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([device("a", "x"), device("b", "x"), device("c", "alone")], both("device", "device", "a", "b")),
        ([order("1", "p", "a", payee_id="x"), order("2", "q", "b", payee_id="x")], both("pay", "payee", "a", "b")),
        ([order("1", "a", "p", payer_id="x"), order("2", "b", "q", payer_id="x")], both("pay", "payer", "a", "b")),
        (
            [order("1", "a", "p", payer_id="x"), order("2", "q", "b", payee_id="x")],
            both("pay", "payer", "a") | both("pay", "payee", "b"),
        ),
        ([chat("1", "a", "p", "url", "x"), chat("2", "b", "q", "url", "x")], both("contact", "contact", "a", "b")),
        ([chat("1", "a", "p", "qr", "x"), chat("2", "b", "q", "contact", "x")], both("contact", "contact", "a", "b")),
        (
            [chat("1", "a", "p", "payment_code", "x"), order("1", "q", "b", payee_id="x")],
            both("pay", "contact", "a") | both("pay", "payee", "b"),
        ),
        ([chat("1", "a", "p", "item", "x"), chat("2", "b", "q", "item", "x")], set()),
        ([account("a", phone_id="x"), account("b", phone_id="x")], both("phone", "phone", "a", "b")),
        ([account("a", owner_id="x"), shop("b", owner_id="x")], both("owner", "owner", "a", "b")),
        ([shop("a", licence_id="x"), shop("b", licence_id="x")], both("licence", "licence", "a", "b")),
        ([account("a", phone_id="x"), account("b", owner_id="x")], set()),
        (
            [order("1", "p", "a", ship_from_id="x"), order("2", "b", "q", ship_to_id="x")],
            both("address", "address", "a", "b"),
        ),
        ([order("1", "p", "a", ship_from_id="x"), order("2", "a", "q", ship_to_id="x")], set()),
    ],
)
def test_every_space(db: Warehouse, rows: list[Row], expected: set[Use]) -> None:
    assert used(db, rows) == expected


def test_a_use_lasts_from_the_first_to_the_last_row(db: Warehouse) -> None:
    fill(db, [order("1", "p", "a", 10, payee_id="x"), order("2", "q", "a", 90, payee_id="x"),
              order("3", "p", "b", 50, payee_id="x")])  # fmt: skip
    night(db, "uses")
    spans = db.frame("SELECT account_id, date_diff('day', first_at, last_at) AS days FROM uses ORDER BY account_id")
    assert spans.rows() == [("a", 80), ("b", 0)]


@pytest.mark.parametrize(
    "rows",
    [
        [device("a", "x", -400, -300), device("b", "x", -400, -300)],
        [device("a", "x", -400, -300), device("b", "x")],
        [order("1", "p", "a", -300, payee_id="x"), order("2", "q", "b", -300, payee_id="x")],
        [chat("1", "a", "p", "url", "x", -300), chat("2", "b", "q", "url", "x")],
        [account("a", registered_at=-500, cancelled_at=-300, phone_id="x"), account("b", phone_id="x")],
    ],
)
def test_uses_expire(db: Warehouse, rows: list[Row]) -> None:
    assert used(db, rows) == set()


def test_a_number_is_held_until_the_account_closes(db: Warehouse) -> None:
    rows = [account("a", registered_at=-500, phone_id="x"), account("b", banned_at=50, phone_id="x")]
    assert used(db, rows) == both("phone", "phone", "a", "b")
    ends = db.frame("SELECT date_diff('day', last_at, TIMESTAMP '2025-06-30') AS days FROM uses ORDER BY account_id")
    assert ends["days"].to_list() == [0, 130]


def code(message: str, sender: str, receiver: str, day: float, order_id: str | None = None) -> Row:
    return chat(message, sender, receiver, "card_code", "x", day, order_id=order_id)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # One code from two hands; the buyers paid and are nobody's accomplices.
        (
            [card("1", "p", "a"), card("2", "q", "b"), code("1", "a", "p", 101, "1"), code("2", "b", "q", 102, "2")],
            {"a", "b"},
        ),
        # Taken unpaid, then sold on by another account: the robbed seller stays out.
        (
            [
                card("1", "thief", "robbed", paid_at=None),
                card("2", "p", "fence"),
                code("1", "robbed", "thief", 100.1, "1"),
                code("2", "fence", "p", 103, "2"),
            ],
            {"thief", "fence"},
        ),
        # The robbed seller uses it again: still no tie.
        (
            [
                card("1", "thief", "robbed", paid_at=None),
                code("1", "robbed", "thief", 100.1, "1"),
                code("2", "robbed", "p", 101),
            ],
            set(),
        ),
        ([card("1", "p", "a"), code("1", "a", "p", 100.1, "1")], set()),
    ],
)
def test_whose_code_it_is(db: Warehouse, rows: list[Row], expected: set[str]) -> None:
    assert used(db, rows) == both("card_code", "card_code", *expected)


def test_only_card_goods_are_taken_as_codes(db: Warehouse) -> None:
    for category in (*VIRTUAL, "household"):
        rows = [
            order("1", "thief", "robbed", category=category, paid_at=None),
            code("1", "robbed", "thief", 100.1, "1"),
            code("2", "fence", "p", 103),
        ]
        tied = {u[0] for u in used(db, rows)}
        assert tied == ({"thief", "fence"} if category in VIRTUAL else {"robbed", "fence"})


def leak(victims: int, other_trade: int, of_source: int = 3, via: str = "seller") -> list[Row]:
    """`victims` buyers of one source, each quoted by one of two strangers, in a market of `other_trade` more orders."""
    source = {"handler_id": "x"} if via == "handler" else {}
    seller = "x" if via == "seller" else "s{}"
    rows = [order(f"o{i}", f"v{i}", seller.format(i), 100, **source) for i in range(max(of_source, victims))]
    rows += [chat(f"m{i}", f"stranger{i % 2}", f"v{i}", "url", f"t{i}", order_id=f"o{i}") for i in range(victims)]
    return rows + [order(f"h{i}", f"b{i}", f"h{i % 9}", handler_id="y") for i in range(other_trade)]


STRANGERS = {("stranger0", "source", "source", "x"), ("stranger1", "source", "source", "x")}


def test_a_source_is_tied_to_the_strangers_who_quote_its_orders(db: Warehouse) -> None:
    assert used(db, leak(3, 200)) == STRANGERS | {("x", "source", "source", "x")}


def test_a_handler_is_a_source_and_no_account(db: Warehouse) -> None:
    assert used(db, leak(3, 200, via="handler")) == STRANGERS


def test_a_handler_is_no_source_for_what_a_leaking_seller_explains(db: Warehouse) -> None:
    rows = [
        Row(r.table, {**r.values, "handler_id": "z"}) if r.values.get("seller_id") == "x" else r for r in leak(3, 200)
    ]
    assert used(db, rows) == STRANGERS | {("x", "source", "source", "x")}


def test_who_quoted_one_order_of_a_busy_handler_is_its_bystander(db: Warehouse) -> None:
    rows = [*leak(12, 200, of_source=40, via="handler"), chat("m", "bystander", "v20", "url", "t", order_id="o20")]
    assert used(db, rows) == STRANGERS


@pytest.mark.parametrize("rows", [leak(2, 200), leak(3, 200, of_source=60)], ids=["two victims", "large shop"])
def test_no_source_by_chance(db: Warehouse, rows: list[Row]) -> None:
    assert used(db, rows) == set()


def changed(rows: list[Row], **columns: object) -> list[Row]:
    """The same market with some columns of every message replaced."""
    return [Row(r.table, {**r.values, **columns}) if r.table == "chat_links" else r for r in rows]


def test_the_parties_of_an_order_quote_nothing(db: Warehouse) -> None:
    assert used(db, changed(leak(3, 200), sender_id="x")) == set()


def test_a_listing_quotes_an_order_only_when_it_was_tagged(db: Warehouse) -> None:
    harmless = changed(leak(3, 200), target_kind="item")
    assert used(db, harmless) == set()
    assert used(db, changed(harmless, tag="knows_order")) == STRANGERS | {("x", "source", "source", "x")}


def test_who_was_robbed_does_not_depend_on_the_order_of_rows(db: Warehouse) -> None:
    rows = [card("1", "thief", "s1", paid_at=None), code("1", "s1", "thief", 100.1, "1"),
            card("2", "thief", "s2", paid_at=None), code("2", "s2", "thief", 100.1, "2"),
            code("3", "s1", "p", 101), code("4", "s2", "q", 101)]  # fmt: skip
    assert used(db, rows) == used(db, rows[::-1])


def test_markets_under_different_prefixes_do_not_meet(db: Warehouse) -> None:
    rows = on_one_device("a", "b")
    assert len(used(db, named(rows, "1.") + named(rows, "2."))) == 4


def test_an_empty_night_has_no_uses(db: Warehouse) -> None:
    assert used(db, []) == set()
    assert db.frame("SELECT * FROM uses").schema["account_id"] == pl.String
