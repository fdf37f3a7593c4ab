"""Whose loss it is, which row shows it, what each member was: small rings from exports to watchlists."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

from graph.settings import Method
from graph.watchlists import watchlists
from jobs.warehouse import Warehouse
from tests.graph.planted import RING, changed, honest, loners, quiet, ring, sales
from tests.graph.tables_in import (
    NIGHT,
    Row,
    account,
    card,
    chat,
    fill,
    night,
    on_one_device,
    order,
    published,
    remember,
)

HONEST = honest(40)
LINKS = [chat(f"h{i}", f"h{i:03}", f"buyer of h{i:03}.0", "url", f"page{i}", order_id=f"h{i:03}.0") for i in range(40)]
RING_ONLY = [*ring(), *HONEST]


def first(db: Warehouse, rows: list[Row], typology: str) -> dict[str, object]:
    """The first ring's row, which must be of this typology."""
    row = published(db, rows)["rings"].row(0, named=True)
    assert row["typology"] == typology
    return row


def test_a_code_taken_unpaid_is_lost_and_was_asked_for(db: Warehouse) -> None:
    unpaid: dict[str, object] = {"paid_at": None, "confirmed_at": None}
    thieves = ["t1", "t2", "t3"]
    rows = [card(f"{t}.{i}", t, f"h{6 * i:03}", 100 + i, **unpaid) for t in thieves for i in range(6)]
    rows += [card(f"{t}.not sent", t, "h001", 110, delivered_at=None, **unpaid) for t in thieves]
    row = first(db, [*rows, *HONEST, *on_one_device(*thieves)], "unpaid_harvest")
    assert (row["accounts"], row["n_victims"]) == (thieves, 6)
    assert (row["exposure_cny"], row["loss_cny"], row["open_cny"]) == (Decimal(1800), Decimal(1800), Decimal(0))


def lured(**columns: object) -> list[Row]:
    """Three accounts that hand the same link to strangers, each of whom reports it and says what it cost."""
    rows = []
    for a in ("l1", "l2", "l3"):
        for i in range(6):
            link = f"{a}.{i}"
            rows.append(chat(link, a, f"v{i}", "url", "site", 100 + i, reported_at=101 + i, claimed_cny=250, **columns))
    return [*rows, *LINKS, *HONEST, *on_one_device("l1", "l2", "l3")]


def test_without_an_order_the_loss_is_what_the_receiver_said_once(db: Warehouse) -> None:
    row = first(db, lured(tag="ask_off_platform"), "off_platform_lure")
    assert (row["accounts"], row["n_victims"]) == (["l1", "l2", "l3"], 6)
    assert (row["exposure_cny"], row["loss_cny"]) == (Decimal(4500), Decimal(4500)), "one message, several acts"
    assert set(row["axes"]) >= {"report", "tag", "contact", "device"}  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def inward(engine: Warehouse) -> dict[str, object]:
    """The ring's row, where one of its own bought one of its codes."""
    return first(engine, changed(RING_ONLY, "s1.0", buyer_id="s2"), "confirm_first")


def test_a_member_is_nobodys_victim(inward: dict[str, object]) -> None:
    assert inward["n_victims"] == 27


def test_money_that_stays_in_the_ring_is_no_loss(inward: dict[str, object]) -> None:
    assert (inward["exposure_cny"], inward["loss_cny"]) == (Decimal(2700), Decimal(2600))


def test_only_a_strangers_unfinished_order_is_open(db: Warehouse) -> None:
    late: dict[str, object] = {"delivered_at": None, "confirmed_at": None}
    ends = ("confirmed_at", "refunded_at", "cancelled_at")
    over = [card(f"s2.{end}", "v", "s2", 170, **{**late, end: 179}) for end in ends]
    unpaid = card("s2.unpaid", "v", "s2", 170, **{**late, "paid_at": None})
    rows = [*RING_ONLY, *over, unpaid, card("s2.own", "s3", "s2", 170, **late)]
    assert published(db, rows)["open_orders"]["order_id"].to_list() == ["s1.open"]


def test_a_few_who_cheat_alone_do_not_hide_a_ring(db: Warehouse) -> None:
    assert published(db, [*ring(), *honest(150), *loners(3)])["rings"]["accounts"].to_list() == [RING]


def halves(name: str, joined: bool) -> list[Row]:
    """Four sellers who confirm first: on one pocket, or in two pairs that one phone number joins."""
    four = [f"{name}{i}" for i in range(4)]
    rows = [row for a in four for row in sales(a, 7, 3, 8, 90, **({"payee_id": f"{name}'s pocket"} if joined else {}))]
    rows += on_one_device(*four[:2], thing=f"{name} 1") + on_one_device(*four[2:], thing=f"{name} 2")
    return rows if joined else [*rows, *(account(a, registered_at=-900.0 + 90 * i, phone_id=f"{name}'s number")
                                         for i, a in enumerate(four[1:3]))]  # fmt: skip


def test_the_weakest_tie_is_the_rings_own(db: Warehouse) -> None:
    names = [f"r{i:02}" for i in range(10)]
    rows = [row for i, name in enumerate(names) for row in halves(name, joined=i % 3 == 0)]
    rings = published(db, [*rows, *honest(80)])["rings"].sort("accounts")
    assert rings["accounts"].to_list() == [[f"{name}{i}" for i in range(4)] for name in names]
    assert rings["weakest_tie"].to_list() == [
        f"payee {name}'s pocket" if i % 3 == 0 else f"phone {name}'s number" for i, name in enumerate(names)
    ]


