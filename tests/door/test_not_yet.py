"""A drop that is still being written is exit 6, and not the fault that half of it would be."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jobs.door.discover import growing_is_not_yet
from jobs.errors import ExportError, NotYetError
from tests.door.drops import loaded, write_drop


@pytest.mark.parametrize(
    "name", ["orders.csv.part", ".orders.csv.Ab12xY", "orders_2.csv.gz.filepart", ".orders.csv.tmp"]
)
def test_an_export_that_is_being_copied_is_not_missing(tmp_path: Path, name: str) -> None:
    folder = write_drop(tmp_path / "x", orders_csv=None)
    (folder / name).write_bytes(b"order_id,")
    with pytest.raises(NotYetError, match="still being copied"), loaded(tmp_path, folder):
        pass


@pytest.mark.parametrize("name", ["orders.csv.sha256", "orders.csv.backup", "orders.ndjsonx", "readme.part"])
def test_another_file_stands_for_no_export(tmp_path: Path, name: str) -> None:
    folder = write_drop(tmp_path / "x", orders_csv=None)
    (folder / name).write_bytes(b"order_id,")
    with pytest.raises(ExportError, match="no export of orders"), loaded(tmp_path, folder):
        pass


def test_a_whole_drop_with_a_leftover(tmp_path: Path) -> None:
    folder = write_drop(tmp_path / "x")
    (folder / "orders.csv.part").write_bytes(b"order_id,")
    with loaded(tmp_path, folder) as (_, report):
        assert len(report.files) == 4


def test_settling(tmp_path: Path) -> None:
    folder = write_drop(tmp_path / "x")
    with pytest.raises(NotYetError, match="changed in the last 600 s"), loaded(tmp_path, folder, settle_seconds=600):
        pass
    for path in folder.iterdir():
        os.utime(path, (time.time() - 601, time.time() - 601))
    with loaded(tmp_path, folder, settle_seconds=600) as (_, report):
        assert len(report.files) == 4


def broken() -> None:
    raise ExportError("truncated", file="orders.csv.gz")


def test_a_fault_in_a_file_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_drop(tmp_path / "x" / "2025-06-22")

    def copy_on(_: float) -> None:
        with (folder / "orders.csv").open("a") as file:
            file.write("more")

    monkeypatch.setattr("time.sleep", copy_on)
    with pytest.raises(NotYetError, match=r"orders\.csv\.gz: truncated.*still being written"):  # noqa: SIM117
        with growing_is_not_yet(tmp_path / "x"):
            broken()


def test_a_drop_that_becomes_whole_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_drop(tmp_path / "x" / "2025-06-22", orders_csv=None)
    monkeypatch.setattr("time.sleep", lambda _: (folder / "orders.csv").touch())
    with pytest.raises(NotYetError), growing_is_not_yet(tmp_path / "x"):
        broken()


def test_a_fault_in_a_file_that_lies_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, pauses = write_drop(tmp_path / "x"), list[float]()
    monkeypatch.setattr("time.sleep", pauses.append)
    with pytest.raises(ExportError), growing_is_not_yet(folder):
        broken()
    assert len(pauses) == 1, "the files are young: one second look"
    for path in folder.iterdir():
        os.utime(path, (time.time() - 3600, time.time() - 3600))
    with pytest.raises(ExportError), growing_is_not_yet(folder):
        broken()
    assert len(pauses) == 1
