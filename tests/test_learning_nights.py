"""Nights that learned from verdicts, run again, filled in, and from a warehouse made anew; a small synthetic market."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from graph.settings import Method, VerdictSettings
from jobs import published, verdict_journal
from jobs.nightly import nightly
from jobs.settings import Settings
from tests.kept import THREE as NIGHTS
from tests.kept import copied

SETTINGS = Settings(method=Method(verdicts=VerdictSettings(enough=4)))


def run(home: Path, night: date) -> None:
    nightly(home / "exports", home / "w.duckdb", home / "out", night, False, SETTINGS)


@pytest.fixture(scope="module")
def home(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three nights; the rings of the first were decided on the day after, every second one confirmed. Nobody writes
    here."""
    folder = copied(first_night, tmp_path_factory.mktemp("learning"))
    rings = published.tables(published.folder_of(folder / "out", NIGHTS[0]), "rings")[0]["ring_id"].sort()
    for n, ring in enumerate(rings):
        given = {"subject_id": ring, "decided_at": "2025-06-17T10:00:00"}
        verdict_journal.append(folder / "w.duckdb", {**given, "verdict": ("confirmed", "cleared")[n % 2]})
    for night in NIGHTS[1:]:
        run(folder, night)
    return folder


def tables(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in sorted((home / "out").rglob("*.parquet"))}


def told(home: Path, night: date) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((published.folder_of(home / "out", night) / published.RECORD).read_text())
    return dict(said["verdicts"])


def test_a_night_tells_what_it_learned_and_what_the_evidence_had_said(home: Path) -> None:
    assert told(home, NIGHTS[0]) == {"learned": [], "scores_before": {}}
    first = published.tables(published.folder_of(home / "out", NIGHTS[0]), "rings")[0]
    for night in NIGHTS[1:]:
        said = told(home, night)
        assert sum(row["n"] for row in said["learned"]) == first.height
        assert sum(row["confirmed"] for row in said["learned"]) == (first.height + 1) // 2
        rings = published.tables(published.folder_of(home / "out", night), "rings")[0]
        assert set(said["scores_before"]) <= set(rings["ring_id"])
    # Drawn from what the evidence alone had promised, and not from what the second night had made of it.
    assert told(home, NIGHTS[1])["learned"] == told(home, NIGHTS[2])["learned"]


@pytest.mark.slow
def test_run_again_in_any_order_and_from_a_new_warehouse_they_are_the_same(home: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(home, again)
    for night in (NIGHTS[2], NIGHTS[0], NIGHTS[1]):
        run(again, night)
    assert tables(again) == tables(home)
    shutil.rmtree(published.folder_of(again / "out", NIGHTS[1]))
    (again / "w.duckdb").unlink()
    run(again, NIGHTS[1])
    filled = tables(again)
    run(again, NIGHTS[1])
    assert tables(again) == filled
    shutil.copytree(home, again, dirs_exist_ok=True)
    (again / "w.duckdb").unlink()
    run(again, NIGHTS[2])
    assert tables(again) == tables(home)


@pytest.mark.slow
def test_a_night_filled_in_learns_nothing_of_later_ones(home: Path, tmp_path: Path) -> None:
    """Decided on the day after the first night, before the second: which is filled in when all is known."""
    filled = tmp_path / "filled"
    shutil.copytree(home, filled)
    shutil.rmtree(published.folder_of(filled / "out", NIGHTS[1]))
    (filled / "w.duckdb").unlink()
    run(filled, NIGHTS[1])
    assert told(filled, NIGHTS[1])["learned"] == told(home, NIGHTS[1])["learned"]
    assert (filled / "out" / f"run_date={NIGHTS[2]}" / "rings.parquet").read_bytes() == tables(home)[
        f"out/run_date={NIGHTS[2]}/rings.parquet"
    ]
