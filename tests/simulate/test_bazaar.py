"""The bazaar holds the contract; its hands leave acts above the base rate, and the honest do all of it now and then."""

from __future__ import annotations

import hashlib
from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest

from graph.exports import ACCOUNTS, CHAT_LINKS, DEVICES, ORDERS, VIRTUAL, Export
from jobs.simulate import simulate
from jobs.simulate.bazaar import SCRIPTS
from jobs.simulate.bazaar.hand import Hand, recruit
from jobs.simulate.bazaar.people import settle
from jobs.simulate.bazaar.place import Bazaar
from jobs.simulate.options import Options
from tests.simulate.market import Drops, drops_of, ring_graphs, shared_things, within_rings

PAID = pl.col("paid_at").is_not_null()
CODE = pl.col("category").is_in(VIRTUAL)
SENT = pl.col("delivered_at").is_not_null()
EARLY = CODE & (pl.col("confirmed_at") < pl.col("delivered_at"))
FREE_CODE = CODE & ~PAID & SENT
UNSENT = PAID & ~SENT & pl.col("refunded_at").is_null()
NARROW = (pl.col("votes_buyer") - pl.col("votes_seller")).abs() <= 4
REGULATED = pl.col("category").is_in(["medicine", "health_food", "liquor", "fertilizer"])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loud market of sixty rings, one drop."""
    out = tmp_path_factory.mktemp("bazaar") / "out"
    simulate(out, accounts=20_000, seed=5, world="bazaar")
    return out


@pytest.fixture(scope="module")
def drops(out: Path) -> Drops:
    return drops_of(out)


@pytest.fixture(scope="module")
def lookalikes(out: Path) -> pl.DataFrame:
    return pl.read_parquet(out / "lookalikes.parquet")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small market, dropped on two nights."""
    out = tmp_path_factory.mktemp("week") / "out"
    simulate(out, accounts=1_500, seed=3, nights=2, world="bazaar")
    return out


@pytest.fixture(scope="module")
def orders(drops: Drops) -> pl.DataFrame:
    """Orders with the ring, typology and role of both sides, null for the honest."""
    frame = drops.latest(ORDERS)
    for side in ("buyer", "seller"):
        ring = drops.truth.select(
            pl.col("account_id").alias(f"{side}_id"),
            pl.col("ring_id").alias(f"{side}_ring"),
            pl.col("typology").alias(f"{side}_typology"),
        )
        frame = frame.join(ring, on=f"{side}_id", how="left")
    return frame.with_columns(
        pl.col("placed_at").dt.date().alias("day"),
        (pl.col("buyer_ring") == pl.col("seller_ring")).fill_null(False).alias("inside"),
    )


@pytest.fixture(scope="module")
def honest(orders: pl.DataFrame) -> pl.DataFrame:
    return orders.filter(pl.col("buyer_ring").is_null() & pl.col("seller_ring").is_null())


@pytest.fixture(scope="module")
def foreign(drops: Drops, orders: pl.DataFrame) -> pl.DataFrame:
    """Messages about an order whose sender is no party to it."""
    said = drops.latest(CHAT_LINKS).join(
        orders.select("order_id", "buyer_id", "seller_id", "handler_id"), on="order_id"
    )
    return said.filter(pl.col("sender_id") != pl.col("seller_id"), pl.col("sender_id") != pl.col("buyer_id"))


def hands_of(accounts: int, seed: int, **more: float) -> tuple[Bazaar, list[Hand]]:
    """Hands with their accounts, before anybody has traded."""
    world = Bazaar(Options(accounts, seed, **more))  # type: ignore[arg-type]
    settle(world)
    return world, recruit(world)


