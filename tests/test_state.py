"""What was known at the end of a day: tables in, tables out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from graph.exports import EXPORTS
from graph.state import as_of, stored
from jobs.door.loading import load
from jobs.door.replaced import note
from jobs.door.settings import DoorSettings
from jobs.door.store import TABLES, ensure_tables
from jobs.warehouse import Warehouse
from tests.door.drops import ORDERS, order, write_drop

D1, D2, D3 = date(2025, 6, 1), date(2025, 6, 8), date(2025, 6, 15)


@pytest.fixture
def w(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb") as warehouse:
        ensure_tables(warehouse)
        yield warehouse


def add(w: Warehouse, export: str, drop: date, file_id: int, columns: list[str], *rows: tuple[object, ...]) -> None:
    """One loaded file of these columns and rows, in the warehouse's tables."""
    w.rows(
        "INSERT INTO files (file_id, drop_date, table_name, columns) VALUES ($file, $drop, $table, $columns)",
        file=file_id,
        drop=drop,
        table=export,
        columns=columns,
    )
    names = {c.name: stored(c)[0] for e in EXPORTS if e.name == export for c in e.columns}
    for line, row in enumerate(rows, 1):
        cells = {f"p{i}": cell for i, cell in enumerate(row)}
        w.rows(
            f"INSERT INTO {export}_rows ({', '.join(names[c] for c in columns)}, drop_date, file_id, line)"
            f" VALUES ({', '.join(f'${p}' for p in cells)}, $drop, $file, $line)",
            **cells,
            drop=drop,
            file=file_id,
            line=line,
        )


def state(w: Warehouse, run: date, sql: str) -> list[tuple[Any, ...]]:
    as_of(w, run)
    return w.rows(sql)


def test_the_newest_drop_up_to_the_run_date_wins(w: Warehouse) -> None:
    columns = ["order_id", "amount", "placed_at"]
    add(w, "orders", D1, 1, columns, ("a", 100, D1), ("b", 200, D1))
    add(w, "orders", D2, 2, columns, ("a", 101, D1), ("c", 300, D2))
    add(w, "orders", D3, 3, columns, ("a", 102, D1))
    query = "SELECT order_id, amount_fen, file_id, line FROM orders ORDER BY 1"
    assert state(w, D1, query) == [("a", 100, 1, 1), ("b", 200, 1, 2)]
    assert state(w, D2, query) == [("a", 101, 2, 1), ("b", 200, 1, 2), ("c", 300, 2, 2)]
    assert state(w, date(2025, 6, 14), query) == state(w, D2, query)
    assert state(w, D3, query) == [("a", 102, 3, 1), ("b", 200, 1, 2), ("c", 300, 2, 2)]


def test_an_absent_column_keeps_and_an_empty_cell_clears(w: Warehouse) -> None:
    add(
        w,
        "accounts",
        D1,
        1,
        ["account_id", "registered_at", "owner_id", "region"],
        ("a", D1, "o1", "r1"),
        ("b", D1, "o2", "r2"),
    )
    add(w, "accounts", D2, 2, ["account_id", "registered_at", "owner_id"], ("a", D1, None))
    add(w, "accounts", D3, 3, ["account_id", "registered_at", "region"], ("b", D1, None))
    query = "SELECT account_id, owner_id, region, file_id FROM accounts ORDER BY 1"
    assert state(w, D2, query) == [("a", None, "r1", 2), ("b", "o2", "r2", 1)]
    assert state(w, D3, query) == [("a", None, "r1", 2), ("b", "o2", None, 3)]


EVENTS: dict[str, list[tuple[str, object]]] = {
    "paid_at": [],
    "delivered_at": [],
    "confirmed_at": [],
    "cancelled_at": [],
    "refunded_at": [("return_kind", "returned")],
    "complained_at": [("complaint", "other")],
    "seller_complained_at": [("seller_complaint", "other")],
    "jury_at": [("votes_buyer", 9), ("votes_seller", 8), ("jury_winner", "buyer")],
    "appealed_at": [("appeal_winner", "seller")],
}


