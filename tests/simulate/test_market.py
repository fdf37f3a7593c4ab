"""The drops of either world keep the contract's laws, and the same seed gives the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from graph.exports import ACCOUNTS, CHAT_LINKS, DEVICES, ORDERS, Export
from jobs.errors import UsageError
from jobs.simulate import WORLDS, simulate
from jobs.simulate.options import WorldName
from tests.simulate.market import Drops, drops_of, ring_graphs, shared_things, within_rings

TABLES = (ORDERS, ACCOUNTS, DEVICES, CHAT_LINKS)


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> WorldName:
    name: WorldName = request.param
    return name


SEEN: dict[float, dict[str, Any]] = {
    0.0: {"accounts": 2_500, "seed": 21, "mute": 0.0},
    0.5: {"accounts": 2_500, "seed": 11, "nights": 3, "camouflage": 0.5},
    1.0: {"accounts": 2_500, "seed": 11, "camouflage": 1.0},
}
"""A market of each camouflage: those that other tests look at, but for the last."""
Made = Callable[..., Path]
"""Options of `simulate` -> the folder of that market."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A market by its options, made when first asked for; nobody writes there."""
    known: dict[str, Path] = {}

    def of(**options: object) -> Path:
        name = repr(sorted(options.items()))
        if name not in known:
            known[name] = tmp_path_factory.mktemp("market") / "out"
            simulate(known[name], **options)  # type: ignore[arg-type]
        return known[name]

    return of


@pytest.fixture(scope="module", params=WORLDS)
def market(request: pytest.FixtureRequest, made: Made) -> Drops:
    """Three nights of a small market of middling camouflage."""
    return drops_of(made(**SEEN[0.5], world=request.param))


def digest(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    ("world", "file_format"),
    [
        ("market", "csv"),
        ("market", "mixed"),
        ("market", "parquet"),
        pytest.param("agents", "mixed", marks=pytest.mark.slow),
    ],
)
def test_same_seed_same_bytes(tmp_path: Path, made: Made, world: WorldName, file_format: str) -> None:
    one = digest(made(accounts=1_000, seed=4, nights=2, file_format=file_format, world=world))
    for name, seed in (("two", 4), ("other", 5)):
        simulate(tmp_path / name, accounts=1_000, seed=seed, nights=2, file_format=file_format, world=world)  # type: ignore[arg-type]
    assert one == digest(tmp_path / "two")
    assert not set(one.values()) & set(digest(tmp_path / "other").values())


def test_drops_are_dated_backwards_from_until(tmp_path: Path) -> None:
    simulate(tmp_path / "out", accounts=1_000, seed=1, nights=3, until=date(2025, 3, 5), every_days=2)
    days = sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir())
    assert days == ["2025-03-01", "2025-03-03", "2025-03-05"]


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_columns_keys_and_required_values(market: Drops, table: Export) -> None:
    for frame in market.nights[table.name].values():
        assert frame.columns == [column.name for column in table.columns]
        assert not frame.select(table.key).is_duplicated().any()
        assert sum(frame.select(table.required).null_count().row(0)) == 0


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_nothing_is_known_before_it_happens(market: Drops, table: Export) -> None:
    times = [column.name for column in table.columns if column.type == "timestamp"]
    for day, frame in market.nights[table.name].items():
        latest = frame.select(pl.max_horizontal(pl.col(times).max())).item()
        assert latest.date().isoformat() <= day


def test_values_lie_in_their_closed_sets(market: Drops) -> None:
    for table in TABLES:
        for column in table.columns:
            if column.values:
                seen = set(market.latest(table)[column.name].drop_nulls())
                assert seen <= set(column.values), column.name


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("placed_at", "paid_at"),
        ("placed_at", "delivered_at"),
        ("paid_at", "confirmed_at"),
        ("placed_at", "cancelled_at"),
        ("placed_at", "refunded_at"),
        ("placed_at", "complained_at"),
        ("complained_at", "jury_at"),
        ("jury_at", "appealed_at"),
        ("placed_at", "seller_complained_at"),
    ],
)
def test_events_of_an_order_follow_each_other(market: Drops, earlier: str, later: str) -> None:
    orders = market.latest(ORDERS)
    both = orders.filter(pl.col(earlier).is_not_null() & pl.col(later).is_not_null())
    assert len(both) > 0
    assert (both[earlier] <= both[later]).all()


def test_an_event_and_its_words_come_together(market: Drops) -> None:
    orders = market.latest(ORDERS)
    for event, said in (
        ("complained_at", "complaint"),
        ("seller_complained_at", "seller_complaint"),
        ("jury_at", "votes_buyer"),
    ):
        assert (orders[event].is_null() == orders[said].is_null()).all()
    assert orders.filter(pl.col("confirmed_at").is_not_null() & pl.col("paid_at").is_null()).is_empty()
    votes = orders.filter(pl.col("votes_buyer").is_not_null())
    assert (votes["votes_buyer"] + votes["votes_seller"] == 17).all()


