"""What decided rings teach: little from few, the truth from many, nothing from what happened as promised."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from graph.lessons import Lesson, Taught, decided_rings, learned
from graph.settings import VerdictSettings

S = VerdictSettings()
FIRST, SECOND = date(2025, 6, 22), date(2025, 6, 29)
LISTED = pl.DataFrame(
    [(night, f"R-{ring}", f"{ring}{n}") for night in (FIRST, SECOND) for ring in "ab" for n in range(4)]
    + [(SECOND, "R-c", "c0")],
    schema=["run_date", "ring_id", "account_id"],
    orient="row",
)


def rings(*rows: tuple[str, float, bool]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=["typology", "promised", "good"], orient="row")


def decided(*rows: tuple[str, str, int]) -> list[tuple[object, ...]]:
    given = [(i, v, datetime(2025, 6, 20) + timedelta(days=day)) for i, v, day in rows]
    frame = pl.DataFrame(given, schema=["subject_id", "verdict", "decided_at"], orient="row")
    return decided_rings(frame, LISTED).select("ring_id", "run_date", "good").rows()


def test_a_ring_is_decided_as_most_of_its_members_are() -> None:
    assert decided(("a0", "confirmed", 3), ("a1", "confirmed", 3), ("a2", "cleared", 3)) == [("R-a", FIRST, True)]
    assert decided(("a0", "confirmed", 3), ("a1", "cleared", 3)) == []


def test_a_verdict_on_the_ring_goes_before_those_on_members() -> None:
    assert decided(("a0", "confirmed", 4), ("a1", "confirmed", 4), ("R-a", "cleared", 3)) == [("R-a", FIRST, False)]


@pytest.mark.parametrize("later", ["watch", "disputed"])
def test_what_is_open_is_not_decided(later: str) -> None:
    assert decided(("R-a", "confirmed", 3), ("R-a", later, 4)) == []
    assert decided(("R-a", later, 3), ("R-a", "confirmed", 4)) == [("R-a", FIRST, True)]


def test_the_last_listing_before_the_decision_is_meant() -> None:
    assert decided(("R-a", "confirmed", 8)) == [("R-a", FIRST, True)]
    assert decided(("R-a", "confirmed", 9)) == [("R-a", SECOND, True)]
    assert decided(("c0", "confirmed", 8)) == [], "nothing was listed then that could be judged"
    assert decided(("nobody", "confirmed", 8), ("R-nowhere", "cleared", 8)) == []


def many(n: int, shift: float, slope: float, weights: dict[str, float]) -> pl.DataFrame:
    """Decided rings as a market would give them whose scores are off in a known way."""
    random = np.random.default_rng(7)
    names = random.choice(sorted(weights), n)
    promised = random.beta(1.2, 1.2, n)
    chance = expit(shift + slope * logit(promised) + np.array([weights[t] for t in names]))
    return pl.DataFrame({"typology": names, "promised": promised, "good": random.random(n) < chance})


def test_from_many_the_truth_is_learned() -> None:
    found = learned(many(40_000, -0.6, 0.7, {"brushing": 1.0, "pyramid": -1.0, "two_way": 0.0}), S)
    assert found
    assert found.slope == pytest.approx(0.7, abs=0.05)
    true = {"brushing": 0.4, "pyramid": -1.6, "two_way": -0.6}
    for name, taught in found.typologies.items():
        assert found.shift + taught.weight == pytest.approx(true[name], abs=0.1)


def test_what_happened_as_promised_changes_nothing() -> None:
    as_promised = [("brushing", p, n < 10 * p) for p in (0.2, 0.5, 0.8) for n in range(10)]
    found = learned(rings(*as_promised), S)
    assert found
    assert found.applied(0.6, "brushing") == pytest.approx(0.6, abs=0.001)
    assert found.decided == Taught(30, 15, 15.0, found.shift)


def test_few_teach_nothing_and_some_teach_little() -> None:
    all_wrong = [("brushing", 0.8, False)]
    assert learned(rings(*all_wrong * (S.enough - 1)), S) is None
    moves = []
    for n in (S.enough, 4 * S.enough, 16 * S.enough):
        lesson = learned(rings(*all_wrong * n), S)
        assert lesson
        moves.append(lesson.applied(0.8, "brushing"))
    assert 0.8 > moves[0] > moves[1] > moves[2] > 0
    assert moves[0] > 0.2, "twenty verdicts of one kind are no certainty"


def test_a_typology_nobody_decided_on_is_only_calibrated() -> None:
    lesson = learned(many(100, -1.0, 1.0, {"brushing": 0.0}), S)
    assert lesson
    assert lesson.applied(0.7, "pyramid") == lesson.calibrated(0.7)


def test_the_order_of_verdicts_teaches_nothing() -> None:
    some = many(60, 0.5, 1.2, {"brushing": 0.3, "pyramid": -0.3})
    assert learned(some, S) == learned(some.sample(fraction=1, shuffle=True, seed=1), S)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-3, 3), st.floats(0.1, 3), st.floats(-3, 3))
def test_a_lesson_keeps_the_order_within_a_typology(
    one: float, other: float, shift: float, slope: float, weight: float
) -> None:
    lesson = Lesson(shift, slope, {"brushing": Taught(1, 1, 0.5, weight)})
    low, high = (lesson.applied(score, "brushing") for score in sorted((one, other)))
    assert 0 <= low <= high <= 1
