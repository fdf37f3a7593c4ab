"""What is old goes where the settings say so; what was handed over, what is newest, and names stay."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from jobs import published
from jobs.case import handover
from jobs.warehouse import Warehouse
from tests.fuzz.kill import content, visible
from tests.kept import FIRST, SECOND, copied, lists, refused, ringwatch, told

LATER = date(2025, 9, 30)
TERMS = "[method.ties]\nwindow_days = 30\n[method.verdicts]\ndays = 30\n"
NIGHTS_ALONE = f"{TERMS}[retention]\nnights_days = 40\n"
OLD = f"{TERMS}[retention]\ndrops_days = 40\nnights_days = 40\nbundles_days = 40\n"


@pytest.fixture(scope="module")
def aged(two_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three nights, the third much younger; `cases/` is empty; nobody writes here."""
    home = copied(two_nights, tmp_path_factory.mktemp("aged"))
    shutil.copytree(home / "exports" / str(SECOND), home / "exports" / str(LATER))
    (home / "s.toml").write_text(OLD)
    (home / "cases").mkdir()
    told(ringwatch(home, "nightly", "--run-date", str(LATER), "--override", "stale", "--reason", "a test"))
    return home


@pytest.fixture
def home(aged: Path, tmp_path: Path) -> Path:
    return copied(aged, tmp_path)


def prune(home: Path, *more: str) -> str:
    given = ("--exports", str(home / "exports"), "--cases", str(home / "cases"), "--settings", str(home / "s.toml"))
    return told(ringwatch(home, "prune", *given, *more))


def everything(home: Path) -> tuple[object, ...]:
    return visible(home / "out"), content(home / "w.duckdb"), sorted(p.name for p in home.glob("exports/*"))


def hand_over(home: Path, ring_id: str, night: date, keep_until: str) -> None:
    entry = {"case_id": "C-1", "ring_id": ring_id, "run_date": str(night), "keep_until": keep_until, "file": "C-1.zip"}
    handover.append(home / "cases" / "handover.jsonl", entry)


def test_nothing_goes_unless_the_settings_say_so(home: Path) -> None:
    before = everything(home)
    assert "0 nights, 0 drops, 0 bundles" in told(ringwatch(home, "prune", "--exports", str(home / "exports")))
    assert everything(home) == before


def test_a_dry_run_says_all_and_does_nothing(home: Path) -> None:
    before = everything(home)
    said = prune(home, "--dry-run")
    assert "night 2025-06-23: would go" in said
    assert "drop 2025-06-30: would go" in said
    assert "accounts: " in said, "keys that only the old drops told of are counted"
    assert everything(home) == before


def test_the_old_goes_and_the_newest_stays(home: Path) -> None:
    assert "2 nights, 2 drops" in prune(home)
    assert published.dates(home / "out") == [LATER]
    assert [p.name for p in home.glob("exports/2*")] == [str(LATER)]
    with Warehouse.open(home / "w.duckdb") as db:
        for table in ("orders_rows", "accounts_rows", "files", "rejects_rows"):
            assert db.rows(f"SELECT DISTINCT drop_date FROM {table}") in ([(LATER,)], []), table
        assert db.rows("SELECT run_date FROM register_nights") == [(LATER,)]
    assert "0 nights, 0 drops" in prune(home), "a second time finds nothing"


def test_a_rebuilt_warehouse_is_the_pruned_one(home: Path) -> None:
    prune(home)
    before = content(home / "w.duckdb")
    (home / "w.duckdb").unlink()
    told(ringwatch(home, "rebuild"))
    assert content(home / "w.duckdb") == before


def test_a_pruned_night_is_not_run_again(home: Path) -> None:
    (home / "s.toml").write_text(NIGHTS_ALONE)
    prune(home)
    assert len(list(home.glob("exports/2*"))) == 3
    told(ringwatch(home, "nightly", "--catch-up"))
    assert published.dates(home / "out") == [LATER]


def test_names_stay(home: Path) -> None:
    """Rings of the nights that stay keep their names when they are run again."""
    before = lists(home, LATER, "rings")[0]["ring_id"].sort()
    (home / "s.toml").write_text(NIGHTS_ALONE)
    prune(home)
    told(ringwatch(home, "nightly", "--run-date", str(LATER), "--override", "stale", "--reason", "a test"))
    assert lists(home, LATER, "rings")[0]["ring_id"].sort().equals(before)
    assert len(before) > 1


def test_what_was_handed_over_is_held(home: Path) -> None:
    hand_over(home, lists(home, SECOND, "rings")[0]["ring_id"][0], SECOND, "2028-06-30")
    said = prune(home)
    assert "2025-06-30: held until 2028-06-30, cited by the bundle C-1" in said
    assert published.dates(home / "out") == [SECOND, LATER]
    cited = {file[:10] for file in lists(home, SECOND, "evidence")[0]["file"].unique()}
    assert cited <= {p.name for p in home.glob("exports/2*")}


def test_a_hold_ends(home: Path) -> None:
    hand_over(home, lists(home, SECOND, "rings")[0]["ring_id"][0], SECOND, "2025-09-29")
    prune(home)
    assert published.dates(home / "out") == [LATER]


def test_bundles(home: Path) -> None:
    for name in ("C-1.zip", "C-2.zip.age", "C-2.to_resolve.csv"):
        (home / "cases" / name).write_text("a bundle")

    for path in (home / "cases").iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (home / "cases" / "C-3.zip").write_text("of today")
    hand_over(home, lists(home, SECOND, "rings")[0]["ring_id"][0], SECOND, "2028-06-30")
    prune(home)
    left = sorted(p.name for p in (home / "cases").iterdir())
    assert left == ["C-1.zip", "C-3.zip", "handover.jsonl", "handover.jsonl.lock"]


@pytest.mark.parametrize("more", [(), ("--cases", "nowhere")])
def test_who_holds_what_must_be_known(home: Path, more: tuple[str, ...]) -> None:
    before = everything(home)
    refused(ringwatch(home, "prune", "--settings", str(home / "s.toml"), *more), 2)
    assert everything(home) == before


def test_a_log_that_was_cut_stops_everything(home: Path) -> None:
    hand_over(home, "R-aaaaaa", SECOND, "2028-06-30")
    log = home / "cases" / "handover.jsonl"
    log.write_text(log.read_text().replace("2028", "2025"))
    given = ("--cases", str(home / "cases"), "--settings", str(home / "s.toml"))
    refused(ringwatch(home, "prune", *given), 7)
    assert len(published.dates(home / "out")) == 3


@pytest.mark.parametrize("name", ["drops_days", "nights_days"])
def test_terms_shorter_than_the_method_leans_on(home: Path, name: str) -> None:
    (home / "s.toml").write_text(f"{TERMS}[retention]\n{name} = 10\n")
    assert name in refused(ringwatch(home, "prune", "--settings", str(home / "s.toml")), 2)


def test_a_link_is_not_followed(home: Path, tmp_path: Path) -> None:
    shutil.move(home / "exports" / str(FIRST), tmp_path / "elsewhere")
    (home / "exports" / str(FIRST)).symlink_to(tmp_path / "elsewhere")
    given = ("--exports", str(home / "exports"), "--cases", str(home / "cases"), "--settings", str(home / "s.toml"))
    assert "a link" in refused(ringwatch(home, "prune", *given), 1)
    assert any((tmp_path / "elsewhere").iterdir())
