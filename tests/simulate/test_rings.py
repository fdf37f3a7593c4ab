"""The planted rings: all typologies, tied together, quieter with camouflage; the innocent stay outside."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest

from graph.exports import ACCOUNTS, CHAT_LINKS, DEVICES, ORDERS, VIRTUAL
from jobs.simulate import simulate
from jobs.simulate.market import build
from jobs.simulate.market.rings import TYPOLOGIES
from jobs.simulate.options import Options
from jobs.simulate.spell import spell
from tests.simulate.market import Drops, drops_of, shared_things, within_rings

ACCOUNTS_MADE = 3_000


def made(folder: Path, seed: int = 21, **arguments: float) -> Drops:
    simulate(folder / "out", accounts=ACCOUNTS_MADE, seed=seed, **arguments)  # type: ignore[arg-type]
    return drops_of(folder / "out")


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Drops:
    return made(tmp_path_factory.mktemp("loud"))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Drops:
    return made(tmp_path_factory.mktemp("quiet"), camouflage=1.0)


def of(drops: Drops, typology: str, *roles: str) -> list[str]:
    chosen = drops.truth.filter((pl.col("typology") == typology) & pl.col("role").is_in(roles))
    return chosen["account_id"].to_list()


def test_all_typologies_are_planted(loud: Drops, quiet: Drops) -> None:
    for drops in (loud, quiet):
        rings = drops.truth.group_by("typology").agg(pl.col("ring_id").n_unique())
        assert dict(rings.iter_rows()) == dict.fromkeys(TYPOLOGIES, 2)
        assert not drops.truth["account_id"].is_duplicated().any()
        assert set(drops.truth["account_id"]) <= set(drops.latest(ACCOUNTS)["account_id"])


def test_camouflage_thins_the_ties_and_covers_the_trade(loud: Drops, quiet: Drops) -> None:
    pairs, foreign = [], []
    for drops in (loud, quiet):
        shared = within_rings(drops, shared_things(drops)).filter(pl.col("kind") != "inviter")
        size = shared["accounts"].list.len()
        pairs.append((size * (size - 1)).sum())
        members = drops.truth["account_id"].implode()
        foreign.append(
            drops.latest(ORDERS).filter(pl.col("buyer_id").is_in(members) | pl.col("seller_id").is_in(members)).height
        )
    assert pairs[1] < pairs[0] / 3
    assert foreign[1] > 1.3 * foreign[0]


def test_acts_of_the_rings(loud: Drops) -> None:
    orders, chats = loud.latest(ORDERS), loud.latest(CHAT_LINKS)
    sold = {name: orders.filter(pl.col("seller_id").is_in(of(loud, name, "seller", "both"))) for name in TYPOLOGIES}
    bought = {name: orders.filter(pl.col("buyer_id").is_in(of(loud, name, "buyer", "both"))) for name in TYPOLOGIES}
    early = (pl.col("confirmed_at") < pl.col("delivered_at")) | pl.col("delivered_at").is_null()
    assert sold["confirm_first"].filter(pl.col("confirmed_at").is_not_null() & early).height > 20
    unpaid = pl.col("paid_at").is_null() & pl.col("delivered_at").is_not_null() & pl.col("category").is_in(VIRTUAL)
    assert bought["unpaid_harvest"].filter(unpaid).height > 15
    assert (
        bought["swap_return"].filter(pl.col("return_kind").is_not_null() & pl.col("refunded_at").is_not_null()).height
        > 15
    )
    open_paid = pl.col("paid_at").is_not_null() & pl.col("delivered_at").is_null() & pl.col("refunded_at").is_null()
    assert sold["reborn_shop"].filter(open_paid).height > 15
    assert (sold["counterfeit_network"]["complaint"] == "counterfeit").sum() > 15
    assert sold["buyback_live"].filter(pl.col("promoter_id").is_in(of(loud, "buyback_live", "promoter"))).height > 15
    close = (pl.col("votes_buyer") - pl.col("votes_seller")).abs() <= 4
    assert orders.filter(close & pl.col("jury_at").is_not_null()).height > 10
    lured = chats.filter(pl.col("sender_id").is_in(of(loud, "off_platform_lure", "seller")))
    assert lured["reported_at"].count() > 20
    regulated = pl.col("category").is_in(["medicine", "health_food", "liquor", "fertilizer"])
    assert sold["unlicensed_operator"].filter(regulated).height > 0.7 * sold["unlicensed_operator"].height
    burst = loud.latest(ACCOUNTS).filter(pl.col("account_id").is_in(of(loud, "account_farm", "buyer")))
    assert burst["registered_at"].dt.date().n_unique() <= 4


def test_a_pyramid_has_three_levels_below_its_top_and_thirty_people(loud: Drops) -> None:
    inviter = loud.latest(ACCOUNTS).select("inviter_id", "account_id").drop_nulls()
    for _, ring in loud.truth.filter(pl.col("typology") == "pyramid").group_by("ring_id"):
        members = set(ring["account_id"])
        tree = nx.DiGraph((up, down) for up, down in inviter.iter_rows() if {up, down} <= members)
        top = ring.filter(pl.col("role") == "organiser")["account_id"].item()
        depth = nx.single_source_shortest_path_length(tree, top)
        assert len(depth) == len(members) >= 30
        assert max(depth.values()) >= 3


def test_leaked_orders_are_quoted_by_strangers_and_share_the_source(loud: Drops) -> None:
    chats = loud.latest(CHAT_LINKS).join(loud.latest(ORDERS).select("order_id", "buyer_id", "seller_id"), on="order_id")
    for _, ring in loud.truth.filter(pl.col("typology") == "leak_source").group_by("ring_id"):
        strangers = ring.filter(pl.col("role") != "source")["account_id"].implode()
        quoted = chats.filter(
            pl.col("sender_id").is_in(strangers)
            & (pl.col("receiver_id") == pl.col("buyer_id"))
            & (pl.col("sender_id") != pl.col("seller_id"))
        )
        assert quoted.height > 5
        assert set(quoted["seller_id"]) == set(ring.filter(pl.col("role") == "source")["account_id"])


def test_lookalikes_exist_and_are_not_in_the_truth() -> None:
    world = build(Options(ACCOUNTS_MADE, 21))
    ring = {account for _, _, account, _ in world.truth}
    wanted = {
        "families",
        "couples",
        "second_hand",
        "group_leaders",
        "kiosks",
        "agencies",
        "reopened",
        "friends",
    }
    wanted |= {"sloppy", "returners", "failed_shops", "lone_lures", "taken_over"}
    assert wanted <= set(world.groups)
    for name in wanted:
        assert len(world.groups[name]) > 0, name
        assert not ring & set(world.groups[name].tolist()), name


def test_the_innocent_share_what_rings_share(loud: Drops) -> None:
    honest = shared_things(loud).join(loud.truth, left_on="account", right_on="account_id", how="anti")
    sharers = honest.group_by("kind", "thing").agg(pl.len()).filter(pl.col("len") > 1)
    assert {"device", "payee", "payer", "address", "contact", "phone", "owner", "licence", "inviter"} <= set(
        sharers["kind"]
    )
    kiosks = loud.latest(DEVICES).filter(pl.col("device_kind") == "kiosk").group_by("device_id").agg(pl.len())
    assert kiosks["len"].max() > 20  # type: ignore[operator]


def test_ids_betray_neither_order_nor_role() -> None:
    ids = spell("a", np.arange(20_000), seed=1, kind="account")
    assert ids.n_unique() == 20_000
    assert ids.str.len_chars().unique().to_list() == [11]
    assert spell("a", np.array([3, -1]), 1, "account").to_list() == [ids[3], None]
    # A Feistel permutation of a count has no trend: early and late numbers are spread alike.
    assert abs(ids.head(10_000).rank().mean() - 5_000.5) < 1  # type: ignore[operator]
    assert 0.48 < (ids.head(10_000) < ids.tail(10_000)).mean() < 0.52  # type: ignore[operator]
