"""A planted market from exports to watchlists: figures by hand, every line where it says, ranks as they must be."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain

import polars as pl
import pytest

from graph.tables import WATCHLISTS
from jobs.warehouse import Warehouse
from tests.graph.planted import QUIET, RING, market
from tests.graph.tables_in import Row, at, published

Lists = dict[str, pl.DataFrame]
KEYS = {
    "orders": ("order_id",),
    "accounts": ("account_id",),
    "devices": ("account_id", "device_id"),
    "chat_links": ("message_id",),
}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return market()


@pytest.fixture(scope="module")
def lists(engine: Warehouse, rows: list[Row]) -> Lists:
    return published(engine, rows)


@pytest.fixture(scope="module")
def ring(lists: Lists) -> dict[str, object]:
    """The row of the loud ring."""
    return lists["rings"].row(0, named=True)


@pytest.mark.parametrize("name", WATCHLISTS)
def test_columns_types_and_order_are_those_declared(lists: Lists, name: str) -> None:
    table, frame = WATCHLISTS[name], lists[name]
    assert frame.columns == table.schema.names
    arrow = frame.to_arrow().cast(table.schema)
    assert arrow.schema.equals(table.schema)
    keys = [key.rstrip("-") for key in table.sort]
    down = [key.endswith("-") for key in table.sort]
    assert frame.equals(frame.sort(keys, descending=down, nulls_last=False))
    assert not frame.select(keys).is_duplicated().any(), "the sort key leaves no ties"


def test_the_louder_ring_is_above_the_quieter_and_the_family_is_on_none(lists: Lists) -> None:
    assert lists["rings"]["accounts"].to_list() == [RING, QUIET]
    first, second = lists["rings"]["score"]
    assert 1 > first > second > 0.3
    assert lists["rings"]["typology"].to_list() == ["confirm_first", "confirm_first"]


def test_money_by_hand(ring: dict[str, object]) -> None:
    money = {name: ring[name] for name in ("exposure_cny", "loss_cny", "open_cny", "exposure_warned_cny")}
    assert money == {
        "exposure_cny": Decimal("2800.00"),
        "loss_cny": Decimal("2700.00"),
        "open_cny": Decimal("250.00"),
        "exposure_warned_cny": Decimal("100.00"),
    }
    assert ring["priority"] == pytest.approx(ring["score"] * (250 + 200))  # type: ignore[operator]


def test_counts_by_hand(ring: dict[str, object]) -> None:
    counts = {name: ring[name] for name in ("n_accounts", "n_devices", "n_payees", "n_victims")}
    assert counts == {"n_accounts": 5, "n_devices": 2, "n_payees": 1, "n_victims": 27}
    assert ring["regions"] == ["510107"]
    assert ring["axes"] == ["behaviour", "complaint", "device", "payee"]
    assert (ring["first_activity_at"], ring["last_activity_at"]) == (at(90.1), at(160.1))
    assert (ring["lifecycle"], ring["previous_ring_ids"], ring["weakest_tie"]) == ("new", [], None)


def test_what_speaks_for_and_against(ring: dict[str, object]) -> None:
    reasons, against = str(ring["reasons"]), str(ring["against"])
    assert "28 of 40 confirmed card orders were confirmed before the code left" in reasons
    assert "12 of 40 confirmed card orders were complained of" in reasons
    assert "27 different counterparties are involved, CNY 2,800.00." in reasons
    assert "1 of 5 members show no suspicious act of their own." in against
    assert "13 of the members' 41 orders show nothing unusual." in against
    assert "CNY 100.00 was at stake after the platform had warned the buyer." in against


def test_an_account_is_on_one_ring_and_its_figures_are_its_own(lists: Lists) -> None:
    accounts = lists["accounts"]
    assert sorted(accounts["account_id"]) == sorted(chain(RING, QUIET))
    own = {row["account_id"]: row for row in accounts.iter_rows(named=True)}
    figures = {a: (own[a]["n_victims"], int(own[a]["exposure_cny"]), int(own[a]["loss_cny"])) for a in RING}
    assert figures == {
        "s1": (6, 700, 700),
        "s2": (7, 700, 600),
        "s3": (7, 700, 700),
        "s4": (7, 700, 700),
        "s5": (0, 0, 0),
    }
    assert [own[a]["role"] for a in RING] == ["seller"] * 4 + ["holder"]
    assert (own["s1"]["region"], own["s2"]["region"]) == ("440305", None)
    assert min(own[a]["score"] for a in RING[:4]) > own["s5"]["score"]
    assert "no suspicious act of its own" in str(own["s5"]["against"])
    assert own["s5"]["reasons"] == ["Tied to 4 members of the ring (device)."]


def test_evidence_points_to_the_line_it_was_read_from(lists: Lists, rows: list[Row]) -> None:
    read = {
        (table, "|".join(str(r.values[k]) for k in KEYS[table])): (f"{table}.csv", f"sha-{table}", line)
        for table in KEYS
        for line, r in enumerate((r for r in rows if r.table == table), start=1)
    }
    evidence = lists["evidence"]
    assert len(evidence) > 60
    for row in evidence.iter_rows(named=True):
        assert (row["file"], row["file_sha256"], row["line"]) == read[row["table"], row["key"]]


def test_every_act_and_every_link_is_shown(lists: Lists, ring: dict[str, object]) -> None:
    own = lists["evidence"].filter(pl.col("ring_id") == ring["ring_id"])
    early = own.filter(pl.col("fact").str.contains("confirmed before the code left"))
    assert sorted(early["key"]) == sorted(f"{s}.{i}" for s in RING[:4] for i in range(7))
    links = lists["links"].filter(pl.col("ring_id") == ring["ring_id"])
    assert links.select("account_id", "entity_kind").rows() == [
        *((s, kind) for s in RING[:4] for kind in ("device", "payee")), ("s5", "device"), ("s5", "device")
    ]  # fmt: skip
    shown = own.filter(pl.col("fact").str.starts_with("Used"))
    assert len(shown) == len(links)
    assert set(shown["key"]) >= {"s1|ring's phone 1", "s5|ring's phone 2", "s1.0", "s4.0"}


def test_an_act_is_dated_by_itself_and_not_by_a_later_complaint(lists: Lists) -> None:
    own = lists["evidence"].filter(pl.col("key") == "s1.0")["fact"].to_list()
    assert f"confirmed card orders were confirmed before the code left ({at(90.1):%Y-%m-%d %H:%M})." in own


def test_open_orders_can_still_be_saved(lists: Lists, ring: dict[str, object]) -> None:
    assert lists["open_orders"].rows() == [(ring["ring_id"], "s1.open", "waiting", "s1", Decimal("250.00"), at(178))]


def test_the_hub_that_would_have_joined_two_rings(lists: Lists) -> None:
    kind, entity, n, treatment, reason, joined = lists["hubs"].row(0)
    assert (kind, entity, n, treatment, joined) == ("device", "kiosk", 4, "cut", 2)
    assert reason == "A kiosk, shared by 4 accounts."
    assert len(lists["hubs"]) == 1


def test_operators_flagged_or_not(lists: Lists, ring: dict[str, object]) -> None:
    found = {tuple(row["accounts"]): row for row in lists["operators"].iter_rows(named=True)}
    assert set(found) == {("o1", "o2"), tuple(RING[:4]), tuple(QUIET[:4])}
    clean, flagged = found["o1", "o2"], found[tuple(RING[:4])]
    assert (flagged["ring_id"], clean["ring_id"]) == (ring["ring_id"], None)
    counts = ("n_shops", "n_licences", "n_licences_shown", "n_closed")
    assert [clean[c] for c in counts] == [2, 1, 1, 1]
    assert (clean["regions"], clean["first_registered_at"], clean["last_closed_at"]) == (
        ["110105", "330106"],
        at(0),
        at(150),
    )


def test_who_cheats_alone_is_warned_at_most(lists: Lists) -> None:
    assert lists["lone"]["account_id"].to_list() == ["lone0"]
    assert set(lists["lone"]["action"]) <= {"advise", "warn"}
    assert "No reliable tie to other accounts was found." in lists["lone"]["reasons"].item()


def test_a_first_night_is_all_new(lists: Lists) -> None:
    assert lists["changes"].select("ring_id", "change").rows() == sorted((i, "new") for i in lists["rings"]["ring_id"])


def test_an_empty_night_has_every_table(db: Warehouse) -> None:
    for name, frame in published(db, []).items():
        assert frame.is_empty(), name
        assert frame.to_arrow().cast(WATCHLISTS[name].schema).schema.equals(WATCHLISTS[name].schema)
