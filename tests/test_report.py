"""The report: what analysts decided about listings, counted by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from graph.tables import WATCHLISTS
from jobs import published, verdict_journal
from jobs.__main__ import main
from jobs.warehouse import Warehouse
from tests.published_nights import run_json

FIRST, SECOND = date(2025, 6, 22), date(2025, 6, 29)
DAY = "2025-06-25T10:00:00"
Account = tuple[str, str, int, float, str]


def accounts(*rows: Account) -> pl.DataFrame:
    names = ("account_id", "ring_id", "rank", "score", "typology")
    return pl.DataFrame(list(rows), schema=names, orient="row")


def rings(of: pl.DataFrame) -> pl.DataFrame:
    """Each ring with the best score of its accounts."""
    best = of.sort("rank").group_by("ring_id", maintain_order=True)
    found = best.agg(pl.col("score", "typology").first(), pl.col("account_id").sort().alias("accounts"))
    return found.with_row_index("rank", 1)


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
        (folder / published.RECORD).write_text(run_json())
        pl.from_arrow(WATCHLISTS["lone"].schema.empty_table()).write_parquet(folder / "lone.parquet")  # type: ignore[union-attr]
        frame.write_parquet(folder / "accounts.parquet")
        rings(frame).write_parquet(folder / "rings.parquet")
    Warehouse.open(tmp_path / "w.duckdb").close()
    return tmp_path


def decide(home: Path, *verdicts: tuple[str, str, str], action: str | None = None) -> None:
    for subject, verdict, at in verdicts:
        given = {"subject_id": subject, "verdict": verdict, "decided_at": at, "action_taken": action}
        verdict_journal.append(home / "w.duckdb", given)


def report(home: Path, *more: str) -> Result:
    where = ["--watchlists", str(home / "out"), *more]
    result = CliRunner(env={"COLUMNS": "160"}).invoke(main, ["report", *where])
    assert result.exit_code == 0, result.output
    return result


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]


def test_precision_reliability_and_reversals(home: Path) -> None:
    decide(home, ("R-aaaaaa", "confirmed", DAY), ("b1", "confirmed", DAY), ("b1", "cleared", "2025-06-26T10:00:00"))
    text = report(home, "--warehouse", str(home / "w.duckdb")).stdout
    lines = cells(text)
    assert ["all", "0.67", "0.67", "0.67", "0.67", "3"] in lines
    assert ["brushing", "0.00", "0.00", "0.00", "0.00", "1"] in lines
    assert ["0.4 to 0.5", "0.40", "0.00", "0.00 to 0.79", "1"] in lines, "a ring is one witness, however large"
    assert ["0.9 to 1.0", "0.90", "1.00", "0.21 to 1.00", "1"] in lines
    assert ["b1", "confirmed", "cleared", "2025-06-26"] in lines
    assert "audit sample: 1 of 2 decided rings confirmed, of 3 drawn" in text
    assert "drift of scores against the nights before: PSI" in text
    assert "drift of volumes (accounts by typology) against the nights before: PSI" in text


def test_a_sanction_for_our_own_flag_is_no_label(home: Path) -> None:
    decide(home, ("R-aaaaaa", "confirmed", DAY), action="封号，仅因本系统提示")
    decide(home, ("b1", "confirmed", DAY), action="Banned: OWN FLAG")
    decide(home, ("c1", "confirmed", "2025-06-30T10:00:00"), action="the victims' reports")
    text = report(home, "--warehouse", str(home / "w.duckdb")).stdout
    assert "2 verdicts followed our own flag alone" in text
    assert ["all", "-", "1.00", "1.00", "1.00", "1"] in cells(text)


def test_what_was_learned_is_shown(home: Path) -> None:
    row = {
        "shift": -0.2,
        "slope": 0.9,
        "typology": "brushing",
        "n": 14,
        "confirmed": 12,
        "promised": 9.1,
        "weight": 0.4,
    }
    folder = published.folder_of(home / "out", SECOND)
    (folder / published.RECORD).write_text(run_json(verdicts={"learned": [row], "scores_before": {}}))
    text = report(home, "--warehouse", str(home / "w.duckdb")).stdout
    assert ["brushing", "14", "12", "9.1", "+0.40"] in cells(text)
    assert "log-odds = -0.20 + 0.90 × promised + weight" in text
    (folder / published.RECORD).write_text(run_json())
    assert "learned from verdicts: nothing yet" in report(home, "--warehouse", str(home / "w.duckdb")).stdout


def test_against_the_truth(home: Path) -> None:
    pl.DataFrame({"account_id": ["a1"]}).write_parquet(home / "truth.parquet")
    text = report(home, "--truth", str(home / "truth.parquet")).stdout
    assert ["all", "1.00", "0.50", "0.50", "0.50", "2"] in cells(text)
    assert "audit sample: 1 of 3 decided rings confirmed" in text


def test_without_verdicts_volumes_and_the_sample_are_shown(home: Path) -> None:
    text = report(home).stdout
    assert "no verdicts" in text
    assert ["2025-06-29", "2", "2", "0", "0.65"] in cells(text)
    assert ["R-cccccc", "2025-06-29", "2", "0.35"] in cells(text)


def test_what_is_decided_is_no_longer_asked_for(home: Path) -> None:
    decide(home, ("R-cccccc", "watch", "2025-06-30T10:00:00"), ("b1", "cleared", DAY))
    asked = [line[0] for line in cells(report(home, "--warehouse", str(home / "w.duckdb")).stdout)]
    assert "R-cccccc" in asked, "watching is not deciding"
    assert "R-bbbbbb" not in asked


def test_up_to_a_night(home: Path) -> None:
    text = report(home, "--run-date", "2025-06-22").stdout
    assert "2025-06-29" not in text
    assert "one night alone" in text
