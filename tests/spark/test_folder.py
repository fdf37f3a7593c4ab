"""A warehouse that is a folder serves every command as a file does; none of this needs Spark."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from jobs import durable, parts
from jobs.door.loading import load
from jobs.register_store import recall
from jobs.settings import Settings
from jobs.tombstones import obey
from jobs.warehouse import Warehouse
from tests.kept import FIRST, SECOND, copied, lists, ringwatch, told


def fill(home: Path) -> None:
    """What a night with `--engine spark` leaves in the folder `f`."""
    with Warehouse.open(parts.state_of(home / "f")) as w:
        load(w, home / "exports", Settings().exports, until=SECOND)
        obey(w, w.path)
        recall(w, home / "out", SECOND)
        parts.pour_out(w)


@pytest.fixture(scope="module")
def poured(two_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both nights, with a warehouse of each kind; nobody writes here."""
    home = copied(two_nights, tmp_path_factory.mktemp("poured"))
    fill(home)
    return home


@pytest.fixture
def home(poured: Path, tmp_path: Path) -> Path:
    return copied(poured, tmp_path)


def held(home: Path) -> dict[str, pl.DataFrame]:
    """The rows in the parts, by export."""
    return {
        folder.name: pl.read_parquet(sorted(folder.glob("*/*.parquet")))
        for folder in sorted((home / "f").iterdir())
        if folder.is_dir()
    }


def in_file(home: Path, name: str) -> dict[str, pl.DataFrame]:
    with duckdb.connect(str(home / name), read_only=True) as con:
        return {t: con.sql(f"SELECT * FROM {t}_rows ORDER BY file_id, line").pl() for t in held(home)}


def test_the_parts_hold_what_the_file_holds(poured: Path) -> None:
    file = in_file(poured, "w.duckdb")
    assert sum(map(len, file.values())) > 0
    for table, rows in held(poured).items():
        assert rows.sort("file_id", "line").equals(file[table])
    assert all(rows.is_empty() for rows in in_file(poured, "f/state.duckdb").values())


@pytest.mark.parametrize("command", ["find", "explain"])
def test_readers_find_the_same(poured: Path, command: str) -> None:
    account = lists(poured, SECOND, "accounts")[0]["account_id"][0]
    said = [told(ringwatch(poured, command, account, "--warehouse", str(poured / w))) for w in ("w.duckdb", "f")]
    assert account in said[0]
    assert said[0] == said[1]


def test_loading_once_more_changes_nothing(home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (home / "f").rglob("*.parquet")}
    fill(home)
    assert {path: path.stat().st_mtime_ns for path in (home / "f").rglob("*.parquet")} == before


@pytest.mark.slow
def test_a_drop_that_changed_takes_the_place_of_its_parts(home: Path) -> None:
    day = home / "exports" / str(SECOND)
    for file in [*day.glob("labels*"), *day.glob("chat_links*")]:
        file.rename(file.with_name(file.name.replace("chat_links", "chat_links_again")))
    fill(home)
    names = [path.parent.name for path in (home / "f" / "chat_links").glob("*/*.parquet")]
    assert sorted(names) == [str(FIRST), str(SECOND)]
    assert held(home)["chat_links"].select("message_id", "drop_date").is_duplicated().any() is False


@pytest.mark.slow
def test_a_run_killed_while_it_poured_out_is_mended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = held(home)
    shutil.rmtree(home / "f")
    calls = []

    def dies(new: Path, old: Path) -> None:
        calls.append(old)
        if len(calls) == 7:
            raise KeyboardInterrupt
        durable.flush(new)
        new.replace(old)

    with monkeypatch.context() as patched:
        patched.setattr(durable, "take_place", dies)
        with pytest.raises(KeyboardInterrupt):
            fill(home)
    fill(home)
    for table, rows in held(home).items():
        assert rows.equals(whole[table])


def test_the_erased_leave_the_parts(home: Path) -> None:
    account = lists(home, SECOND, "accounts")[0]["account_id"][0]
    (home / "cases").mkdir()
    before = held(home)
    assert named(before, account)
    told(ringwatch(home, "erase", account, "--basis", "asked for it", "--cases", str(home / "cases"),
                   "--warehouse", str(home / "f")))  # fmt: skip
    assert not named(held(home), account)
    assert len(held(home)["orders"]) == len(before["orders"])
    fill(home)
    assert not named(held(home), account)


def named(tables: dict[str, pl.DataFrame], account: str) -> list[str]:
    """Tables that name the account anywhere."""
    return [
        table
        for table, rows in tables.items()
        if not rows.filter(pl.any_horizontal(pl.col(pl.String).eq(account))).is_empty()
    ]


@pytest.mark.slow
def test_a_rebuilt_folder_pours_out_again(home: Path) -> None:
    whole = held(home)
    told(ringwatch(home, "rebuild", "--warehouse", str(home / "f")))
    fill(home)
    for table, rows in held(home).items():
        assert rows.drop("file_id").equals(whole[table].drop("file_id"))
