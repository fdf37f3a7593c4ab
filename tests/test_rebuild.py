"""A warehouse that is lost is made again, with everything in it; and what rebuilding must not do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs import runs
from jobs.warehouse import Warehouse
from tests.fuzz.kill import content, visible
from tests.kept import SECOND, copied, kept_content, lists, refused, ringwatch, told


@pytest.fixture
def home(two_nights: Path, tmp_path: Path) -> Path:
    return copied(two_nights, tmp_path)


def lose(warehouse: Path) -> None:
    warehouse.unlink()


def cut(warehouse: Path) -> None:
    warehouse.write_bytes(warehouse.read_bytes()[: warehouse.stat().st_size // 2])


def scramble(warehouse: Path) -> None:
    whole = bytearray(warehouse.read_bytes())
    for start in range(0, len(whole), 4096):
        whole[start : start + 64] = bytes(64)
    warehouse.write_bytes(bytes(whole))


def leave_a_log(warehouse: Path) -> None:
    warehouse.with_name(f"{warehouse.name}.wal").write_bytes(b"changes of another file")


def keep(warehouse: Path) -> None:
    """Nothing is wrong with it."""


@pytest.mark.parametrize("spoil", [lose, cut, scramble, leave_a_log, keep])
def test_equal_in_content(home: Path, two_nights: Path, spoil: Callable[[Path], None]) -> None:
    spoil(home / "w.duckdb")
    assert "2 drops" in told(ringwatch(home, "rebuild"))
    assert content(home / "w.duckdb") == kept_content(two_nights / "w.duckdb")
    assert sorted(p.name for p in home.glob("w.duckdb*")) == ["w.duckdb", "w.duckdb.lock"]
    assert visible(home / "out") == visible(two_nights / "out")


def test_the_comparison_can_fail(home: Path, two_nights: Path) -> None:
    with Warehouse.open(home / "w.duckdb") as db:
        db.rows("UPDATE orders_rows SET amount_fen = amount_fen + 1 WHERE line = 3")
    assert content(home / "w.duckdb") != kept_content(two_nights / "w.duckdb")


def test_the_next_night_is_the_same(home: Path, two_nights: Path) -> None:
    """Names of rings and verdicts lean on the nights before."""
    shutil.rmtree(home / "out" / f"run_date={SECOND}")
    (home / "w.duckdb").unlink()
    told(ringwatch(home, "rebuild"))
    told(ringwatch(home, "nightly", "--catch-up"))
    assert visible(home / "out") == visible(two_nights / "out")
    assert content(home / "w.duckdb") == kept_content(two_nights / "w.duckdb")


def test_verdicts_are_found_again(home: Path) -> None:
    who = lists(home, SECOND, "accounts")[0]["account_id"][0]
    told(ringwatch(home, "label", who, "confirmed", "--decided-at", "2025-06-24"))
    (home / "w.duckdb").unlink()
    told(ringwatch(home, "rebuild"))
    told(ringwatch(home, "nightly"))
    assert lists(home, SECOND, "accounts")[0].filter(account_id=who)["verdict"].to_list() == ["confirmed"]


def test_damage_is_told_with_what_to_do(home: Path) -> None:
    cut(home / "w.duckdb")
    assert "ringwatch rebuild" in refused(ringwatch(home, "nightly"), 1)


def test_another_run_holds_it(home: Path) -> None:
    with Warehouse.open(home / "w.duckdb"):
        refused(ringwatch(home, "rebuild"), 4)
    with runs.shelf(home / "out"):
        refused(ringwatch(home, "rebuild"), 4)


def test_a_drop_that_is_gone_is_not_passed_over(home: Path, two_nights: Path) -> None:
    shutil.rmtree(home / "exports" / "2025-06-23")
    assert "--accept-missing" in refused(ringwatch(home, "rebuild"), 1)
    assert content(home / "w.duckdb") == kept_content(two_nights / "w.duckdb"), "the old one stands"
    assert "1 drops" in told(ringwatch(home, "rebuild", "--accept-missing"))


def test_a_broken_drop_leaves_the_old_warehouse(home: Path) -> None:
    before = (home / "w.duckdb").read_bytes()
    (home / "exports" / "2025-06-30" / "accounts.csv").write_text("account_id\nab1\n")
    refused(ringwatch(home, "rebuild"), 3)
    assert (home / "w.duckdb").read_bytes() == before
    assert sorted(p.name for p in home.glob("w.duckdb*")) == ["w.duckdb", "w.duckdb.lock"]


def test_a_document_named_by_mistake_is_not_written_over(home: Path) -> None:
    (home / "thesis.md").write_text("# Two years of work\n")
    refused(ringwatch(home, "nightly", "--warehouse", str(home / "thesis.md")), 1)
    refused(ringwatch(home, "rebuild", "--warehouse", str(home / "thesis.md")), 2)
    assert (home / "thesis.md").read_text() == "# Two years of work\n"


def test_a_damaged_journal_is_told_now(home: Path) -> None:
    (home / "w.duckdb.verdicts.jsonl").write_text("no verdict\n")
    assert "line 1" in refused(ringwatch(home, "rebuild"), 1)


def test_only_the_drops_that_nights_have_seen(home: Path, two_nights: Path) -> None:
    """A drop that no night has read yet waits for its night, and for that night's gates."""
    shutil.rmtree(home / "out" / f"run_date={SECOND}")
    assert "1 drops" in told(ringwatch(home, "rebuild", "--accept-missing"))