@pytest.mark.parametrize("event", EVENTS)
def test_later_events_and_what_came_with_them_are_unknown(w: Warehouse, event: str) -> None:
    facts = [name for name, _ in EVENTS[event]]
    values = [value for _, value in EVENTS[event]]
    last, next_day = datetime(2025, 6, 8, 23, 59, 59, 999999), datetime(2025, 6, 9)
    rows = [(key, D1, moment, *values) for key, moment in (("a", last), ("b", next_day), ("c", None))]
    add(w, "orders", D2, 1, ["order_id", "placed_at", event, *facts], *rows)
    names = ", ".join([event, *facts])
    assert state(w, D2, f"SELECT {names} FROM orders ORDER BY order_id") == [
        (last, *values),
        (None, *[None] * len(values)),
        (None, *values),
    ]


def test_what_had_not_begun_does_not_exist(w: Warehouse) -> None:
    late, day = datetime(2025, 6, 9), datetime(2025, 6, 8, 12)
    begins = {"orders": "placed_at", "accounts": "registered_at", "chat_links": "sent_at", "labels": "decided_at"}
    for number, (export, begin) in enumerate(begins.items(), 1):
        key = next(e.key[0] for e in EXPORTS if e.name == export)
        add(w, export, D2, number, [key, begin], ("a", day), ("b", late))
        assert state(w, D2, f"SELECT {key} FROM {export}") == [("a",)]
    columns = ["account_id", "device_id", "first_seen_at", "last_seen_at"]
    add(w, "devices", D2, 9, columns, ("a", "d", day, late), ("a", "e", late, late), ("b", "d", day, day))
    seen = state(w, D2, "SELECT account_id, device_id, last_seen_at FROM devices ORDER BY 1")
    assert seen == [("a", "d", datetime(2025, 6, 8, 23, 59, 59)), ("b", "d", day)]


def test_a_claim_comes_with_its_report_and_a_channel_has_a_default(w: Warehouse) -> None:
    columns = ["message_id", "sent_at", "reported_at", "claimed_cny"]
    add(w, "chat_links", D2, 1, columns, ("a", D1, D2, 5), ("b", D1, D3, 5), ("c", D1, None, 5))
    assert state(w, D2, "SELECT claimed_fen FROM chat_links ORDER BY message_id") == [(5,), (None,), (5,)]
    add(w, "orders", D2, 2, ["order_id", "placed_at", "channel"], ("a", D1, None), ("b", D1, "external"))
    assert state(w, D2, "SELECT channel FROM orders ORDER BY order_id") == [("listing",), ("external",)]


def orders_of(w: Warehouse, **columns: object) -> list[tuple[object, ...]]:
    """An order a row, "a" first, with these columns; as the night takes them to be paid and sent."""
    values = zip(*columns.values(), strict=True)
    rows = [(key, D1, *row) for key, row in zip("abcd", values, strict=False)]
    add(w, "orders", D2, 1, ["order_id", "placed_at", *columns], *rows)
    as_of(w, D2, guess=True)
    return w.rows("SELECT paid_at, paid_told, delivered_at FROM orders ORDER BY order_id")


def test_where_no_payment_is_told_an_order_is_paid_when_placed_unless_it_was_cancelled(w: Warehouse) -> None:
    placed = datetime.combine(D1, datetime.min.time())
    seen = orders_of(w, cancelled_at=(None, D1, D3, D1), refunded_at=(None, None, None, D2), delivered_at=(D2,) * 4)
    assert [row[:2] for row in seen] == [(placed, False), (None, False), (placed, False), (placed, False)]


def test_where_no_order_tells_that_goods_left_they_have_by_its_confirmation(w: Warehouse) -> None:
    sent = datetime.combine(D2, datetime.min.time())
    assert [row[2] for row in orders_of(w, confirmed_at=(D2, None, D3))] == [sent, None, None]


def test_where_nothing_is_told_of_sending_nothing_is_held_back(w: Warehouse) -> None:
    placed = datetime.combine(D1, datetime.min.time())
    assert [row[2] for row in orders_of(w, cancelled_at=(None, D1))] == [placed, None]


