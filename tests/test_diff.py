"""The morning's reading: what changed, ring by ring."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from graph.tables import WATCHLISTS
from jobs import published
from jobs.__main__ import main
from tests.published_nights import run_json

NIGHTS = [date(2025, 6, 15), date(2025, 6, 22), date(2025, 6, 29)]
Rows = list[tuple[str, str, str | None, str]]
CHANGES: dict[date, Rows] = {
    NIGHTS[0]: [("R-aaaaaa", "new", None, "First seen, 4 accounts.")],
    NIGHTS[1]: [("R-aaaaaa", "joined", "a5 [x]", "Joined, by payee."), ("R-bbbbbb", "gone", None, "Not seen tonight.")],
    NIGHTS[2]: [("R-aaaaaa", "score", None, "Score moved from 0.50 to 0.70: 3 new acts.")],
}


def empty(name: str) -> pl.DataFrame:
    return pl.from_arrow(WATCHLISTS[name].schema.empty_table())  # type: ignore[return-value]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three nights of changes; the newest has one ring."""
    ring = {"rank": 1, "ring_id": "R-aaaaaa", "score": 0.7, "typology": "two_way", "n_accounts": 5}
    for night, rows in CHANGES.items():
        folder = published.folder_of(tmp_path, night)
        folder.mkdir()
        (folder / published.RECORD).write_text(run_json())
        rings = empty("rings")
        pl.DataFrame([ring], schema={n: rings.schema[n] for n in ring}).write_parquet(folder / "rings.parquet")
        changes = pl.DataFrame(rows, schema=empty("changes").schema, orient="row")
        changes.write_parquet(folder / "changes.parquet")
    return tmp_path


def diff(out: Path, *more: str) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, ["diff", "--watchlists", str(out), *more])


def test_the_newest_night(out: Path) -> None:
    text = diff(out).stdout
    assert "2025-06-22 → 2025-06-29: 1 score" in text
    assert "R-aaaaaa rank 1 · score 0.70 · two_way · 5 accounts" in text
    assert "~ score: Score moved from 0.50 to 0.70: 3 new acts." in text
    assert "R-bbbbbb" not in text


def test_since_a_night(out: Path) -> None:
    lines = [line.strip() for line in diff(out, "--since", "2025-06-15").stdout.splitlines()]
    assert lines[0] == "2025-06-15 → 2025-06-29: 1 gone, 1 joined, 1 score"
    assert "+ 2025-06-22 joined a5 [x]: Joined, by payee." in lines
    assert lines.index("R-bbbbbb no longer on the list") > lines.index("~ 2025-06-29 score: Score moved from 0.50 to"
                                                                      " 0.70: 3 new acts.")  # fmt: skip


def test_an_older_night(out: Path) -> None:
    assert "the beginning → 2025-06-15: 1 new" in diff(out, "--run-date", "2025-06-15").stdout


def test_a_night_that_was_filled_in_is_not_what_a_later_one_was_told_against(out: Path) -> None:
    for night, place in zip(NIGHTS, (1, 3, 2), strict=True):
        (published.folder_of(out, night) / published.RECORD).write_text(run_json(register_place=place))
    assert "2025-06-15 → 2025-06-29: 1 score" in diff(out).stdout
    assert "2025-06-15 → 2025-06-22: 1 gone" in diff(out, "--run-date", "2025-06-22").stdout


def test_nothing_after_the_newest(out: Path) -> None:
    result = diff(out, "--since", "2025-06-29")
    assert result.exit_code == 2
    assert "no night after it" in result.stderr
