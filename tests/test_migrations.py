"""A warehouse of yesterday's ringwatch serves today's; one of tomorrow's is not touched."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from jobs import migrations
from jobs.errors import RingwatchError
from jobs.warehouse import Warehouse
from tests.fuzz.kill import content, visible
from tests.kept import SECOND, copied, handed_out, kept_content, refused, ringwatch, told

_ROWS = ("orders_rows", "accounts_rows", "devices_rows", "chat_links_rows", "labels_rows")
BACK = {
    1: ("DROP TABLE obeyed",),
    2: (*(f"ALTER TABLE {table} DROP COLUMN replaced" for table in _ROWS), "ALTER TABLE files DROP COLUMN noted"),
}
"""What makes of a warehouse of the next version one of this; a new step in `migrations.STEPS` needs a line here."""


@pytest.fixture
def home(two_nights: Path, tmp_path: Path) -> Path:
    return copied(two_nights, tmp_path)


def put_back(warehouse: Path, to: int) -> None:
    with duckdb.connect(str(warehouse)) as con:
        for version in range(migrations.VERSION - 1, to - 1, -1):
            for statement in BACK[version]:
                con.execute(statement).fetchall()
        con.execute("UPDATE warehouse_version SET version = $v", {"v": to}).fetchall()


def version(warehouse: Path) -> int:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        row = con.execute("SELECT version FROM warehouse_version").fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("old", range(1, migrations.VERSION))
def test_an_older_one_is_brought_up_to_date(home: Path, two_nights: Path, old: int) -> None:
    put_back(home / "w.duckdb", old)
    with handed_out(two_nights, SECOND):
        told(ringwatch(home, "nightly"))
    assert version(home / "w.duckdb") == migrations.VERSION
    assert content(home / "w.duckdb") == kept_content(two_nights / "w.duckdb")
    assert visible(home / "out") == visible(two_nights / "out")


def test_reading_does_not_change_it(home: Path) -> None:
    put_back(home / "w.duckdb", 1)
    assert "nightly" in refused(ringwatch(home, "label", "any", "watch"), 1)
    assert version(home / "w.duckdb") == 1


def test_a_newer_one_is_refused_and_left_alone(home: Path) -> None:
    with duckdb.connect(str(home / "w.duckdb")) as con:
        con.execute("UPDATE warehouse_version SET version = version + 1").fetchall()
    before = (home / "w.duckdb").read_bytes()
    assert "newer ringwatch" in refused(ringwatch(home, "nightly"), 1)
    assert (home / "w.duckdb").read_bytes() == before


def test_all_steps_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Warehouse.open(tmp_path / "w.duckdb").close()
    broken = (*migrations.STEPS, ("CREATE TABLE half (n INTEGER)", "SELECT * FROM nowhere"))
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", broken)
        patch.setattr(migrations, "VERSION", len(broken))
        with pytest.raises(duckdb.Error):
            Warehouse.open(tmp_path / "w.duckdb")
    with Warehouse.open(tmp_path / "w.duckdb") as db:
        assert "half" not in {name for (name,) in db.rows("SELECT table_name FROM duckdb_tables()")}
        assert migrations.version(db) == migrations.VERSION


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as con:
        con.execute("CREATE TABLE customers (name VARCHAR)").fetchall()
    with pytest.raises(RingwatchError, match="not a ringwatch warehouse"):
        Warehouse.open(tmp_path / "w.duckdb")
