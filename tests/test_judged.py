"""What verdicts say of listings, and an audit sample that nobody's choice can bias; counted by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from jobs.__main__ import main
from jobs.judged import A_BAND, audited, by_verdict, drawn, in_bands, interval, psi, psi_by_chance, verdicts
from jobs.warehouse import Warehouse

FIRST, SECOND = date(2025, 6, 22), date(2025, 6, 29)
LISTED = pl.DataFrame(
    [
        (FIRST, "a1", "R-aaaaaa", 1, 0.9, "two_way"),
        (FIRST, "a2", "R-aaaaaa", 2, 0.8, "two_way"),
        (FIRST, "b1", "R-bbbbbb", 3, 0.4, "brushing"),
        (SECOND, "a1", "R-aaaaaa", 1, 0.95, "two_way"),
        (SECOND, "c1", "R-cccccc", 60, 0.35, "brushing"),
    ],
    schema=["run_date", "account_id", "ring_id", "rank", "score", "typology"],
    orient="row",
)


def decided(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [(i, v, datetime(2025, 6, day, 12)) for i, v, day in rows],
        schema=["subject_id", "verdict", "decided_at"], orient="row",
    )  # fmt: skip


def told(*rows: tuple[str, str, int]) -> list[tuple[object, ...]]:
    return by_verdict(LISTED, decided(*rows)).select("run_date", "account_id", "score", "good").rows()


def test_a_verdict_speaks_for_the_listing_that_was_seen() -> None:
    assert told(("a1", "confirmed", 25), ("c1", "cleared", 28), ("b1", "watch", 25)) == [(FIRST, "a1", 0.9, True)]
    assert told(("a1", "confirmed", 29)) == [(SECOND, "a1", 0.95, True)]


@pytest.mark.parametrize("order", [(25, 26), (26, 25)])
def test_a_verdict_on_a_ring_speaks_for_the_accounts_that_have_none(order: tuple[int, int]) -> None:
    found = told(("R-aaaaaa", "confirmed", order[0]), ("a2", "cleared", order[1]))
    assert found == [(FIRST, "a1", 0.9, True), (FIRST, "a2", 0.8, False)]


def test_what_is_disputed_is_open() -> None:
    assert told(("a1", "confirmed", 25), ("a1", "disputed", 26)) == []


def market(scores: Mapping[date, Sequence[float]], start: int = 0) -> pl.DataFrame:
    """A ring a score, on the night and on all that follow."""
    rows = []
    for night, of in scores.items():
        names = [f"R-{start + n:06}" for n in range(len(of))]
        start += len(of)
        rows += [
            (d, i, n, s, "two_way")
            for d in scores
            if d >= night
            for n, (i, s) in enumerate(zip(names, of, strict=True))
        ]
    return pl.DataFrame(rows, schema=["run_date", "ring_id", "rank", "score", "typology"], orient="row")


def test_the_sample_is_of_each_band_once_and_the_same_whenever_it_is_drawn() -> None:
    many = market({FIRST: [n / 200 for n in range(200)], SECOND: [0.95] * 9})
    sample = drawn(many)
    assert sample.group_by("run_date", "band").len().sort("run_date", "band")["len"].to_list() == [A_BAND] * 11
    assert sample["ring_id"].is_unique().all()
    assert drawn(many.sample(fraction=1, shuffle=True, seed=1)).sort("ring_id").equals(sample.sort("ring_id"))
    assert sample["stands_for"].sum() == 209, "the sample stands for every ring"
    without = drawn(many.filter((pl.col("run_date") == FIRST) | (pl.col("ring_id") != sample["ring_id"][0])))
    assert without.equals(sample), "a ring that was cleared and is gone was drawn all the same"


def test_the_precision_is_that_of_all_rings_whatever_their_scores() -> None:
    """Of 10,000 rings those in band b are real with chance b / 10 + 0.05; analysts look at the drawn alone."""
    nights = {FIRST + timedelta(days=n): [i / 100 for i in range(100)] for n in range(100)}
    sample = drawn(market(nights))
    by_lot = sample.with_columns((pl.int_range(pl.len()).over("band") % 20 < 2 * pl.col("band") + 1).alias("good"))
    few = by_lot.filter((pl.col("band") < 9) | (pl.int_range(pl.len()).over("band") < 20))
    for answered in (by_lot, few):
        found = audited(sample, answered)
        assert found
        _, n, share, worth = found
        assert share == pytest.approx(0.5, abs=0.01)
        low, high = interval(share, worth)
        assert low < 0.5 < high
        assert (worth < 0.9 * n) is (answered is few), "bands that were asked unevenly say less"
    assert audited(sample, by_lot.head(0)) is None


def test_stability_index_and_interval() -> None:
    scores = pl.Series([n / 100 for n in range(100)])
    even, low = in_bands(scores), in_bands(scores / 3)
    assert even == [10] * 10
    assert psi(even, even) == 0
    assert psi(even, low) > 0.25
    assert in_bands(pl.Series([1.0, 0.0])) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert psi_by_chance([5] * 10, [5] * 10) == pytest.approx(9 * 2 / 50)
    below, above = interval(0.8, 10)
    assert (round(below, 2), round(above, 2)) == (0.49, 0.94)
    assert (round(interval(0.0, 10)[0], 2), round(interval(1.0, 10)[1], 2)) == (0.0, 1.0)


def test_of_a_subject_and_time_the_command_goes_before_the_labels_and_the_newest_drop_before_older(
    tmp_path: Path,
) -> None:
    path, at = tmp_path / "w.duckdb", datetime(2025, 6, 24)
    with Warehouse.open(path) as db:
        text = "subject_id VARCHAR, verdict VARCHAR, action_taken VARCHAR"
        db.rows(f"CREATE TABLE labels_rows ({text}, decided_at TIMESTAMP, drop_date DATE, line BIGINT)")
        db.rows("CREATE TABLE accounts_rows AS SELECT unnest(['a1', 'a2']) AS account_id, NULL AS inviter_id")
        for subject, verdict, day in (
            ("a1", "confirmed", FIRST),
            ("a1", "cleared", SECOND),
            ("a2", "confirmed", FIRST),
        ):
            db.rows("INSERT INTO labels_rows VALUES ($i, $v, NULL, $at, $day, 1)", i=subject, v=verdict, at=at, day=day)
    arguments = ["label", "a2", "watch", "--decided-at", "2025-06-24", "--warehouse", str(path)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert verdicts(path, ()).select("subject_id", "verdict").rows() == [("a1", "cleared"), ("a2", "watch")]
