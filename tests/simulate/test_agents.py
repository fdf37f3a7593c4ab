"""The town of agents: crews of every kind, tied and mostly honest; the honest do everything that looks like fraud."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from graph.exports import ACCOUNTS, CHAT_LINKS, DEVICES, ORDERS, VIRTUAL
from jobs.simulate import simulate
from jobs.simulate.agents import build, found
from jobs.simulate.agents.scripts import SCRIPTS
from jobs.simulate.agents.town import Town
from jobs.simulate.columns import ORDER_COLUMNS, gathered
from jobs.simulate.options import Options
from tests.simulate.market import Drops, drops_of, shared_things, within_rings

VIRTUAL_GOOD = pl.col("category").is_in(VIRTUAL)
PAID = pl.col("paid_at").is_not_null()


@pytest.fixture(scope="module")
def town() -> Town:
    """Large enough for three rings of each typology, and so for every script."""
    return build(Options(12_000, 8, camouflage=0.5))


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> Drops:
    out = tmp_path_factory.mktemp("agents") / "out"
    simulate(out, accounts=6_000, seed=8, world="agents")
    return drops_of(out)


@pytest.fixture(scope="module")
def honest(drops: Drops) -> pl.DataFrame:
    """Orders with no member of any ring on either side."""
    members = drops.truth["account_id"].implode()
    return drops.latest(ORDERS).filter(~pl.col("buyer_id").is_in(members) & ~pl.col("seller_id").is_in(members))


def most(rows: pl.DataFrame, of: str) -> int:
    """The most rows that one value of a column has."""
    return max(rows.group_by(of).len()["len"].to_list(), default=0)


def test_every_script_is_played(town: Town) -> None:
    assert {name for scripts in SCRIPTS.values() for name in scripts} == set(town.played)
    assert all(len(scripts) >= 2 for scripts in SCRIPTS.values())
    assert len(SCRIPTS) == 14


def test_rings_are_many_and_mostly_small(town: Town) -> None:
    truth = pl.DataFrame(town.truth, schema=["ring", "typology", "account", "role"], orient="row")
    sizes = truth.group_by("ring", "typology").len()
    assert len(sizes) == round(0.0035 * 12_000)
    assert sizes["typology"].n_unique() == 14
    others = sizes.filter(pl.col("typology") != "pyramid")["len"]
    assert others.min() == 3
    assert others.max() <= 20  # type: ignore[operator]
    assert others.median() < 9  # type: ignore[operator]
    assert sizes["len"].max() <= 60  # type: ignore[operator]


def test_members_trade_honestly_for_the_most_part(town: Town) -> None:
    member = town.accounts["crew"] >= 0
    orders = gathered([dict(rows) for rows in town.orders], ORDER_COLUMNS)
    theirs = (member[orders["buyer_id"]] | member[orders["seller_id"]]).sum()
    assert 0.6 < 1 - sum(town.played.values()) / theirs < 0.9


def test_some_members_come_late_or_do_nothing(town: Town) -> None:
    roles = [role for _, _, _, role in town.truth]
    assert 0.02 < roles.count("holder") / len(roles) < 0.3
    assert {"seller", "buyer", "both", "promoter", "organiser", "source", "holder"} == set(roles)
    crew = town.accounts["crew"]
    spread = [town.accounts["registered_at"][crew == number] for number in set(crew[crew >= 0].tolist())]
    assert sum(moments.max() > town.moment(0) for moments in spread) > len(spread) / 3


def test_camouflage_leaves_one_thin_tie_and_less_cheating(tmp_path: Path) -> None:
    pairs, acts = [], []
    for quiet in (0.0, 1.0):
        out = tmp_path / str(quiet)
        simulate(out, accounts=1_500, seed=4, camouflage=quiet, world="agents")
        drops = drops_of(out)
        size = within_rings(drops, shared_things(drops)).filter(pl.col("kind") != "inviter")["accounts"].list.len()
        pairs.append((size * (size - 1)).sum())
        acts.append(sum(len(who) for who in found(Options(12_000, 4, camouflage=quiet))[1].values()))
    assert pairs[1] < pairs[0] / 2
    assert acts[1] < acts[0] / 1.5


def test_honest_buyers_confirm_first_and_some_sellers_live_by_it(honest: pl.DataFrame) -> None:
    early = VIRTUAL_GOOD & (pl.col("confirmed_at") < pl.col("delivered_at"))
    assert 0.02 < len(honest.filter(early)) / len(honest.filter(VIRTUAL_GOOD & PAID)) < 0.15
    assert most(honest.filter(early), "seller_id") >= 8


def test_honest_shops_leave_orders_open_for_weeks(honest: pl.DataFrame) -> None:
    weeks = pl.col("delivered_at") - pl.col("paid_at") > pl.duration(days=14)
    waiting = weeks | (pl.col("delivered_at").is_null() & pl.col("refunded_at").is_null())
    assert most(honest.filter(PAID & waiting), "seller_id") >= 6


def test_honest_buyers_return_much_and_quarrel(honest: pl.DataFrame) -> None:
    assert most(honest.filter(pl.col("return_kind").is_not_null()), "buyer_id") >= 6
    assert honest.filter(pl.col("seller_complaint") == "return_mismatch").height > 10
    close = (pl.col("votes_buyer") - pl.col("votes_seller")).abs() <= 4
    assert honest.filter(close).height > 10
    assert most(honest.filter(pl.col("jury_at").is_not_null()), "buyer_id") >= 3


def test_codes_leave_unpaid_and_twice_among_the_honest(drops: Drops, honest: pl.DataFrame) -> None:
    assert honest.filter(VIRTUAL_GOOD & ~PAID & pl.col("delivered_at").is_not_null()).height > 5
    members = drops.truth["account_id"].implode()
    codes = drops.latest(CHAT_LINKS).filter(
        (pl.col("target_kind") == "card_code") & ~pl.col("sender_id").is_in(members)
    )
    assert codes.group_by("target_id").len().filter(pl.col("len") > 1).height > 5


def test_one_handler_has_a_twentieth_and_couriers_know_orders(drops: Drops, honest: pl.DataFrame) -> None:
    assert 0.04 < most(honest.drop_nulls("handler_id"), "handler_id") / len(honest) < 0.09
    said = drops.latest(CHAT_LINKS).join(honest.select("order_id", "buyer_id", "seller_id"), on="order_id")
    strangers = said.filter(pl.col("sender_id") != pl.col("seller_id"), pl.col("sender_id") != pl.col("buyer_id"))
    assert most(strangers, "sender_id") > 5
    assert (strangers["tag"] == "knows_order").sum() > 3


def test_viewers_rebuy_and_neighbours_buy_alike(honest: pl.DataFrame) -> None:
    live = honest.filter(pl.col("channel") == "livestream")
    assert most(live.with_columns(pair=pl.concat_str("buyer_id", "promoter_id")), "pair") >= 3
    alike = honest.with_columns(hour=pl.col("placed_at").dt.truncate("1h"), day=pl.col("placed_at").dt.date())
    assert most(alike.with_columns(what=pl.concat_str("item_id", "day", "amount")), "what") >= 8


def test_honest_circles_share_every_kind_of_thing(drops: Drops) -> None:
    things = shared_things(drops).join(drops.truth, left_on="account", right_on="account_id", how="anti")
    users = things.group_by("kind", "thing").len().filter(pl.col("len") > 1)
    sharing = dict(users.group_by("kind").len().iter_rows())
    for kind in ("device", "payee", "payer", "address", "contact", "phone", "owner", "licence", "display_name"):
        assert sharing[kind] > 3, kind
    biggest = dict(users.group_by("kind").agg(pl.col("len").max()).iter_rows())
    assert biggest["payee"] >= 12, "a courier station takes money for dozens"
    assert biggest["device"] >= 15, "a PC room"
    assert biggest["address"] >= 30, "parcel lockers"
    assert biggest["phone"] >= 4, "a mother's phone"


def test_honest_phones_change_hands(drops: Drops) -> None:
    phones = drops.latest(DEVICES).filter(pl.col("device_kind") == "phone").sort("device_id", "first_seen_at")
    after = pl.col("first_seen_at") > pl.col("last_seen_at").shift(1).over("device_id")
    assert phones.filter(after).height > 50


def test_honest_invitations_go_deep_and_licences_hang_late(drops: Drops) -> None:
    accounts = drops.latest(ACCOUNTS)
    members = drops.truth["account_id"].implode()
    inviter = dict(accounts.filter(~pl.col("account_id").is_in(members)).select("account_id", "inviter_id").iter_rows())
    depth = max(len(chain(inviter, account)) for account in inviter)
    assert depth >= 5
    shops = accounts.filter((pl.col("kind") == "shop") & ~pl.col("account_id").is_in(members))
    assert 0.05 < (~shops["licence_shown"]).mean() < 0.6  # type: ignore[operator]


def chain(inviter: dict[str, str | None], account: str | None) -> list[str]:
    """Who invited whom, upwards."""
    above = []
    while account is not None and (account := inviter.get(account)) is not None:
        above.append(account)
    return above
