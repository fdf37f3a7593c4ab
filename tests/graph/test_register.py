"""A ring keeps its name: stable, grown, shrunk, merged, split, revived, and nights run again or filled in later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl
import pytest

from graph.changes import gone, joiners, leavers
from graph.register import History, Look, Past, fresh, named, register
from graph.settings import RegisterSettings
from jobs.warehouse import Warehouse
from tests.graph.tables_in import NIGHT, remember

S = RegisterSettings()
Names = dict[str, tuple[str, list[str]]]
"""The first member of a ring -> (lifecycle, previous ring ids)."""


def members(spec: str) -> list[str]:
    """`a1-4` is a1, a2, a3, a4; parts are joined by commas."""
    out = []
    for part in spec.split(","):
        name, first, last = re.fullmatch(r"([a-z])(\d+)-(\d+)", part).groups()  # type: ignore[union-attr]
        out += [f"{name}{i}" for i in range(int(first), int(last) + 1)]
    return out


def past(nights: Mapping[int, Mapping[str, str]]) -> list[tuple[date, str, str, float]]:
    """History from {days from tonight: {ring id: members}}."""
    return [
        (NIGHT + timedelta(days=day), ring_id, account, 0.5)
        for day, rings in nights.items()
        for ring_id, spec in rings.items()
        for account in members(spec)
    ]


def tonight(
    db: Warehouse, rings: list[str], nights: Mapping[int, Mapping[str, str]], run_date: date = NIGHT
) -> pl.DataFrame:
    """`ring_names` of a night with these rings, numbered from 1."""
    rows = [(n, account, 1.0) for n, spec in enumerate(rings, start=1) for account in members(spec)]
    schema = {"ring": pl.Int64, "account_id": pl.String, "hold": pl.Float64}
    db.put("members", pl.DataFrame(rows, schema=schema, orient="row"))
    scores = [(n, 10.0, 0.6) for n in range(1, len(rings) + 1)]
    db.put(
        "ring_scores",
        pl.DataFrame(scores, schema={"ring": pl.Int64, "nats": pl.Float64, "score": pl.Float64}, orient="row"),
    )
    things = {"space": pl.String, "entity_id": pl.String, "a": pl.String, "b": pl.String}
    db.put("ties", pl.DataFrame(schema=things))
    remember(db, *past(nights), nights=[NIGHT + timedelta(days=day) for day in nights])
    register(db, run_date, S)
    return db.frame("SELECT * FROM ring_names ORDER BY ring")


def lives(names: pl.DataFrame) -> list[tuple[str, str]]:
    return names.select("ring_id", "lifecycle").rows()


def test_a_first_night_is_all_new_with_names_of_their_own(db: Warehouse) -> None:
    names = tonight(db, ["a1-4", "b1-4"], {})
    assert names["lifecycle"].to_list() == ["new", "new"]
    assert all(re.fullmatch(r"R-[a-z0-9]{6,16}", name) for name in names["ring_id"])
    assert names["ring_id"].n_unique() == 2
    assert names["previous_ring_ids"].to_list() == [[], []]
    assert names["n_before"].to_list() == [None, None]


@pytest.mark.parametrize(
    ("ring", "life"),
    [("a1-8", "stable"), ("a1-9", "stable"), ("a1-10", "grown"), ("a1-7", "stable"), ("a1-6", "shrunk"),
     ("a2-8,c1-1", "stable")],
)  # fmt: skip
def test_the_same_ring_keeps_its_name(db: Warehouse, ring: str, life: str) -> None:
    names = tonight(db, [ring], {-7: {"R-aaaaaa": "a1-8"}})
    assert lives(names) == [("R-aaaaaa", life)]
    assert names["previous_ring_ids"].to_list() == [["R-aaaaaa"]]
    assert names.select("n_before", "score_before", "last_seen").row(0) == (8, 0.5, NIGHT - timedelta(days=7))


def test_strangers_of_a_past_ring_are_new(db: Warehouse) -> None:
    names = tonight(db, ["a1-2,c1-8"], {-7: {"R-aaaaaa": "a1-8"}})
    assert names["lifecycle"].to_list() == ["new"]
    assert names["ring_id"].item() != "R-aaaaaa"


def test_who_looks_for_a_ring_that_merged_or_parted_is_told_where_it_went(db: Warehouse) -> None:
    names = tonight(db, ["a1-8,b1-4"], {-7: {"R-aaaaaa": "a1-8", "R-bbbbbb": "b1-4", "R-cccccc": "c1-4"}})
    rows = list(gone(names, db.frame("SELECT * FROM ring_past"), set(), "en"))
    assert rows == [
        ("R-bbbbbb", "gone", None, "Its accounts are now on R-aaaaaa; last had 4 accounts."),
        ("R-cccccc", "gone", None, "Not seen tonight; last had 4 accounts."),
    ]


def test_who_joins_or_leaves_is_told_by_what_it_was_tied() -> None:
    key, texts = ["ring_id", "account_id"], ["ring_id", "account_id", "entity_kind", "entity_id"]
    links = pl.DataFrame(
        [("R-aaaaaa", "x", "payee", "p1"), ("R-aaaaaa", "x", "device", "d1"), ("R-aaaaaa", "y", "phone", "n1"),
         *(("R-aaaaaa", "z", "contact", f"c{n}") for n in range(5))],
        schema=texts, orient="row",
    )  # fmt: skip
    who = pl.DataFrame([("R-aaaaaa", "x"), ("R-aaaaaa", "z"), ("R-aaaaaa", "w")], schema=key, orient="row")
    assert [row[1:] for row in joiners(who, links, "en")] == [
        ("joined", "x", "Joined, by device d1, payee p1."),
        ("joined", "z", "Joined, by contact or link c0, contact or link c1, contact or link c2, 2 more."),
        ("joined", "w", "Joined, by -."),
    ]
    now = pl.DataFrame([("R-bbbbbb", "z")], schema=key, orient="row")
    gone_, moved, *_ = [row[3] for row in leavers(who, now, links, "en")]
    assert gone_ == "Left: it no longer holds as a member; it had been tied by device d1, payee p1."
    assert moved.startswith("Now on R-bbbbbb; it had been tied by contact or link c0")


def test_two_rings_become_one_under_the_larger_overlap(db: Warehouse) -> None:
    names = tonight(db, ["a1-8,b1-4"], {-7: {"R-aaaaaa": "a1-8", "R-bbbbbb": "b1-4"}})
    assert lives(names) == [("R-aaaaaa", "merged")]
    assert names["previous_ring_ids"].to_list() == [["R-aaaaaa", "R-bbbbbb"]]


def test_a_ring_that_parts_gives_its_name_to_the_larger_part(db: Warehouse) -> None:
    names = tonight(db, ["a1-4", "a5-12"], {-7: {"R-aaaaaa": "a1-12"}})
    assert names["lifecycle"].to_list() == ["split", "split"]
    assert names["ring_id"].to_list()[1] == "R-aaaaaa" != names["ring_id"].to_list()[0]
    assert names["previous_ring_ids"].to_list() == [["R-aaaaaa"], ["R-aaaaaa"]]


def test_a_ring_that_was_away_is_revived_under_its_old_name(db: Warehouse) -> None:
    names = tonight(db, ["a1-8"], {-14: {"R-aaaaaa": "a1-8"}, -7: {"R-bbbbbb": "b1-4"}})
    assert lives(names) == [("R-aaaaaa", "revived")]
    assert names["last_seen"].item() == NIGHT - timedelta(days=14)


def test_a_night_that_listed_nobody_is_an_absence_too(db: Warehouse) -> None:
    """A small platform whose only ring was away: what changed is told against that empty night."""
    names = tonight(db, ["a1-8"], {-14: {"R-aaaaaa": "a1-8"}, -7: {}})
    assert lives(names) == [("R-aaaaaa", "revived")]
    assert names["last_seen"].item() == NIGHT - timedelta(days=14)
    assert db.frame("SELECT * FROM ring_past").is_empty()


def test_a_ring_is_known_by_its_newest_members(db: Warehouse) -> None:
    names = tonight(db, ["a9-16"], {-14: {"R-aaaaaa": "a1-8"}, -7: {"R-aaaaaa": "a5-12"}})
    assert lives(names) == [("R-aaaaaa", "stable")]


def test_the_best_matching_beats_taking_the_best_pair_first() -> None:
    """Rings that changed all their accounts, known by their things alone."""
    then = NIGHT - timedelta(days=7)
    known = [Past("R-aaaaaa", then, thing_ring("ab", "12345")), Past("R-bbbbbb", then, thing_ring("cd", "679"))]
    # The first ring is nearest to a; if it took that name, the second would be left with none.
    tonight = {1: thing_ring("wx", "12367"), 2: thing_ring("yz", "458")}
    assert 3 / 7 > 2 / 6 and 2 / 6 + 2 / 6 > 3 / 7
    names = named(tonight, History(known, last_night=then), S, NIGHT)
    assert [names[n].ring_id for n in (1, 2)] == ["R-bbbbbb", "R-aaaaaa"]


def thing_ring(accounts: str, things: str) -> Look:
    return Look(frozenset(accounts), frozenset(things))


def test_a_name_never_leaves_the_greater_part(db: Warehouse) -> None:
    names = tonight(db, ["a1-5,b1-9", "a6-8"], {-7: {"R-aaaaaa": "a1-8", "R-bbbbbb": "b1-9"}})
    assert names["ring_id"].to_list()[0] == "R-bbbbbb"
    assert names["ring_id"].to_list()[1] != "R-aaaaaa"
    assert names["previous_ring_ids"].to_list() == [["R-aaaaaa", "R-bbbbbb"], ["R-aaaaaa"]]


def test_of_equal_halves_neither_bears_the_name(db: Warehouse) -> None:
    names = tonight(db, ["a1-4", "a5-8"], {-7: {"R-aaaaaa": "a1-8"}})
    assert "R-aaaaaa" not in names["ring_id"].to_list()
    assert names["previous_ring_ids"].to_list() == [["R-aaaaaa"]] * 2
    assert names["lifecycle"].to_list() == ["split"] * 2


def test_what_merged_once_does_not_merge_every_night(db: Warehouse) -> None:
    names = tonight(db, ["a1-8,b1-4"], {-14: {"R-aaaaaa": "a1-8", "R-bbbbbb": "b1-4"}, -7: {"R-aaaaaa": "a1-8,b1-4"}})
    assert lives(names) == [("R-aaaaaa", "stable")]


def test_what_was_swallowed_takes_its_own_name_again(db: Warehouse) -> None:
    nights = {-14: {"R-aaaaaa": "a1-8", "R-bbbbbb": "b1-4"}, -7: {"R-aaaaaa": "a1-8,b1-4"}}
    names = tonight(db, ["a1-8", "b1-4"], nights)
    assert lives(names) == [("R-aaaaaa", "split"), ("R-bbbbbb", "split")]
    assert names["previous_ring_ids"].to_list() == [["R-aaaaaa"], ["R-aaaaaa", "R-bbbbbb"]]


def test_a_small_part_of_a_large_ring_says_where_it_came_from(db: Warehouse) -> None:
    names = tonight(db, ["a1-40", "a41-43"], {-7: {"R-aaaaaa": "a1-43"}})
    assert lives(names)[0] == ("R-aaaaaa", "split")
    assert names["previous_ring_ids"].to_list() == [["R-aaaaaa"], ["R-aaaaaa"]]


@pytest.mark.parametrize(("things", "same"), [(("d1", "p1"), True), (("d1",), False), ((), False)])
def test_new_accounts_on_the_old_things_are_the_old_ring(things: tuple[str, ...], same: bool) -> None:
    old = Past("R-aaaaaa", NIGHT - timedelta(days=7), Look(frozenset("abc"), frozenset({"d1", "p1", "c1"})))
    names = named({1: Look(frozenset("xyz"), frozenset(things))}, History([old]), S, NIGHT)
    assert (names[1].ring_id == "R-aaaaaa") is same


def test_a_name_that_is_taken_is_not_given_again() -> None:
    first = fresh(["a", "b"], NIGHT, set())
    assert fresh(["a", "b"], NIGHT, {first}) != first


def test_strange_rings_are_never_laid_side_by_side() -> None:
    """Five thousand rings against twenty thousand: a full matrix of them would be 800 MB, and an hour's work."""
    known = [Past(f"R-{n:06}", NIGHT - timedelta(days=7), ring_of(n)) for n in range(20_000)]
    names = named({n: ring_of(n) for n in range(5_000)}, History(known, last_night=known[0].night), S, NIGHT)
    assert all(names[n].ring_id == f"R-{n:06}" for n in names)


