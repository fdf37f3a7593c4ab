"""The methods beside ours, and what is left out of ours: that they do what their names say."""

from __future__ import annotations

from itertools import combinations
from math import log
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.exports import EXPORTS
from graph.settings import TieSettings
from tests.benches.judged import left_out, rivals
from tests.benches.judged.blocks import MILLION, blocks, densest, weighed
from tests.benches.judged.exports import Drop, louvain
from tests.benches.judged.features import features
from tests.benches.judged.markets import KINDS, NIGHT, Market, Ranked, Shelf, fingerprint, ranked, worlds


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small loud market."""
    folder = tmp_path_factory.mktemp("market") / "m"
    Market("market", "loud", 1_500, 5).make(folder)
    return folder


@pytest.fixture(scope="module")
def drop(market: Path) -> Drop:
    return Drop.open(market / str(NIGHT))


def test_the_densest_block_comes_first_and_what_everybody_uses_adds_little() -> None:
    clique = [(f"r{n}", f"d{m}") for n in range(4) for m in range(4)]
    crowd = [(f"x{n}", "wallet") for n in range(60)] + [(f"r{n}", "wallet") for n in range(4)]
    pair = [("y1", "p"), ("y2", "p")]
    found = blocks(weighed([*crowd, *pair, *clique]), most=2)
    assert found[0][1] == ["r0", "r1", "r2", "r3"]
    assert found[0][0] == pytest.approx(16 * MILLION / log(9) / 8, rel=0.1)


USES = st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from("pqr")), min_size=3, max_size=10)


@settings(max_examples=30, deadline=None)
@given(USES)
def test_peeling_is_never_worse_than_half_the_best(uses: set[tuple[str, str]]) -> None:
    graph = weighed(uses)
    if not graph:
        return
    nodes = sorted(graph)
    best = max(
        graph.subgraph(some).size(weight="weight") / n
        for n in range(1, len(nodes) + 1)
        for some in combinations(nodes, n)
    )
    density, block = densest(graph)
    assert density == pytest.approx(graph.subgraph(block).size(weight="weight") / len(block))
    assert density >= best / 2  # Charikar 2000


def test_louvain_parts_two_groups_and_is_sorted() -> None:
    groups = louvain([["z", "x", "y"], ["x", "y", "z"], ["b", "c", "d"], ["b", "c", "d"], ["d", "x"]])
    assert groups == [["b", "c", "d"], ["x", "y", "z"]]
    assert louvain([]) == []


def test_every_rival_ranks_an_account_once(drop: Drop, market: Path) -> None:
    truth = pl.read_parquet(market / "truth.parquet")
    found = [rivals.components(drop), rivals.complained(drop), rivals.dense(drop)]
    for each in found:
        members = [a for ring in each.rings["accounts"] for a in ring]
        assert each.rings.height > 5
        assert len(members) == len(set(members))
        assert sorted(each.accounts["account_id"]) == sorted(members)
    guilty = set(truth["account_id"])
    first = found[1].accounts["account_id"].to_list()[:50]
    assert len(guilty & set(first)) > 10, "complaints of a loud market point at somebody"


def test_trees_learn(drop: Drop, market: Path) -> None:
    pytest.importorskip("sklearn")
    bad = pl.read_parquet(market / "truth.parquet")["account_id"].to_list()
    taught = features(drop).with_columns(pl.col("account_id").is_in(bad).alias("bad"))
    assert rivals.labelled(taught)["bad"].sum() == min(rivals.LABELLED, len(bad))
    own = rivals.trees(drop, taught)
    assert own.accounts.height == taught.height
    assert len(set(own.accounts["account_id"][:100]) & set(bad)) > 90, "they know the labels they were taught"


def test_every_optional_column_is_left_out_once() -> None:
    names = [name.removeprefix("column ") for name in left_out.variants("columns")]
    assert names[-1] == "every optional column"
    assert len(set(names)) == len(names) == 1 + sum(not c.required for e in EXPORTS[:4] for c in e.columns)
    for group in left_out.SOURCES.values():
        assert set(group) < set(names)


def test_a_tie_is_worth_nothing() -> None:
    assert left_out.untied("device").ties == TieSettings(device=0.0)
    assert left_out.untied("inviter").ties.fee == 0.0
    assert all(kind in TieSettings.model_fields for kind in left_out.TIES)


def test_columns_are_taken_out(market: Path, tmp_path: Path) -> None:
    left_out.rewrite(market, tmp_path / "out", without=left_out.columns(["orders.payee_id", "chat_links.tag"]))
    for table, gone in (("orders", "payee_id"), ("chat_links", "tag"), ("accounts", None)):
        before = pl.read_csv(market / str(NIGHT) / f"{table}.csv", infer_schema=False)
        after = pl.read_csv(tmp_path / "out" / str(NIGHT) / f"{table}.csv", infer_schema=False)
        assert after.equals(before.drop(gone) if gone else before)


def test_things_are_dealt_out_anew() -> None:
    rows = pl.DataFrame(
        {"who": [f"a{n % 30}" for n in range(60)], "thing": [f"t{n % 7}" if n % 30 else None for n in range(60)]}
    )
    dealt = left_out.dealt(rows, ["who"], "thing")
    assert dealt["who"].equals(rows["who"])
    assert dealt["thing"].is_null().equals(rows["thing"].is_null())
    pairs = [frame.unique().drop_nulls()["thing"].value_counts().sort("thing") for frame in (rows, dealt)]
    assert pairs[0]["thing"].equals(pairs[1]["thing"])
    assert not dealt.equals(rows)


def test_what_is_found_is_kept_by_market_and_code(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, Market("market", "quiet", 1_000, 1))
    found = ranked([(0.5, ["a", "b"])], ["a", "b"])
    shelf.keep("dense blocks (FRAUDAR)", "abc", found)
    assert shelf.has("dense blocks (FRAUDAR)", "abc")
    assert not shelf.has("dense blocks (FRAUDAR)", "abd")
    again: Ranked = shelf.find("dense blocks (FRAUDAR)", "abc")
    assert again.rings.equals(found.rings)
    assert again.accounts.equals(found.accounts)


def test_the_method_is_not_named_by_the_simulator_and_worlds_are_the_commands() -> None:
    assert len({fingerprint("jobs.nightly"), fingerprint("jobs.simulate"), fingerprint("graph.exports")}) == 3
    assert {"market", "agents"} <= set(worlds())
    assert set(KINDS) == {"loud", "camouflaged", "quiet"}