def test_what_was_never_paid_was_not_sent_either(w: Warehouse) -> None:
    paid = datetime.combine(D2, datetime.min.time())
    assert [row[2] for row in orders_of(w, paid_at=(D2, None))] == [paid, None]


def test_what_a_seller_says_later_is_unknown(w: Warehouse) -> None:
    placed = datetime.combine(D1, datetime.min.time())
    said = {"seller_complaint": ("unpaid_code_taken",) * 2, "seller_complained_at": (D2, D3)}
    assert [row[0] for row in orders_of(w, **said)] == [None, placed]


def test_one_order_that_tells_is_enough_for_all(w: Warehouse) -> None:
    paid = datetime.combine(D2, datetime.min.time())
    seen = orders_of(w, paid_at=(None, D2), delivered_at=(D2, None))
    assert seen == [(None, True, paid), (paid, True, None)]
    as_of(w, D2)
    assert w.rows("SELECT bool_and(paid_told), count(paid_at) FROM orders") == [(True, 1)]


def test_a_past_night_is_as_if_later_drops_had_never_come(tmp_path: Path) -> None:
    early = f"{ORDERS}\n{order('q1')}\n{order('q2', paid_at='')}\n"
    late = (
        f"{ORDERS}\n{order('q2', paid_at='2025-06-27 09:00:00')}\n{order('q3', placed_at='2025-06-28', paid_at='')}\n"
    )
    write_drop(tmp_path / "x" / "2025-06-22", orders_csv=early)
    write_drop(tmp_path / "x" / "2025-06-29", orders_csv=late)
    seen = []
    for until in (date(2025, 6, 22), None):
        with Warehouse.open(tmp_path / f"{until}.duckdb") as w:
            load(w, tmp_path / "x", DoorSettings(), until=until)
            as_of(w, date(2025, 6, 22))
            seen.append({e.name: w.frame(f"SELECT * FROM {e.name} ORDER BY ALL").rows() for e in EXPORTS})
    assert seen[0] == seen[1]
    assert len(seen[0]["orders"]) == 2


@pytest.mark.parametrize(
    ("seed", "nights"), [(0, 4), *(pytest.param(seed, 6, marks=pytest.mark.slow) for seed in range(1, 10))]
)
def test_what_is_noted_at_the_door_is_what_keys_compared_would_say(tmp_path: Path, seed: int, nights: int) -> None:
    """Drops in any order, loaded anew, and one pruned: every night's state is the same both ways."""
    days = [date(2025, 6, 1 + n) for n in range(nights)]
    rng, exports = random.Random(seed), tmp_path / str(seed)
    with Warehouse.open(tmp_path / f"{seed}.duckdb") as w:
        for day in rng.sample(days, nights - 1) + rng.sample(days, 2):
            orders = [
                order(key, amount=str(rng.randrange(9)), placed_at="2025-05-01", paid_at="")
                for key in rng.sample("abcd", 3)
            ]
            write_drop(exports / str(day), orders_csv="\n".join([ORDERS, *orders, ""]))
            load(w, exports, DoorSettings(), until=None)
            _both_ways(w, days)
        held = [day for (day,) in w.rows("SELECT DISTINCT drop_date FROM files ORDER BY 1")]
        for table in TABLES:
            w.rows(f"DELETE FROM {table} WHERE drop_date = $day", day=held[1])
        note(w)
        _both_ways(w, days)


def _both_ways(w: Warehouse, days: list[date]) -> None:
    assert w.rows("SELECT count(*) FROM files WHERE noted IS NULL") == [(0,)]
    seen = []
    for noted in (True, False):
        w.rows("UPDATE files SET noted = $noted", noted=noted)
        seen.append([state(w, day, "SELECT * FROM orders ORDER BY ALL") for day in days])
    w.rows("UPDATE files SET noted = true")
    assert seen[0] == seen[1]
    assert all(len({row[0] for row in rows}) == len(rows) for rows in seen[0])
