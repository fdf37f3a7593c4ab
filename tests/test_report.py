"""The report: what analysts decided about listings, counted by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from graph.tables import WATCHLISTS
from jobs import published, verdict_journal
from jobs.__main__ import main
from jobs.report import audit_sample, by_verdict, interval, psi
from jobs.warehouse import Warehouse

FIRST, SECOND = date(2025, 6, 22), date(2025, 6, 29)


def accounts(*rows: tuple[str, str, int, float, str]) -> pl.DataFrame:
    names = ("account_id", "ring_id", "rank", "score", "typology")
    return pl.DataFrame(list(rows), schema=names, orient="row")


LISTED = {
    FIRST: accounts(("a1", "R-aaaaaa", 1, 0.9, "two_way"), ("a2", "R-aaaaaa", 2, 0.8, "two_way"),
                    ("b1", "R-bbbbbb", 3, 0.4, "brushing")),
    SECOND: accounts(("a1", "R-aaaaaa", 1, 0.95, "two_way"), ("c1", "R-cccccc", 60, 0.35, "brushing")),
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two nights and an empty warehouse."""
    for night, frame in LISTED.items():
        folder = published.folder_of(tmp_path / "out", night)
        folder.mkdir(parents=True)
        (folder / published.RECORD).write_text("{}")
        for name in ("rings", "lone"):
            pl.from_arrow(WATCHLISTS[name].schema.empty_table()).write_parquet(folder / f"{name}.parquet")  # type: ignore[union-attr]
        frame.write_parquet(folder / "accounts.parquet")
    Warehouse.open(tmp_path / "w.duckdb").close()
    return tmp_path


def decide(home: Path, *verdicts: tuple[str, str, str]) -> None:
    for subject, verdict, at in verdicts:
        given = {"subject_id": subject, "verdict": verdict, "decided_at": at}
        verdict_journal.append(home / "w.duckdb", given)


def report(home: Path, *more: str) -> Result:
    where = ["--watchlists", str(home / "out"), *more]
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, ["report", *where])


def decided(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [(i, v, datetime(2025, 6, day, 12)) for i, v, day in rows],
        schema=["subject_id", "verdict", "decided_at"], orient="row",
    )  # fmt: skip


def test_a_verdict_speaks_for_the_listing_that_was_seen() -> None:
    judged = by_verdict(LISTED, decided(("a1", "confirmed", 25), ("c1", "cleared", 28), ("b1", "watch", 25)))
    assert [(j.night, j.account_id, j.score, j.good) for j in judged] == [(FIRST, "a1", 0.9, True)]


def test_a_verdict_on_a_ring_speaks_for_its_accounts_and_the_newest_counts() -> None:
    judged = by_verdict(LISTED, decided(("R-aaaaaa", "confirmed", 25), ("a2", "cleared", 26)))
    assert [(j.account_id, j.good) for j in judged] == [("a1", True), ("a2", False)]


def test_precision_reliability_and_reversals(home: Path) -> None:
    day = "2025-06-25T10:00:00"
    decide(home, ("R-aaaaaa", "confirmed", day), ("b1", "confirmed", day), ("b1", "cleared", "2025-06-26T10:00:00"))
    text = report(home, "--warehouse", str(home / "w.duckdb")).stdout
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    assert ["all", "0.67", "0.67", "0.67", "0.67", "3"] in lines
    assert ["brushing", "0.00", "0.00", "0.00", "0.00", "1"] in lines
    assert ["0.4 to 0.5", "0.40", "0.00", "1"] in lines
    assert ["b1", "confirmed", "cleared", "2025-06-26"] in lines
    assert "audit sample: 2 of 3 confirmed" in text
    assert "PSI" in text


def test_against_the_truth(home: Path) -> None:
    pl.DataFrame({"account_id": ["a1"]}).write_parquet(home / "truth.parquet")
    text = report(home, "--truth", str(home / "truth.parquet")).stdout
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    assert ["all", "1.00", "0.50", "0.50", "0.50", "2"] in lines


def test_without_verdicts_volumes_are_shown(home: Path) -> None:
    text = report(home).stdout
    assert "no verdicts" in text
    assert "2025-06-29" in text


def test_the_sample_is_the_same_whenever_it_is_drawn() -> None:
    many = accounts(*[(f"a{n}", "R-aaaaaa", n, 0.5, "two_way") for n in range(200)])
    drawn = audit_sample(many, FIRST)
    assert len(drawn) == 20
    assert drawn == audit_sample(many.sample(fraction=1, shuffle=True, seed=1), FIRST)
    assert drawn != audit_sample(many, SECOND)


def test_stability_index_and_interval() -> None:
    scores = [n / 100 for n in range(100)]
    assert psi(scores, scores) == 0
    assert psi(scores, [s / 3 for s in scores]) > 0.25
    low, high = interval(8, 10)
    assert (round(low, 2), round(high, 2)) == (0.49, 0.94)
