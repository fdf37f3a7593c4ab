"""Who joins a found ring: tables in, members out."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

from graph.joining import joining
from graph.settings import RingSettings
from jobs.warehouse import Warehouse

Use = tuple[str, str, str]
FOUR = ("a", "b", "c", "d")


def joined(
    db: Warehouse,
    uses: Sequence[Use],
    found: Sequence[Sequence[str]] = (FOUR,),
    cut: Sequence[tuple[str, str]] = (),
    others: int = 0,
    acts: float = 2.0,
) -> list[tuple[int, str]]:
    """Who is on a ring and was not: (ring, account). `uses` are account, space and thing; `others` use each thing
    besides, on no ring."""
    everybody = [*uses, *((f"o{i}", s, t) for s, t in sorted({(s, t) for _, s, t in uses}) for i in range(others))]
    columns = {"account_id": pl.String, "space": pl.String, "entity_id": pl.String}
    used = pl.DataFrame(everybody, schema=columns, orient="row")
    db.put("uses", used)
    db.put("crowds", used.group_by("space", "entity_id").agg(pl.col("account_id").n_unique().cast(pl.Int64).alias("n")))
    hubs = [(space, thing, "cut") for space, thing in cut]
    db.put(
        "hubs_met",
        pl.DataFrame(hubs, schema={"space": pl.String, "entity_id": pl.String, "treatment": pl.String}, orient="row"),
    )
    rows = [(number, a, 1.0, acts) for number, ring in enumerate(found, start=1) for a in ring]
    schema = {"ring": pl.Int64, "account_id": pl.String, "hold": pl.Float64, "acts": pl.Float64}
    db.put("found", pl.DataFrame(rows, schema=schema, orient="row"))
    joining(db, RingSettings())
    members = db.frame("SELECT * FROM members ORDER BY ring, account_id")
    assert set(rows) <= set(members.rows())
    new = members.filter(~pl.col("account_id").is_in([a for ring in found for a in ring]))
    assert new.filter((pl.col("hold") != 0) | (pl.col("acts") != 0)).is_empty()
    return new.select("ring", "account_id").rows()


def shared(accounts: str, space: str = "contact", thing: str = "t") -> list[Use]:
    return [(a, space, thing) for a in accounts]


@pytest.mark.parametrize("space", ["contact", "phone", "owner", "licence"])
def test_who_uses_what_is_the_rings_own_joins(engine: Warehouse, space: str) -> None:
    assert joined(engine, shared("abcdx", space)) == [(1, "x")]


@pytest.mark.parametrize("space", ["device", "address", "pay", "card_code"])
def test_not_what_a_home_or_a_friend_lends(engine: Warehouse, space: str) -> None:
    assert joined(engine, shared("abcdx", space)) == []


def test_two_members_may_be_friends(engine: Warehouse) -> None:
    assert joined(engine, shared("abx"), found=["abc"]) == []
    assert joined(engine, shared("abcx"), found=["abc"]) == [(1, "x")]


def test_a_thing_of_few_of_a_ring_is_theirs_alone(engine: Warehouse) -> None:
    assert joined(engine, shared("abcx"), found=["abcdefg"]) == []
    assert joined(engine, shared("abcdx"), found=["abcdefg"]) == [(1, "x")]


def test_a_thing_that_many_others_use_is_not_the_rings(engine: Warehouse) -> None:
    assert joined(engine, shared("abcd"), others=4) == [(1, f"o{i}") for i in range(4)]
    assert joined(engine, shared("abcd"), others=6) == []


def test_a_hub_that_was_cut_ties_nobody(engine: Warehouse) -> None:
    assert joined(engine, shared("abcdx"), cut=[("contact", "t")]) == []


def test_the_one_seller_whose_orders_a_ring_quotes_is_on_it(engine: Warehouse) -> None:
    quoting = [*shared("abcd", "source", "shop"), ("shop", "source", "shop")]
    assert joined(engine, quoting) == [(1, "shop")]
    assert joined(engine, [*quoting, ("x", "source", "shop")]) == [(1, "shop")]  # who else quotes it acts by that alone


def test_sellers_whose_orders_one_handler_leaks_are_victims(engine: Warehouse) -> None:
    several = [use for shop in ("s1", "s2") for use in [*shared("abcd", "source", shop), (shop, "source", shop)]]
    assert joined(engine, several) == []


@pytest.mark.parametrize(("acts", "is_source"), [(0.0, True), (2.0, False)])
def test_a_source_that_cheats_as_well_is_a_member_like_any_other(
    engine: Warehouse, acts: float, is_source: bool
) -> None:
    joined(engine, [*shared("abcd", "source", "d"), *shared("abc")], acts=acts)
    assert engine.frame("SELECT ring, account_id FROM sources").rows() == ([(1, "d")] if is_source else [])


def test_an_account_joins_the_ring_that_more_members_tie_it_to(engine: Warehouse) -> None:
    uses = [*shared("abcx", thing="t1"), *shared("efghx", thing="t2")]
    assert joined(engine, uses, found=["abc", "efgh"]) == [(2, "x")]
    uses = [*shared("abcx", thing="t1"), *shared("efgx", thing="t2")]
    assert joined(engine, uses, found=["abc", "efg"]) == [(1, "x")]


def test_a_member_of_another_ring_stays_there(engine: Warehouse) -> None:
    assert joined(engine, shared("abcde"), found=["abcd", "ef"]) == []