def test_accounts_exist_before_they_act(market: Drops) -> None:
    known = market.latest(ACCOUNTS).select("account_id", "registered_at")
    for table, column, moment in (
        (ORDERS, "buyer_id", "placed_at"),
        (ORDERS, "seller_id", "placed_at"),
        (CHAT_LINKS, "sender_id", "sent_at"),
    ):
        acts = market.latest(table).join(known, left_on=column, right_on="account_id", how="left")
        assert (acts["registered_at"] <= acts[moment]).fill_null(False).all()
    devices = market.latest(DEVICES)
    assert (devices["first_seen_at"] <= devices["last_seen_at"]).all()


def test_a_later_drop_holds_new_rows_and_new_states_only(market: Drops) -> None:
    first, second, _ = market.nights["orders"].values()
    assert 0 < len(second) < len(first) / 4
    again = second.join(first, on="order_id", suffix="_before")
    assert len(again) > 0
    events = [c.name for c in ORDERS.columns if c.type == "timestamp"]
    news = pl.any_horizontal(pl.col(e).is_not_null() & pl.col(f"{e}_before").is_null() for e in events)
    assert again.select(news.all()).item()
    for event in events:
        kept = again.filter(pl.col(f"{event}_before").is_not_null())
        assert (kept[event] == kept[f"{event}_before"]).all()


# The worlds hand their columns to the same writer: two are enough.
@pytest.mark.parametrize("world", ["market", "bazaar"])
def test_formats_hold_the_same_market(made: Made, world: WorldName) -> None:
    csv, mixed, parquet = (
        made(accounts=1_000, seed=4, nights=2, file_format=name, world=world) / "2025-06-30"
        for name in ("csv", "mixed", "parquet")
    )
    wanted = drops_of(csv.parent).nights
    orders = wanted["orders"][csv.name]
    assert_frame_equal(pl.read_parquet(parquet / "orders.parquet").cast(dict(orders.schema)), orders)  # type: ignore[arg-type]
    assert {path.name for path in mixed.iterdir()} == {
        "orders.csv.gz", "accounts.csv", "devices.parquet", "chat_links.ndjson.gz"
    }  # fmt: skip
    said = pl.read_ndjson(mixed / "chat_links.ndjson.gz", infer_schema_length=None)
    assert said["message_id"].to_list() == wanted["chat_links"][csv.name]["message_id"].to_list()


def test_ids_never_look_like_personal_numbers(market: Drops) -> None:
    for table in TABLES:
        frame = market.latest(table)
        for column in (c.name for c in table.columns if c.type == "id"):
            assert not frame[column].str.contains(r"\d{11}").any()


def test_honest_trade_is_skewed(market: Drops) -> None:
    sold = sorted(market.latest(ORDERS)["seller_id"].value_counts()["count"].to_list(), reverse=True)
    assert sum(sold[: len(sold) // 10]) > 0.4 * sum(sold)


# Not in the bazaar: a few of its hands leave nothing but their timing.
@pytest.mark.parametrize("world", ["market", "agents"])
@pytest.mark.parametrize("camouflage", [0.0, 0.5, 1.0])
def test_every_ring_is_connected(made: Made, world: WorldName, camouflage: float) -> None:
    drops = drops_of(made(**SEEN[camouflage], world=world))
    for typology, graph in ring_graphs(drops, within_rings(drops, shared_things(drops))):
        assert nx.is_connected(graph), typology


def test_the_mute_market_complains_less_and_has_no_tags(made: Made, world: WorldName) -> None:
    loud, mute = (drops_of(made(accounts=2_500, seed=21, mute=share, world=world)) for share in (0.0, 0.5))
    for table, event in ((ORDERS, "complained_at"), (ORDERS, "seller_complained_at"), (CHAT_LINKS, "reported_at")):
        assert mute.latest(table)[event].count() == pytest.approx(0.5 * loud.latest(table)[event].count(), rel=0.25)
    assert loud.latest(CHAT_LINKS)["tag"].count() > 100
    assert mute.latest(CHAT_LINKS)["tag"].count() == 0
    assert mute.truth.equals(loud.truth)


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    for wrong in (
        {"accounts": 10},
        {"camouflage": 1.5},
        {"mute": -0.1},
        {"nights": 0},
        {"world": "other"},
        {"dirt": True, "file_format": "parquet"},
    ):
        with pytest.raises(UsageError):
            simulate(tmp_path / "out", **({"accounts": 1_000, "seed": 1} | wrong))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        simulate(tmp_path / "full", accounts=1_000, seed=1)