def ring_of(number: int) -> Look:
    return Look(frozenset(f"a{number}.{i}" for i in range(4)), frozenset({f"d{number}"}))


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_of_two_rings_as_like_the_old_one_their_members_decide_and_not_their_numbers(numbers: tuple[int, int]) -> None:
    then = NIGHT - timedelta(days=7)
    tonight = dict(zip(numbers, (thing_ring("yz", "12"), thing_ring("wx", "12")), strict=True))
    names = named(tonight, History([Past("R-aaaaaa", then, thing_ring("ab", "12"))], last_night=then), S, NIGHT)
    assert [n for n in numbers if names[n].ring_id == "R-aaaaaa"] == [numbers[1]]


def test_a_name_that_another_night_gave_is_not_given_twice_for_what_tonight_once_was() -> None:
    """The export came again: what tonight had called a is parted, and the night before knows which part is a."""
    old = Past("R-aaaaaa", NIGHT - timedelta(days=7), ring_of_letters("abcd"))
    own = Past("R-aaaaaa", NIGHT, ring_of_letters("abcdefghi"))
    tonight = {1: ring_of_letters("abcd"), 2: ring_of_letters("efghi")}
    names = named(tonight, History([old], own=[own], last_night=old.night), S, NIGHT)
    assert names[1].ring_id == "R-aaaaaa" != names[2].ring_id