def hashes(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def most(rows: pl.DataFrame, of: str) -> int:
    """The most rows that one value of a column has."""
    return max(rows.group_by(of).len()["len"].to_list(), default=0)


@pytest.mark.parametrize("table", [ORDERS, ACCOUNTS, DEVICES, CHAT_LINKS], ids=lambda table: str(table.name))
def test_rows_hold_the_contract(drops: Drops, table: Export) -> None:
    rows = drops.latest(table)
    assert rows.columns == [column.name for column in table.columns]
    assert rows.select(table.key).is_duplicated().sum() == 0
    for column in table.columns:
        values = rows[column.name]
        assert not column.required or values.null_count() == 0, column.name
        assert not column.values or set(values.drop_nulls()) <= set(column.values), column.name
        if column.type in {"money", "integer"}:
            assert (values.drop_nulls() >= 0).all(), column.name
    for earlier, later in table.in_order:
        assert (rows[later] >= rows[earlier]).drop_nulls().all(), later


def test_steps_of_an_order_follow_each_other(orders: pl.DataFrame) -> None:
    for earlier, later in (
        ("placed_at", "paid_at"),
        ("placed_at", "delivered_at"),
        ("paid_at", "confirmed_at"),
        ("placed_at", "cancelled_at"),
        ("paid_at", "refunded_at"),
        ("paid_at", "complained_at"),
        ("complained_at", "jury_at"),
        ("jury_at", "appealed_at"),
        ("placed_at", "seller_complained_at"),
    ):
        wrong = orders.filter(pl.col(later) < pl.col(earlier))
        assert wrong.is_empty(), f"{later} before {earlier}"
    assert orders.filter(pl.col("jury_at").is_not_null() != pl.col("votes_buyer").is_not_null()).is_empty()
    tried = orders.filter(pl.col("jury_at").is_not_null())
    assert (tried["votes_buyer"] + tried["votes_seller"] == 17).all()
    assert ((tried["votes_buyer"] >= 9) == (tried["jury_winner"] == "buyer")).all()
    assert orders.filter(pl.col("appealed_at").is_not_null() & ~NARROW).is_empty()
    assert orders.filter(~PAID & pl.col("confirmed_at").is_not_null()).is_empty()


def test_nobody_acts_before_registering_or_after_leaving(drops: Drops, orders: pl.DataFrame) -> None:
    lives = drops.latest(ACCOUNTS).select(
        "account_id", "registered_at", gone=pl.min_horizontal("cancelled_at", "banned_at")
    )
    for frame, account, moment in (
        (orders, "buyer_id", "placed_at"),
        (orders, "seller_id", "placed_at"),
        (drops.latest(DEVICES), "account_id", "first_seen_at"),
        (drops.latest(CHAT_LINKS), "sender_id", "sent_at"),
    ):
        rows = frame.join(lives, left_on=account, right_on="account_id", how="left", suffix="_of")
        assert rows["registered_at"].null_count() == 0, account
        assert (rows[moment] >= rows["registered_at"]).all(), f"{moment} of {account}"
        if frame is orders:
            assert not (rows[moment] > rows["gone"]).any(), f"{moment} of {account}"
    assert orders.filter(pl.col("buyer_id") == pl.col("seller_id")).is_empty()


def test_same_seed_same_bytes(week: Path, tmp_path: Path) -> None:
    for seed in (3, 4):
        simulate(tmp_path / str(seed), accounts=1_500, seed=seed, nights=2, world="bazaar")
    assert hashes(tmp_path / "3") == hashes(week)
    assert hashes(tmp_path / "4") != hashes(week)


def test_every_typology_at_twenty_thousand_and_the_usual_density(drops: Drops) -> None:
    rings = drops.truth.group_by("ring_id", "typology").len()
    assert set(rings["typology"]) == set(SCRIPTS)
    assert len(SCRIPTS) == 14
    assert 20_000 / 400 < len(rings) < 20_000 / 300
    assert drops.truth["account_id"].is_unique().all()
    roles = {"seller", "buyer", "both", "promoter", "organiser", "source", "holder"}
    assert set(drops.truth["role"]) == roles


def test_sizes_have_a_heavy_tail_and_every_script_is_played() -> None:
    _, hands = hands_of(40_000, 2)
    sizes = [len(hand.members) for hand in hands]
    assert min(sizes) == 2
    assert max(sizes) > 30
    assert np.median(sizes) <= 6
    assert {(hand.typology, hand.script) for hand in hands} == {
        (typology, script) for typology, scripts in SCRIPTS.items() for script in scripts
    }


def test_camouflage_makes_hands_careful_and_their_cover_thick() -> None:
    loud, quiet = (hands_of(20_000, 6, camouflage=share)[1] for share in (0.0, 1.0))
    for trait, more in (("care", 1.3), ("cover", 1.6), ("zeal", 0.8)):
        before, after = (np.mean([getattr(hand, trait) for hand in hands]) for hands in (loud, quiet))
        assert after > more * before if more > 1 else after < more * before, trait


def test_mute_takes_complaints_and_tags(tmp_path: Path) -> None:
    filed, tags = [], []
    for mute in (0.0, 0.8):
        simulate(tmp_path / str(mute), accounts=2_000, seed=1, mute=mute, world="bazaar")
        drops = drops_of(tmp_path / str(mute))
        rows = drops.latest(ORDERS)
        tags.append(drops.latest(CHAT_LINKS)["tag"].count())
        counts = [rows[column].count() for column in ("complaint", "seller_complaint", "jury_winner")]
        filed.append([*counts, drops.latest(CHAT_LINKS)["reported_at"].count()])
    assert all(less < before / 2 for before, less in zip(*filed, strict=True))
    assert tags[0] > 20
    assert tags[1] == 0


def test_dirt_and_formats(tmp_path: Path) -> None:
    simulate(tmp_path / "d", accounts=1_000, seed=1, dirt=True, file_format="mixed", world="bazaar")
    names = {path.name for path in (tmp_path / "d").glob("*/*")}
    assert names == {"orders_1.csv.gz", "orders_2.csv.gz", "accounts.csv", "devices.parquet", "chat_links.ndjson.gz"}


def test_a_later_drop_holds_what_is_new(week: Path) -> None:
    nights = drops_of(week).nights["orders"]
    first, second = nights.values()
    assert 0 < len(second) < len(first) / 2
    changed = second.filter(pl.col("order_id").is_in(first["order_id"].implode()))
    assert changed.height > 10


@pytest.mark.parametrize(
    ("typology", "side", "act", "times"),
    [
        ("confirm_first", "seller", EARLY | (CODE & ~SENT & pl.col("confirmed_at").is_not_null()), 4),
        ("unpaid_harvest", "buyer", FREE_CODE, 20),
        ("two_way", "buyer", FREE_CODE | (pl.col("seller_complaint") == "return_mismatch"), 10),
        ("two_way", "seller", EARLY | UNSENT | (pl.col("complaint") == "not_as_described"), 2),
        ("swap_return", "buyer", pl.col("seller_complaint") == "return_mismatch", 20),
        ("jury_gaming", "buyer", NARROW, 10),
        ("reborn_shop", "seller", UNSENT, 4),
        ("counterfeit_network", "seller", pl.col("complaint") == "counterfeit", 10),
        ("buyback_live", "seller", (pl.col("channel") == "livestream") & pl.col("complaint").is_not_null(), 20),
        ("pyramid", "buyer", (pl.col("category") == "membership") & (pl.col("amount") >= 980), 20),
        ("unlicensed_operator", "seller", REGULATED, 4),
        ("brushing", "buyer", pl.col("inside"), 100),
        ("leak_source", "seller", pl.col("leaked"), 4),
        ("account_farm", "buyer", pl.col("alike"), 4),
    ],
)
def test_hands_leave_acts_above_the_base_rate_in_mostly_ordinary_trade(
    orders: pl.DataFrame, foreign: pl.DataFrame, typology: str, side: str, act: pl.Expr, times: float
) -> None:
    known = foreign["order_id"].unique().implode()
    marked = orders.with_columns(
        pl.col("order_id").is_in(known).alias("leaked"),
        (pl.len().over("item_id", "day", "amount") >= 3).alias("alike"),
    ).with_columns(act.fill_null(False).alias("act"))
    theirs = marked.filter(pl.col(f"{side}_typology") == typology)["act"]
    base = marked.filter(pl.col("buyer_ring").is_null() & pl.col("seller_ring").is_null())["act"]
    rate, ordinary = theirs.cast(pl.Int64).to_numpy().mean(), base.cast(pl.Int64).to_numpy().mean()
    assert theirs.sum() >= 8
    assert rate > times * ordinary
    assert rate < 0.95


def test_lures_reach_strangers_without_an_order(drops: Drops) -> None:
    chats = drops.latest(CHAT_LINKS).join(drops.truth, left_on="sender_id", right_on="account_id", how="left")
    lured = chats.filter(pl.col("typology") == "off_platform_lure", pl.col("target_kind") != "item")
    honest = chats.filter(pl.col("ring_id").is_null(), pl.col("target_kind") != "item")
    assert lured.filter(pl.col("order_id").is_null()).height > 20
    told = [rows["reported_at"].count() / len(rows) for rows in (lured, honest)]
    assert told[0] > 5 * told[1] > 0
    assert lured["claimed_cny"].count() > 5


def test_stories_of_codes(drops: Drops, orders: pl.DataFrame) -> None:
    sent = drops.latest(CHAT_LINKS).filter(pl.col("target_kind") == "card_code")
    parties = orders.select("order_id", "buyer_ring", "seller_ring")
    codes = sent.join(parties, on="order_id").with_columns(pl.len().over("target_id").alias("times"))
    assert codes.filter(pl.col("times") > 1, pl.col("seller_ring").is_not_null()).height > 4, "sent to two buyers"
    taken = codes.filter(pl.col("buyer_ring").is_not_null()).select("target_id", ring="buyer_ring")
    resold = codes.join(taken, on="target_id").filter(pl.col("seller_ring") == pl.col("ring"))
    assert resold.height > 2, "sold on by the ring that took it"


def test_silent_shops_leave_paid_orders_and_their_account_open(orders: pl.DataFrame, drops: Drops) -> None:
    open_accounts = drops.latest(ACCOUNTS).filter(pl.col("cancelled_at").is_null(), pl.col("banned_at").is_null())
    shops = orders.filter(pl.col("seller_typology") == "reborn_shop").join(
        open_accounts, left_on="seller_id", right_on="account_id"
    )
    last = shops.group_by("seller_id").agg(pl.col("placed_at").max(), UNSENT.sum().alias("unsent"))
    gone = last.filter(pl.col("placed_at") < orders["placed_at"].max() - pl.duration(days=10), pl.col("unsent") >= 3)
    assert len(gone) >= 2


def test_the_taken_over_show_a_hands_device_after_its_link(drops: Drops, lookalikes: pl.DataFrame) -> None:
    taken = lookalikes.filter(pl.col("kind") == "taken_over")
    uses = drops.latest(DEVICES)
    ring = uses.join(drops.truth, on="account_id").select("device_id", "ring_id")
    shown = uses.join(taken, on="account_id").join(ring, on="device_id")
    links = drops.latest(CHAT_LINKS).join(drops.truth, left_on="sender_id", right_on="account_id")
    met = shown.join(links, left_on=["account_id", "ring_id"], right_on=["receiver_id", "ring_id"])
    assert met["account_id"].n_unique() == len(taken) > 0
    assert (met.group_by("account_id").agg((pl.col("first_seen_at") > pl.col("sent_at")).any()))["first_seen_at"].all()


def test_the_honest_do_everything_now_and_then(honest: pl.DataFrame, foreign: pl.DataFrame, drops: Drops) -> None:
    for name, act, low, high in (
        ("confirmed before the code", EARLY, 0.001, 0.02),
        ("code sent unpaid", FREE_CODE, 0.0001, 0.01),
        ("never sent", UNSENT, 0.001, 0.05),
        ("complaint", pl.col("complaint").is_not_null(), 0.005, 0.04),
        ("return", pl.col("return_kind").is_not_null(), 0.005, 0.06),
        ("sellers' complaint", pl.col("seller_complaint").is_not_null(), 0.0005, 0.01),
        ("close jury", NARROW, 0.0002, 0.01),
        ("appeal", pl.col("appealed_at").is_not_null(), 0.0001, 0.005),
        ("livestream", pl.col("channel") == "livestream", 0.02, 0.1),
        ("outside link", pl.col("channel") == "external", 0.005, 0.03),
    ):
        share = honest.filter(act).height / len(honest)
        assert low < share < high, f"{name}: {share}"
    assert most(honest.filter(EARLY), "seller_id") >= 10, "dealers who ask for it"
    assert most(honest.filter(pl.col("return_kind").is_not_null()), "buyer_id") >= 5
    assert most(honest.filter(pl.col("jury_at").is_not_null()), "buyer_id") >= 2
    alike = honest.with_columns(pl.concat_str("item_id", "day", "amount").alias("offer"))
    assert most(alike, "offer") >= 5, "neighbours order together"
    members = drops.truth["account_id"].implode()
    assert most(foreign.filter(~pl.col("sender_id").is_in(members)), "sender_id") >= 5, "couriers know orders"
    assert set(drops.latest(CHAT_LINKS).filter(~pl.col("sender_id").is_in(members))["tag"].drop_nulls()) == {
        "ask_confirm_first",
        "ask_off_platform",
        "promise_buyback",
        "knows_order",
        "recruit",
    }


def test_the_honest_share_every_kind_of_thing(drops: Drops) -> None:
    things = shared_things(drops)
    apart = things.join(drops.truth, left_on="account", right_on="account_id", how="anti")
    users = apart.group_by("kind", "thing").len().filter(pl.col("len") > 1)
    kinds = dict(users.group_by("kind").agg(pl.col("len").max()).iter_rows())
    for kind in (
        "device",
        "payee",
        "payer",
        "address",
        "contact",
        "phone",
        "owner",
        "licence",
        "inviter",
        "display_name",
    ):
        assert kinds.get(kind, 0) >= 2, kind
    assert kinds["device"] >= 40, "a café's computers"
    assert kinds["address"] >= 30, "lockers"


def test_most_members_hang_together_but_not_all(drops: Drops) -> None:
    graphs = [graph for _, graph in ring_graphs(drops, within_rings(drops, shared_things(drops)))]
    members = set(drops.truth["account_id"])
    largest = [max(len(part & members) for part in nx.connected_components(graph)) for graph in graphs]
    assert 0.9 < sum(largest) / len(members) < 1, "a few hands leave nothing but timing"


def test_lookalikes_are_no_members_and_of_every_kind(drops: Drops, lookalikes: pl.DataFrame) -> None:
    assert lookalikes.columns == ["account_id", "kind"]
    assert lookalikes["account_id"].is_unique().all()
    assert lookalikes.join(drops.truth, on="account_id").is_empty()
    assert lookalikes.join(drops.latest(ACCOUNTS), on="account_id").height == len(lookalikes)
    assert set(lookalikes["kind"]) == {
        *("family", "firm", "dormitory", "station", "agency", "wholesale", "reseller", "courier"),
        *("second_hand_phone", "reopened", "relative", "victim", "taken_over"),
    }
