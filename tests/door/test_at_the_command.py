"""Broken drops as cron meets them: `ringwatch nightly` says what, where and what to do, and keeps nothing."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from jobs.__main__ import main
from jobs.door import text
from jobs.warehouse import Warehouse
from tests.door.drops import ACCOUNTS, ORDERS, order, write_drop

NIGHT = "2025-06-22"
GOOD = f"{ORDERS}\n{order()}\n".encode()


@dataclass(frozen=True)
class Fault:
    """Files that replace those of a good drop; exit code, and what the message must hold, one after the other."""

    files: dict[str, bytes | None]
    says: tuple[str, ...]
    code: int = 3
    do: Callable[[Path], object] = field(default=lambda folder: None)


def orders(content: bytes | str, says: tuple[str, ...], suffix: str = "csv") -> Fault:
    data = content.encode() if isinstance(content, str) else content
    return Fault({"orders.csv": None, f"orders.{suffix}": data}, (f"{NIGHT}/orders.{suffix}", *says))


def parquet() -> bytes:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"ringwatch-test-{os.getpid()}.parquet"
    pl.DataFrame({n: [c] for n, c in zip(ORDERS.split(","), order().split(","), strict=True)}).write_parquet(path)
    data = path.read_bytes()
    path.unlink()
    return data


def _turned_into(kind: str) -> Callable[[Path], object]:
    def turn(folder: Path) -> None:
        path = folder / "orders.csv"
        path.rename(folder / "elsewhere")
        if kind == "link":
            path.symlink_to(folder / "elsewhere")
        else:
            os.mkfifo(path)

    return turn


FAULTS: dict[str, Fault] = {
    "zero bytes": orders(b"", ("zero bytes", "Send the whole file")),
    "no header": orders(f"{order()}\n", ("column order_id", "required column is missing", "header if CSV")),
    "a column twice": orders(f"{ORDERS},amount\n{order()},1\n", ("column amount", "twice", "Send it once")),
    "NUL": orders(GOOD + b"q\0" + GOOD, ("line 2", "NUL", "Send it again")),
    "endless line": orders(f"{ORDERS}\n{order()}\n{'x' * 50_000_000}\n", ("line 2", "a line of more", "Send it")),
    "other delimiter": orders(GOOD.replace(b",", b";"), ("required column is missing", "with commas")),
    "two encodings": orders(
        f"{ORDERS},备注\n{order()},老客户说\n".encode() + f"{order('q2')},新客户\n".encode("gb18030"),
        ("line 2", "UTF-8 and GB18030 mixed", "in one encoding"),
    ),
    "no encoding": orders(GOOD + b"\xff\xff\n", ("line 2", "neither UTF-8 nor GB18030", "in one encoding")),
    "cut gzip": orders(gzip.compress(GOOD)[:-12], ("gzip", "Send the file again"), "csv.gz"),
    "cut parquet": orders(parquet()[:-9], ("not Parquet, or truncated", "Send it again"), "parquet"),
    "another suffix": orders(GOOD, ("not Parquet", "as its suffix says"), "parquet"),
    "raw number": orders(
        f"{ORDERS}\n{order()}\n{order('q2', buyer_id='13812345678')}\n",
        ("line 2", "column buyer_id", "raw phone", "hashed at its source"),
    ),
    "missing export": Fault({"devices.csv": None}, (NIGHT, "no export of devices", "Ask for the whole drop")),
    "a link": Fault({}, (f"{NIGHT}/orders.csv", "not a plain file", "Put the file itself"), do=_turned_into("link")),
    "a pipe": Fault({}, (f"{NIGHT}/orders.csv", "not a plain file"), do=_turned_into("pipe")),
    "not there": Fault({}, ("no exports in", "Try again"), 6, shutil.rmtree),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One warehouse and one folder of watchlists for every fault: what one left behind would show in the next."""
    return tmp_path_factory.mktemp("home")


def nightly(exports: Path, home: Path) -> Result:
    where = ["--exports", str(exports), "--warehouse", str(home / "w.duckdb"), "--out", str(home / "out")]
    return CliRunner().invoke(main, ["nightly", *where])


def nothing_kept(home: Path) -> None:
    assert not [path for path in (home / "out").iterdir() if path.name.startswith((".building", "latest", "run_date"))]
    assert not list(home.rglob("*.tmp"))
    with Warehouse.open(home / "w.duckdb") as w:
        assert {w.rows(f"SELECT count(*) FROM {t}")[0][0] for t in ("files", "orders_rows", "rejects_rows")} == {0}