def ring_of_letters(accounts: str) -> Look:
    return Look(frozenset(accounts))


def test_a_name_is_given_once(db: Warehouse) -> None:
    names = tonight(db, ["a1-4", "a5-8", "a9-12"], {-7: {"R-aaaaaa": "a1-12"}})
    assert names["ring_id"].n_unique() == 3
    assert names["lifecycle"].to_list() == ["split"] * 3


def test_a_night_run_again_gives_the_same_names(db: Warehouse) -> None:
    nights = {-7: {"R-aaaaaa": "a1-8"}}
    first = tonight(db, ["a1-8", "c1-5"], nights)
    second = tonight(db, ["c1-5", "a1-8"], nights)
    assert set(first["ring_id"]) == set(second["ring_id"])
    assert set(lives(first)) == set(lives(second))


def test_another_night_gives_other_names_to_new_rings(db: Warehouse) -> None:
    first = tonight(db, ["c1-5"], {})
    second = tonight(db, ["c1-5"], {}, NIGHT + timedelta(days=1))
    assert first["ring_id"].item() != second["ring_id"].item()


def test_a_night_filled_in_later_takes_the_names_of_its_future(db: Warehouse) -> None:
    names = tonight(db, ["a1-6", "a12-20"], {7: {"R-aaaaaa": "a1-8"}, 14: {"R-aaaaaa": "a1-20"}})
    assert lives(names)[0] == ("R-aaaaaa", "new"), "as if it had been run in its turn"
    assert names["ring_id"].to_list()[1] != "R-aaaaaa", "of the nights after it the nearest counts"
    assert names["previous_ring_ids"].to_list() == [[], []]
    assert names["n_before"].to_list() == [None, None]


