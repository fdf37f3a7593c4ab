"""Why two accounts may be one hand: what a shared thing weighs, and what crowds are not."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import log

import pytest

from graph.settings import ActSettings, Method, TieSettings
from jobs.warehouse import Warehouse
from tests.graph.tables_in import Row, account, chat, device, fill, night, order, shop

S = TieSettings()
SMALL = Method(ties=TieSettings(crowd=20))


def tied(db: Warehouse, rows: list[Row], method: Method | None = None) -> dict[tuple[str, str, str], float]:
    """(a, b, space) -> nats of every tie."""
    fill(db, rows)
    night(db, "ties", method)
    frame = db.frame("SELECT a, b, space, entity_id, CAST(nats AS DOUBLE) AS nats FROM ties ORDER BY ALL")
    assert all(a < b for a, b in frame.select("a", "b").iter_rows())
    assert not frame.select("a", "b", "space", "entity_id").is_duplicated().any()
    return {(a, b, space): nats for a, b, space, _, nats in frame.iter_rows()}


def near(nats: float) -> object:
    """Ties are weighed to a millionth."""
    return pytest.approx(nats, abs=1e-6)


def hubs(db: Warehouse) -> dict[str, tuple[str, str]]:
    found = db.frame("SELECT entity_id, treatment, reason FROM hubs_found ORDER BY ALL")
    return {i: (treatment, reason) for i, treatment, reason in found.iter_rows()}


def slowly(*accounts: str, thing: str = "d1", kind: str = "phone") -> list[Row]:
    """Accounts that came to one device five days apart and stayed: overlap, no burst."""
    return [device(a, thing, 5 * i, 170, kind) for i, a in enumerate(accounts)]


def paid_into(payee: str, *sellers: str) -> list[Row]:
    return [order(f"{payee}{s}", f"buyer{i}", s, 10 + 9 * i, payee_id=payee) for i, s in enumerate(sellers)]


@pytest.mark.parametrize("n", range(2, S.keep + 1))
def test_a_tie_weighs_less_the_more_share_it(db: Warehouse, n: int) -> None:
    names = [f"a{i}" for i in range(n)]
    found = tied(db, slowly(*names))
    assert set(found) == {(a, b, "device") for a, b in combinations(names, 2)}
    assert found["a0", "a1", "device"] == near(S.device * log(3) / log(1 + n))


@pytest.mark.parametrize(
    ("rows", "nats"),
    [
        ([order("1", "p", "a", payee_id="x"), order("2", "q", "b", 110, payee_id="x")], S.payee),
        ([order("1", "a", "p", payer_id="x"), order("2", "b", "q", 110, payer_id="x")], S.payer),
        ([order("1", "a", "p", payer_id="x"), order("2", "q", "b", 110, payee_id="x")], min(S.payer, S.payee)),
        ([chat("1", "a", "p", "qr", "x"), chat("2", "b", "q", "qr", "x", 110)], S.contact),
        ([account("a", owner_id="x"), account("b", registered_at=50, owner_id="x")], S.owner),
        ([account("a", licence_id="x"), account("b", registered_at=50, licence_id="x")], S.licence),
        ([account("a", phone_id="x"), account("b", registered_at=50, phone_id="x")], S.phone),
        ([order("1", "p", "a", ship_from_id="x"), order("2", "b", "q", 110, ship_to_id="x")], S.address),
    ],
)
def test_every_kind_has_its_strength(db: Warehouse, rows: list[Row], nats: float) -> None:
    assert list(tied(db, rows).values()) == [near(nats)]


def test_a_device_or_number_sold_on_is_a_weak_tie(db: Warehouse) -> None:
    assert tied(db, [device("a", "d", 10, 50), device("b", "d", 60, 90)]) == {
        ("a", "b", "device"): near(S.device * S.apart)
    }
    numbers = [account("a", cancelled_at=50, phone_id="n"), account("b", registered_at=60, phone_id="n")]
    assert tied(db, numbers) == {("a", "b", "phone"): near(S.phone * S.apart)}


def test_a_pocket_shared_in_turn_is_as_strong_as_ever(db: Warehouse) -> None:
    rows = [order("1", "p", "a", 10, payee_id="x"), order("2", "q", "b", 150, payee_id="x")]
    assert tied(db, rows) == {("a", "b", "pay"): near(S.payee)}
    assert db.frame("SELECT overlap FROM ties").item() is False


@pytest.mark.parametrize(("days", "factor"), [(0, 1.25), (2.5, 1.25), (4, 1.0)])
def test_first_uses_within_hours_are_a_burst(db: Warehouse, days: float, factor: float) -> None:
    found = tied(db, [device("a", "d", 20), device("b", "d", 20 + days)])
    assert found == {("a", "b", "device"): near(S.device * factor)}
    assert db.frame("SELECT burst FROM ties").item() is (factor > 1)


def test_the_kind_of_a_tie_is_the_one_that_weighs(db: Warehouse) -> None:
    fill(db, [*paid_into("x", "a", "b"), chat("1", "a", "p", "payment_code", "x", 50)])
    night(db, "ties")
    assert db.frame("SELECT kind, CAST(nats AS DOUBLE) AS nats FROM ties").row(0) == ("payee", near(S.payee))


def test_a_kiosk_is_cut_however_few_use_it(db: Warehouse) -> None:
    assert tied(db, slowly("a", "b", thing="k", kind="kiosk")) == {}
    assert hubs(db) == {"k": ("cut", "kiosk")}


CROWD = [f"a{i:02}" for i in range(12)]


def test_an_incoherent_crowd_is_cut(db: Warehouse) -> None:
    assert tied(db, slowly(*CROWD)) == {}
    assert hubs(db) == {"d1": ("cut", "incoherent")}


def test_a_coherent_ring_of_twelve_on_one_device_is_kept(db: Warehouse) -> None:
    pockets = [row for i in range(0, 12, 3) for row in paid_into(f"pocket{i}", *CROWD[i : i + 3])]
    found = tied(db, [*slowly(*CROWD), *pockets])
    assert hubs(db) == {}
    assert found["a00", "a11", "device"] == near(S.device * log(3) / log(13))
    assert sum(space == "device" for _, _, space in found) == 66


def test_a_crowd_that_signed_up_together_is_kept_though_it_shares_nothing_else(db: Warehouse) -> None:
    burst = [account(a, registered_at=20 + i / 10) for i, a in enumerate(CROWD)]
    found = tied(db, [*burst, *slowly(*CROWD)])
    assert hubs(db) == {}
    assert len(found) == 66
    few = [account(a, registered_at=20) for a in CROWD[:4]]
    assert tied(db, [*few, *slowly(*CROWD)]) == {}, "four of twelve on one evening make no burst of the rest"
    assert hubs(db) == {"d1": ("cut", "incoherent")}


def test_a_day_on_which_half_of_the_platform_signed_up_is_no_burst(db: Warehouse) -> None:
    burst = [account(a, registered_at=20 + i / 10) for i, a in enumerate(CROWD)]
    others = [account(f"other{i}", registered_at=-3.0 * i) for i in range(30)]
    moved = [account(f"moved{i}", registered_at=20) for i in range(30)]
    few = Method(ties=TieSettings(rush_accounts=20))
    assert tied(db, [*burst, *others, *slowly(*CROWD)], few), "12 of 42, but only 12"
    assert tied(db, [*burst, *others, *moved, *slowly(*CROWD)], few) == {}
    assert hubs(db) == {"d1": ("cut", "incoherent")}


@pytest.mark.parametrize("order", [1, -1])
def test_a_rush_is_nobodys_burst_whoever_is_named_first(db: Warehouse, order: int) -> None:
    few = Method(ties=TieSettings(rush_accounts=20), acts=ActSettings(farm_size=3))
    days = [21.05, 21.05, 24, 24][::order]  # two in the rush's week, two behind it, all within three days
    fill(db, [
        *(account(f"a{i}", registered_at=day) for i, day in enumerate(days)),
        *(account(f"moved{i}", registered_at=20) for i in range(30)),
        *(row for a, b in pairwise(range(4)) for row in slowly(f"a{a}", f"a{b}", thing=f"d{a}")),
    ])  # fmt: skip
    night(db, "acts", few)
    assert db.frame("SELECT * FROM bursts").is_empty()


@pytest.mark.parametrize(("share", "together"), [(0.4, True), (0.6, False)])
def test_a_date_that_most_accounts_bear_is_none_however_few_they_are(
    db: Warehouse, share: float, together: bool
) -> None:
    dated = [account(a, registered_at=20.4) for a in CROWD]
    others = [account(f"other{i}", registered_at=-3.0 * i) for i in range(round(12 / share) - 12)]
    assert bool(tied(db, [*dated, *others, *slowly(*CROWD)])) == together


@pytest.mark.parametrize(("minutes", "together"), [(5, True), (30, False)])
def test_in_a_rush_only_an_hour_is_a_burst(db: Warehouse, minutes: int, together: bool) -> None:
    burst = [account(a, registered_at=20 + i * minutes / 24 / 60) for i, a in enumerate(CROWD)]
    newcomers = [account(f"other{i}", registered_at=20 + i / 99) for i in range(400)]
    few = Method(ties=TieSettings(rush_accounts=20))
    assert bool(tied(db, [*burst, *newcomers, *slowly(*CROWD)], few)) == together


def test_a_kiosk_in_the_first_week_of_term_is_no_burst(db: Warehouse) -> None:
    burst = [account(a, registered_at=20 + i / 10) for i, a in enumerate(CROWD)]
    assert tied(db, [*burst, *slowly(*CROWD, kind="kiosk")]) == {}
    assert db.frame("SELECT * FROM signed_together").is_empty()


def test_in_between_a_crowd_is_damped_by_its_coherence(db: Warehouse) -> None:
    found = tied(db, [*slowly(*CROWD), *paid_into("pocket", *CROWD[:3])])
    assert S.coherence / 2 < 3 / 12 < S.coherence
    assert hubs(db) == {"d1": ("damped", "incoherent")}
    assert found["a00", "a11", "device"] == near(S.device * log(3) / log(13) * 3 / 12)


def test_a_crowd_above_the_limit_is_cut_however_coherent(db: Warehouse) -> None:
    names = [f"a{i:02}" for i in range(21)]
    rows = [*slowly(*names), *(r for i in range(0, 21, 3) for r in paid_into(f"pocket{i}", *names[i : i + 3]))]
    assert {space for _, _, space in tied(db, rows, SMALL)} == {"pay"}
    assert hubs(db) == {"d1": ("cut", "crowd")}


def unsent(seller: str, day: float, number: int) -> list[Row]:
    gone: dict[str, object] = {"delivered_at": None, "confirmed_at": None}
    return [order(f"{seller}{i}", f"b{i}", seller, day, **gone) for i in range(number)]


@pytest.mark.parametrize(
    ("rows", "closed_day"),
    [
        ([account("s", cancelled_at=120)], 120),
        ([account("s", banned_at=110, cancelled_at=120)], 110),
        (unsent("s", 150, 2), 150),
        (unsent("s", 150, 1), None),
        ([*unsent("s", 150, 2), order("x", "b", "s", 175)], None),
        ([order("x", "b", "s", 50), order("y", "b", "s", 60)], None),
    ],
    ids=["cancelled", "banned first", "silent and owing", "one parcel late", "still trading", "a pause in good order"],
)
def test_closings(db: Warehouse, rows: list[Row], closed_day: int | None) -> None:
    fill(db, rows)
    night(db, "ties")
    days = "SELECT date_diff('day', TIMESTAMP '2025-01-01', closed_at) AS day FROM closings WHERE account_id = 's'"
    assert db.frame(days)["day"].to_list() == ([] if closed_day is None else [closed_day])


def shops(opened: float = 105, closed: float = 100, **new: object) -> list[Row]:
    """An old shop that closed on day 100 and a new one; both sold."""
    trade = [order("o", "p", "old", 60), order("n", "q", "new", 130)]
    return [
        shop("old", cancelled_at=closed, display_name_id="name"),
        shop("new", registered_at=opened, **new),
        *trade,
    ]


HANDED = [device("old", "d", 10, 100), device("new", "d", 105, 170)]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([*shops(), *HANDED], True),
        (shops(display_name_id="name"), True),
        (shops(), False),
        ([*shops(opened=95), *HANDED], True),
        ([*shops(opened=100 + S.succession_days + 1), *HANDED], False),
        ([*shops(opened=60), *HANDED], False),
        ([r for r in shops() if r.values.get("order_id") != "o"] + HANDED, False),
        ([r for r in shops() if r.values.get("order_id") != "n"] + HANDED, False),
        ([*shops(), *HANDED, *(device(f"x{i}", "d", 110, 170) for i in range(S.keep))], False),
    ],
    ids=["device", "name", "nothing left", "just before", "too late", "side by side", "never sold", "sells nothing",
         "a crowd's device"],
)  # fmt: skip
def test_succession(db: Warehouse, rows: list[Row], found: bool) -> None:
    fill(db, rows)
    night(db, "ties")
    tie = db.frame("SELECT a, b, entity_id, CAST(nats AS DOUBLE) FROM ties WHERE kind = 'succession'").rows()
    assert tie == ([("new", "old", "old", S.succession)] if found else [])


LINE = [account("top"), account("mid", inviter_id="top"), account("low", inviter_id="mid")]
OTHERS = [
    row
    for i in range(S.heads - 1)
    for row in (
        account(f"p{i}", inviter_id="top" if i < S.heads - 1 - S.recruits else "p0"),
        order(f"p{i}", f"p{i}", "top", category="membership"),
    )
]
"""All that a tree needs to be no circle of friends, but one."""


def fee(seller: str, **columns: object) -> Row:
    return order("fee", "low", seller, 100, **{"category": "membership", **columns})


@pytest.mark.parametrize(
    ("rows", "is_fee"),
    [
        ([fee("mid")], True),
        ([fee("top")], True),
        ([fee("straw", payee_id="pocket"), order("other", "x", "top", category="membership", payee_id="pocket")], True),
        ([fee("top", category="health_food", promoter_id="mid")], True),
        ([fee("top", category="health_food", promoter_id="x")], False),
        ([fee("till"), *slowly("top", "till")], True),
        ([fee("till"), *slowly("top", "till", *(f"x{i}" for i in range(S.keep)))], False),
        ([fee("till"), *slowly("x", "till")], False),
        ([fee("club")], False),
        ([fee("mid", paid_at=None)], False),
        ([fee("mid", category="household")], False),
        ([order("fee", "top", "low", category="membership")], False),
    ],
    ids=[
        "inviter",
        "top",
        "the top's pocket",
        "goods",
        "another's goods",
        "the top's shop",
        "a shop on a crowd's device",
        "another's shop",
        "a club",
        "unpaid",
        "goods bought",
        "downward",
    ],
)
def test_fees_flow_up_the_line(db: Warehouse, rows: list[Row], is_fee: bool) -> None:
    found = tied(db, [*LINE, *OTHERS, *rows])
    assert ("fee" in db.frame("SELECT order_id FROM fee_orders")["order_id"]) is is_fee
    assert found["low", "mid", "account"] == (S.fee if is_fee else S.inviter)
    assert found["mid", "top", "account"] == S.inviter


@pytest.mark.parametrize(
    ("inviter", "seller", "is_fee"),
    [("p0", "top", True), ("top", "top", True), ("x", "top", False), ("p0", "x", False)],
)
def test_goods_of_who_takes_the_fees_are_a_fee(db: Warehouse, inviter: str, seller: str, is_fee: bool) -> None:
    bought = [account("late", inviter_id=inviter), account("x"), order("goods", "late", seller, category="health_food")]
    found = tied(db, [*LINE, *OTHERS, fee("mid"), *bought])
    assert ("goods" in db.frame("SELECT order_id FROM fee_orders")["order_id"]) is is_fee
    assert found[min("late", inviter), max("late", inviter), "account"] == (S.fee if is_fee else S.inviter)


def test_few_who_pay_a_friend_are_no_pyramid(db: Warehouse) -> None:
    found = tied(db, [*LINE, *OTHERS[2:], fee("mid")])
    assert db.frame("SELECT * FROM fee_orders").is_empty()
    assert set(found.values()) == {S.inviter}


def test_a_club_whose_owner_invites_all_members_is_no_pyramid(db: Warehouse) -> None:
    members = [account(f"m{i}", inviter_id="top") for i in range(4 * S.heads)]
    fees = [order(f"m{i}", f"m{i}", "top", category="membership") for i in range(4 * S.heads)]
    recruited = [account(f"r{i}", inviter_id="m0") for i in range(S.recruits - 1)]
    late = [order(f"r{i}", f"r{i}", "top", category="membership") for i in range(S.recruits - 1)]
    found = tied(db, [account("top"), *members, *fees, *recruited, *late])
    assert db.frame("SELECT * FROM fee_orders").is_empty()
    assert set(found.values()) == {S.inviter}


def test_a_circle_of_inviters_ends(db: Warehouse) -> None:
    rows = [account("a", inviter_id="b"), account("b", inviter_id="a"), account("c", inviter_id="c")]
    assert {(a, b) for a, b, _ in tied(db, rows)} == {("a", "b")}