def leak() -> list[Row]:
    """Three strangers on one phone quote the orders of one shop's buyers."""
    rows = [*LINKS, *on_one_device("x1", "x2", "x3"), *HONEST]
    rows.append(order("open", "customer", "source", 170, delivered_at=None, confirmed_at=None))
    for k in range(15):
        stranger = f"x{k % 3 + 1}"
        said = {"order_id": f"src{k}", "reported_at": 101, "claimed_cny": 9}
        rows.append(order(f"src{k}", f"victim{k}", "source", 90))
        rows.append(chat(f"m{k:02}", stranger, f"victim{k}", "url", f"{stranger}'s page", 100 + k, **said))
    return rows


@pytest.fixture(scope="module")
def leaked(engine: Warehouse) -> dict[str, pl.DataFrame]:
    return published(engine, leak())


def test_the_source_of_a_leak_is_no_suspect(leaked: dict[str, pl.DataFrame]) -> None:
    lists = leaked
    roles = dict(lists["accounts"].select("account_id", "role").iter_rows())
    assert roles["source"] == "source"
    assert "it is a common source, not a suspect" in str(
        lists["accounts"].filter(account_id="source")["against"].to_list()
    )
    assert set(lists["links"]["entity_kind"]) == {"device", "source"}


def test_what_customers_paid_to_the_source_is_not_open(leaked: dict[str, pl.DataFrame]) -> None:
    assert leaked["open_orders"].is_empty()


def test_a_tie_by_source_is_shown_by_a_row(leaked: dict[str, pl.DataFrame]) -> None:
    assert len(leaked["evidence"].filter(pl.col("fact").str.starts_with("Used order source"))) > 0


def test_a_line_of_recruits_has_a_top_and_promoters(db: Warehouse) -> None:
    tree = {"top": None, "mid1": "top", "mid2": "top", **{f"low{i}": f"mid{i % 2 + 1}" for i in range(8)}}
    rows = [account(a, registered_at=5.0 * i, inviter_id=up) for i, (a, up) in enumerate(tree.items())]
    rows += [order(f"fee{a}", a, up, 80 + i, category="membership") for i, (a, up) in enumerate(tree.items()) if up]
    lists = published(db, [*rows, *HONEST])
    assert lists["rings"]["typology"].to_list() == ["pyramid"]
    roles = dict(lists["accounts"].select("account_id", "role").iter_rows())
    assert (roles["top"], roles["mid1"], roles["mid2"]) == ("organiser", "promoter", "promoter")
    assert {roles[f"low{i}"] for i in range(8)} == {"buyer"}
    said = "It paid an entry fee and recruited nobody: it may have been deceived."
    deceived = lists["accounts"].filter(pl.col("against").list.contains(said))
    assert deceived["account_id"].sort().to_list() == [f"low{i}" for i in range(8)]
    assert deceived["score"].max() < lists["accounts"].filter(account_id="mid1")["score"].item()


def test_the_newest_verdict_stands(db: Warehouse) -> None:
    said = [("s1", "watch", 100), ("s1", "confirmed", 120), ("s2", "cleared", 90)]
    fill(db, RING_ONLY, labels=[{"subject_id": s, "verdict": v, "decided_at": d} for s, v, d in said])
    night(db, "verdicts")
    accounts = watchlists(db, NIGHT, Method(), "zh")["accounts"]
    assert dict(accounts.select("account_id", "verdict").iter_rows()) == {
        "s1": "confirmed", "s2": "cleared", "s3": None, "s4": None, "s5": None
    }  # fmt: skip


def test_a_second_night_tells_what_changed(db: Warehouse) -> None:
    fill(db, [*RING_ONLY, *quiet()])
    before = NIGHT - timedelta(days=7)
    known = [(before, "R-aaaaaa", a, 0.2) for a in ("s1", "s2", "s3", "s4", "gone1")]
    lost = [(before, "R-zzzzzz", a, 0.5) for a in ("z1", "z2")]
    remember(db, *known, *lost)
    night(db, "verdicts")
    changes = watchlists(db, NIGHT, Method(), "en")["changes"]
    new = changes.filter(change="new")
    assert len(new) == 1
    rest = changes.filter(pl.col("change") != "new").select("ring_id", "change", "account_id").rows()
    assert rest == [("R-aaaaaa", "joined", "s5"), ("R-aaaaaa", "left", "gone1"), ("R-aaaaaa", "score", None),
                    ("R-zzzzzz", "gone", None)]  # fmt: skip
    assert "Not seen tonight; last had 2 accounts." in changes["detail"].to_list()


def test_where_no_payment_is_told_the_open_money_has_no_time_and_the_ring_says_so(db: Warehouse) -> None:
    """Orders that count as paid are not said to have been."""
    fill(db, RING_ONLY)
    db.make("orders", "SELECT * REPLACE (FALSE AS paid_told) FROM orders")
    night(db, "verdicts")
    lists = watchlists(db, NIGHT, Method(), "en")
    assert all("tell of no payment" in " ".join(said) for said in lists["rings"]["against"])
    assert lists["open_orders"].height > 0
    assert lists["open_orders"]["paid_at"].null_count() == lists["open_orders"].height