def test_a_night_between_two_nights_asks_both(db: Warehouse) -> None:
    names = tonight(db, ["a6-12"], {-7: {"R-aaaaaa": "a1-6"}, 7: {"R-aaaaaa": "a4-12"}})
    assert lives(names) == [("R-aaaaaa", "stable")]
    assert names["n_before"].item() == 6


def test_the_past_goes_before_the_future(db: Warehouse) -> None:
    names = tonight(db, ["a1-8"], {-7: {"R-aaaaaa": "a1-8"}, 7: {"R-aaaaaa": "a1-30"}})
    assert lives(names) == [("R-aaaaaa", "stable")]


def test_the_night_before_is_what_changes_are_told_against(db: Warehouse) -> None:
    tonight(db, ["a1-4"], {-14: {"R-aaaaaa": "a1-3"}, -7: {"R-bbbbbb": "b1-2"}, 7: {"R-aaaaaa": "a1-9"}})
    assert db.frame("SELECT DISTINCT ring_id FROM ring_past").rows() == [("R-bbbbbb",)]
    accounts = db.frame("SELECT ring_id, account_id, score FROM ring_accounts ORDER BY ALL")
    assert accounts.rows() == [("R-aaaaaa", f"a{i}", 0.6) for i in range(1, 5)]


def test_a_night_without_rings(db: Warehouse) -> None:
    assert tonight(db, [], {-7: {"R-aaaaaa": "a1-8"}}).is_empty()
