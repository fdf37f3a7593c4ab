"""The figures of the quality bench against figures worked out by hand, and against `ringwatch evaluate`."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.evaluate import measure
from tests.benches.judged.figures import Match, fates, figure, interval, matched, missed, planted, units, wilson
from tests.benches.judged.markets import RINGS, Ranked
from tests.benches.judged.page import _reliable


def truth(**rings: str) -> pl.DataFrame:
    """Planted rings by name, members joined by blanks; the typology of A is `two_way`, of others `pyramid`."""
    rows = [(r, "two_way" if r == "A" else "pyramid", a) for r, members in rings.items() for a in members.split()]
    return pl.DataFrame(rows, schema=["ring_id", "typology", "account_id"], orient="row")


def found(rings: list[tuple[str | None, list[str]]], accounts: list[str]) -> Ranked:
    """Rings as (typology, accounts) and accounts, best first."""
    frame = {
        "rank": range(1, len(rings) + 1),
        "score": [0.9 - 0.1 * n for n in range(len(rings))],
        "accounts": [members for _, members in rings],
        "typology": [typology for typology, _ in rings],
        "typologies": [[typology] if typology else [] for typology, _ in rings],
    }
    ranks = {"rank": range(1, len(accounts) + 1), "account_id": accounts}
    return Ranked(
        pl.DataFrame(frame, schema=RINGS), pl.DataFrame(ranks, schema={"rank": pl.Int64, "account_id": pl.String})
    )


BY_HAND = found(
    [
        ("two_way", ["a1", "a2", "x1"]),  # 2 of 5: no ring; one honest of three
        ("brushing", ["b1", "b2", "x2"]),  # 2 of 3: found, wrong name; one honest of three
        ("two_way", ["a1", "a2", "a3"]),  # 3 of 4: found, named
        ("pyramid", ["c1", "c2"]),  # perfect, but below the top three
    ],
    ["a1", "x1", "b1"],
)
PLANTED = truth(A="a1 a2 a3 a4", B="b1 b2", C="c1 c2")


def test_figures_by_hand() -> None:
    parts = units(BY_HAND, PLANTED, tied=40, alike=frozenset({"x2"}))
    values = {name: figure([part]) for name, part in parts.items()}
    assert values["recall"] == values["precision"] == pytest.approx(2 / 3)
    assert values["typology"] == pytest.approx(1 / 2)
    assert values["honest"] == pytest.approx(2 / 9)
    assert values["lookalikes"] == pytest.approx(1 / 9)
    assert values["tied"] == pytest.approx(2 / 40)
    assert values["ap"] == pytest.approx((1 + 2 / 3) / 8)
    assert values["at_50"] == pytest.approx(2 / 3)


def test_a_method_that_names_nothing_has_no_typology_right() -> None:
    nameless = units(found([(None, ["b1", "b2"])], []), PLANTED, 1, frozenset())
    assert figure([nameless["typology"]]) is None
    assert figure([nameless["lookalikes"]]) is None, "this market does not say who looks guilty"


IDS = [f"a{n}" for n in range(8)]
GROUPS = st.lists(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(GROUPS, st.lists(st.sampled_from(["pyramid", "two_way"]), min_size=4, max_size=4), GROUPS, st.permutations(IDS))
def test_the_same_figures_as_evaluate(
    listed: list[list[str]], names: list[str], rings: list[list[str]], order: list[str]
) -> None:
    seen: set[str] = set()
    disjoint = [[a for a in ring if not (a in seen or seen.add(a))] for ring in rings]  # type: ignore[func-returns-value]
    there = truth(**{name: " ".join(ring) for name, ring in zip("ABCD", disjoint, strict=False) if ring})
    mine = found(list(zip(names, listed, strict=False)), list(order))
    typologies = pl.col("typologies").list.eval(pl.struct(pl.element().alias("name")))
    theirs = measure(mine.rings.with_columns(typologies), mine.accounts, there)
    values = {name: figure([part]) for name, part in units(mine, there, 1, frozenset()).items()}
    assert values["recall"] == pytest.approx(theirs.ring_recall)
    assert values["precision"] == pytest.approx(theirs.ring_precision)
    assert values["ap"] == pytest.approx(theirs.average_precision)
    assert values["typology"] == pytest.approx(theirs.typology_first)
    assert values["at_50"] == pytest.approx(theirs.precision_at[50])


def test_the_mean_is_over_markets_not_over_units() -> None:
    small, large = np.array([[1.0, 1.0]]), np.array([[0.0, 1.0]] * 9)
    assert figure([small, large]) == 0.5
    assert figure([small, np.empty((0, 2))]) == 1.0, "a market without units says nothing"
    assert figure([]) is None


def test_interval() -> None:
    sure = np.ones((5, 2))
    assert interval([sure, sure]) == (1.0, 1.0)
    assert interval([np.empty((0, 2))]) is None
    half = np.array([[1.0, 1.0], [0.0, 1.0]] * 20)
    low, high = interval([half]) or (0.0, 0.0)
    # One market: a binomial share of 40 units, 0.5 +- 1.96 * sqrt(0.25 / 40).
    assert low == pytest.approx(0.345, abs=0.03)
    assert high == pytest.approx(0.655, abs=0.03)
    assert interval([half]) == (low, high), "the same units, the same interval"
    apart = interval([np.ones((40, 2)), np.column_stack([np.zeros(40), np.ones(40)])])
    assert apart == (0.0, 1.0), "markets that disagree widen it to the markets"


def test_wilson_by_hand() -> None:
    low, high = wilson(9, 10)
    assert low == pytest.approx(0.596, abs=0.001)
    assert high == pytest.approx(0.982, abs=0.001)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == 1.0


def test_why_a_ring_is_missed() -> None:
    listed = matched(BY_HAND.rings, planted(PLANTED))
    assert fates(planted(PLANTED), listed) == {"A": "", "B": "", "C": "ranked below K"}
    assert missed("Z", frozenset({"z1", "z2"}), [], 3) == "not listed"
    assert missed("Z", frozenset({"a1", "z1", "z2", "z3"}), listed, 3) == "in part"
    wide = [Match(1, 0.9, frozenset({"z1", "z2", "y1", "y2", "y3", "y4"}), None, 0.0)]
    assert missed("Z", frozenset({"z1", "z2"}), wide, 3) == "swollen"
    both = planted(truth(A="a1 a2", B="b1 b2"))  # one listed ring over both overlaps each by a half, and is one ring
    assert fates(both, matched(found([(None, ["a1", "a2", "b1", "b2"])], []).rings, both)) == {"A": "", "B": "swollen"}


def test_a_ring_taken_by_a_better_one_is_not_found_twice() -> None:
    ring = planted(truth(A="a1 a2 a3 a4"))
    halves = matched(found([("two_way", ["a1", "a2"]), ("two_way", ["a3", "a4"])], []).rings, ring)
    assert [m.real for m in halves] == [True, False]
    assert halves[1].ring_id is None


def test_reliability_row() -> None:
    scored = [("market", 0.9, True)] * 9 + [("agents", 0.9, False)]
    assert _reliable(scored, ["market", "agents"]) == ["10", "0.90", "0.90", "0.60–0.98", "9 of 9", "0 of 1"]
    assert _reliable([], ["market"]) == ["0", "–", "–", "–", "–"]