@pytest.mark.parametrize("name", ["w?.duckdb", "a?b/w.duckdb", "a\\b.duckdb"])
def test_a_path_that_the_engine_would_misread_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    write_drop(tmp_path / "x" / NIGHT)
    where = ["--exports", str(tmp_path / "x"), "--warehouse", str(tmp_path / name), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(main, ["nightly", *where])
    assert result.exit_code == 2
    assert "Choose another name" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["w#.duckdb", "w%41", "w\n\x1b[31m", "w.", ":memory:", 'w"', "w'", "[w]*"])
def test_any_other_name_of_a_warehouse_serves(tmp_path: Path, name: str) -> None:
    with Warehouse.open(tmp_path / name, threads=1) as w:
        w.rows("CREATE TABLE kept AS SELECT range FROM range(3)")
        w.stale = True
    with Warehouse.open(tmp_path / name, threads=1, read_only=True) as w:
        assert w.rows("SELECT count(*) FROM kept") == [(3,)]
    assert {path.name for path in tmp_path.iterdir()} == {name, f"{name}.lock"}


def test_a_hostile_file_name_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    folder = write_drop(tmp_path / "x" / NIGHT, orders_csv=None)
    (folder / "orders\x1b[2J\u202e\n.csv").write_bytes(b"")
    said = nightly(tmp_path / "x", tmp_path).stderr
    assert "orders‹U+001B›[2J‹U+202E›‹U+000A›.csv" in said
    assert said.rstrip("\n").isprintable()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_stops_the_night(tmp_path: Path, home: Path, name: str) -> None:
    fault, folder = FAULTS[name], write_drop(tmp_path / "x" / NIGHT)
    for file, data in fault.files.items():
        (folder / file).unlink(missing_ok=True)
        if data is not None:
            (folder / file).write_bytes(data)
    fault.do(folder)
    result = nightly(tmp_path / "x", home)
    assert result.exit_code == fault.code
    at = 0
    for part in fault.says:
        at = result.stderr.find(part, at)
        assert at >= 0, f"{part!r} in {result.stderr}"
    assert "Traceback" not in result.stderr
    assert "13812345678" not in result.stderr
    nothing_kept(home)


def test_a_file_that_grows_is_tried_again(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, finish = write_drop(tmp_path / "x" / NIGHT), text._Scan.finish

    def grow(scan: text._Scan, size: int) -> int:
        with (folder / "orders.csv").open("a") as file:
            file.write(order("q9") + "\n")
        return finish(scan, size)

    monkeypatch.setattr(text._Scan, "finish", grow)
    result = nightly(tmp_path / "x", home)
    assert result.exit_code == 6
    assert f"{NIGHT}/orders.csv: changed while it was read. Try again" in result.stderr
    nothing_kept(home)


def test_a_full_disk_is_said_to_be_one(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    write_drop(tmp_path / "x" / NIGHT)
    monkeypatch.setattr("jobs.door.together.prepare", full)
    result = nightly(tmp_path / "x", home)
    assert result.exit_code == 1
    assert "no space left" in result.stderr
    assert "free some and run again" in result.stderr
    nothing_kept(home)


def test_after_all_that_a_good_drop_is_loaded_to_the_row(tmp_path: Path, home: Path) -> None:
    rows = [order("q1"), order("q2", buyer_id='"ab1'), order("q3", amount="x"), order("q1", amount="5")]
    folder = write_drop(tmp_path / "x" / NIGHT, orders_csv=None)
    (folder / "orders 六月 (1).csv").write_text("\n".join([ORDERS, *rows]))
    (folder / "accounts[2]*.csv").write_text(f"{ACCOUNTS}\nab3,person,2024-01-01,\n")
    assert nightly(tmp_path / "x", home).exit_code == 0
    record = json.loads((home / "out" / f"run_date={NIGHT}" / "run.json").read_text())
    files = {f["path"]: (f["rows_read"], f["loaded"], f["superseded"], f["set_aside"]) for f in record["inputs"]}
    assert files[f"{NIGHT}/orders 六月 (1).csv"] == (4, 1, 1, 2)
    assert files[f"{NIGHT}/accounts[2]*.csv"] == (1, 1, 0, 0)
    rejects = pl.read_parquet(home / "out" / f"run_date={NIGHT}" / "rejects.parquet")
    assert rejects.select("line", "column", "reason", "raw").rows() == [
        (2, None, "wrong number of fields", rows[1]),
        (3, "amount", "bad type", rows[2]),
    ]
