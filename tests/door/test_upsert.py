"""Drops over time: what is loaded again, what is not, and that the order of loading does not matter."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from jobs.door import store
from jobs.door.loading import load
from jobs.door.settings import DoorSettings
from jobs.warehouse import Warehouse
from tests.door.drops import CHAT, DEVICES, ORDERS, loaded, order, write_drop

QUERY = "SELECT drop_date, order_id, amount_fen FROM orders_rows ORDER BY ALL"
D1, D2 = date(2025, 6, 22), date(2025, 6, 29)


def two_drops(tmp_path: Path) -> Path:
    write_drop(tmp_path / "x" / "2025-06-22")
    write_drop(tmp_path / "x" / "2025-06-29", orders_csv=f"{ORDERS}\n{order(amount='99')}\n")
    return tmp_path / "x"


def test_loading_again_changes_nothing(tmp_path: Path) -> None:
    exports, read = two_drops(tmp_path), list[str]()
    with Warehouse.open(tmp_path / "w.duckdb") as w:
        first = load(w, exports, DoorSettings(), until=None)
        rows = w.rows(QUERY)
        for path in exports.rglob("*.csv"):
            os.utime(path)
        assert load(w, exports, DoorSettings(), until=None, progress=read.append) == first
        assert read == []
        assert w.rows(QUERY) == rows == [(D1, "q1", 1234), (D2, "q1", 9900)]


def test_any_order_of_loading_gives_the_same_rows(tmp_path: Path) -> None:
    exports = two_drops(tmp_path)
    with loaded(tmp_path, exports, until=D1) as (w, report):
        assert report.dates == [D1]
        assert w.rows(QUERY) == [(D1, "q1", 1234)]
    with loaded(tmp_path, exports) as (w, report):
        assert report.dates == [D1, D2]
        later_first = w.rows(QUERY)
    with Warehouse.open(tmp_path / "other.duckdb") as w:
        load(w, exports / "2025-06-29", DoorSettings(), until=None)
        load(w, exports, DoorSettings(), until=None)
        assert w.rows(QUERY) == later_first
        assert {path.count("/") for (path,) in w.rows("SELECT path FROM files")} == {1}


def test_a_changed_drop_is_loaded_whole_and_a_removed_file_goes(tmp_path: Path) -> None:
    exports = two_drops(tmp_path)
    old = exports / "2025-06-22"
    (old / "orders_2.csv").write_text(f"{ORDERS}\n{order('q2')}\n")
    with loaded(tmp_path, exports) as (w, report):
        assert len(report.files) == 9
    (old / "orders_2.csv").unlink()
    before = (old / "orders.csv").stat()
    (old / "orders.csv").write_text(f"{ORDERS}\n{order(amount='12.35')}\n")
    os.utime(old / "orders.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
    read = list[str]()
    with Warehouse.open(tmp_path / "w.duckdb") as w:
        report = load(w, exports, DoorSettings(), until=None, progress=read.append)
        assert len(report.files) == 8
        assert all(path.startswith("2025-06-22/") for path in read)
        assert len(read) == 4
        assert w.rows(QUERY) == [(D1, "q1", 1235), (D2, "q1", 9900)]


def test_other_settings_read_the_same_bytes_anew(tmp_path: Path) -> None:
    folder = write_drop(tmp_path / "2025-06-22", orders_csv=f"{ORDERS}\n{order(placed_at='2025-06-20T02:00:00Z')}\n")
    hours = []
    for zone in ("Asia/Shanghai", "UTC"):
        with loaded(tmp_path, folder, zone=zone) as (w, _):
            hours += w.rows("SELECT hour(placed_at) FROM orders_rows")
    assert hours == [(10,), (2,)]


def test_an_undated_drop_is_dated_by_its_rows_and_a_newer_one_is_another(tmp_path: Path) -> None:
    folder = write_drop(tmp_path / "tonight")
    for _ in range(2):
        with loaded(tmp_path, folder) as (_, report):
            assert report.dates == [date(2025, 6, 21)]
    write_drop(folder, orders_csv=f"{ORDERS}\n{order('q2', placed_at='2025-06-28', paid_at='')}\n")
    with loaded(tmp_path, folder) as (w, report):
        assert report.dates == [date(2025, 6, 21), date(2025, 6, 28)]
        assert w.rows("SELECT order_id FROM orders_rows ORDER BY drop_date") == [("q1",), ("q2",)]


def test_a_drop_without_orders_and_messages_is_dated_by_devices_or_else_by_sign_ups(tmp_path: Path) -> None:
    folder = write_drop(tmp_path / "tonight", orders_csv=f"{ORDERS}\n", chat_links_csv=f"{CHAT}\n")
    with loaded(tmp_path, folder) as (_, report):
        assert report.dates == [date(2025, 6, 20)]
    write_drop(folder, devices_csv=f"{DEVICES}\n", orders_csv=f"{ORDERS}\n", chat_links_csv=f"{CHAT}\n")
    with loaded(tmp_path, folder) as (_, report):
        assert report.dates[0] == date(2024, 1, 1)


def test_a_failed_drop_leaves_the_older_version_of_it(tmp_path: Path) -> None:
    exports = two_drops(tmp_path)
    with loaded(tmp_path, exports) as (w, _):
        rows = w.rows(QUERY)
    shutil.copy(exports / "2025-06-22" / "orders.csv", tmp_path / "kept")
    (exports / "2025-06-22" / "chat_links.csv").write_bytes(b"")
    with Warehouse.open(tmp_path / "w.duckdb") as w:
        try:
            load(w, exports, DoorSettings(), until=None)
        except Exception as error:
            assert "chat_links.csv" in str(error)
        assert w.rows(QUERY) == rows


def test_other_things_in_the_folder_are_none_of_ours(tmp_path: Path) -> None:
    exports = two_drops(tmp_path)
    (exports / "truth.parquet").write_bytes(b"x")
    (exports / "2025-13-01").mkdir()
    (exports / "notes").mkdir()
    (exports / "2025-06-22" / "README.md").write_text("x")
    (exports / "2025-06-22" / "truth.parquet").write_bytes(b"x")
    with loaded(tmp_path, exports) as (_, report):
        assert report.dates == [D1, D2]


def test_keys_repeat_across_the_parts_in_which_they_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_HASHES", 7)
    rows = [order(f"q{n % 60}", amount=f"{n}") for n in range(100)]
    write_drop(tmp_path / "x", orders_csv="\n".join([ORDERS, *rows]))
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        kept = w.rows("SELECT amount_fen / 100 FROM orders_rows ORDER BY 1")
        assert [amount for (amount,) in kept] == list(range(40, 100))
        assert (report.files[0].loaded, report.files[0].superseded) == (60, 40)
