"""The door's law on mutated drops: read = loaded + superseded + set aside, and lines lead back to their bytes.

A few examples of each; tests/fuzz/door.py, which `make fuzz` runs, throws thousands of drops at the same law.
"""

from __future__ import annotations

import csv
import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jobs.door.loading import LoadReport, load
from jobs.door.settings import DoorSettings
from jobs.errors import ExportError
from jobs.warehouse import Warehouse
from tests.door.drops import ORDERS, order, write_drop

WIDTH = ORDERS.count(",") + 1
CELLS = st.sampled_from(
    [
        "",
        "x",
        "-1",
        "1.5",
        "0",
        "ab1",
        " ",
        "true",
        "not_received",
        "2025-06-20 10:30:00",
        "2025-06-20",
        "老客",
        "é",
        "a\rb",
    ]
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line of an orders file: mostly good, else with a cell, a comma, a quote or everything wrong."""
    cells = order(f"q{draw(st.integers(0, 6))}").split(",")
    for _ in range(draw(st.integers(0, 2))):
        cells[draw(st.integers(0, WIDTH - 1))] = draw(CELLS)
    line = ",".join(cells)
    match draw(st.sampled_from(["as is"] * 6 + ["blank", "cut", "insert", "quoted"])):
        case "blank":
            return ""
        case "cut":
            return line[: draw(st.integers(0, len(line)))]
        case "insert":
            at = draw(st.integers(0, len(line)))
            return line[:at] + draw(st.sampled_from([",", '"', '""', ",,", '"\n', "\n", "\t", ";"])) + line[at:]
        case "quoted":
            return ",".join(f'"{cell}"' for cell in cells)
    return line


FILES = st.lists(lines(), max_size=12)
ENDS = st.sampled_from(["\n", "\r\n"])


def checked_load(tmp: Path, data: bytes, suffix: str) -> tuple[LoadReport, Warehouse] | None:
    """Load the drop in which `orders` has these bytes; None when it was refused, in which case nothing is kept."""
    write_drop(tmp / "2025-06-22", **{"orders_csv": None, f"orders_{suffix}": data})
    w = Warehouse.open(tmp / "w.duckdb", threads=2)
    try:
        return load(w, tmp, DoorSettings(), until=None), w
    except ExportError:
        assert w.rows("SELECT count(*) FROM orders_rows") == w.rows("SELECT count(*) FROM files") == [(0,)]
        w.close()
        return None


def nothing_lost(report: LoadReport, w: Warehouse) -> None:
    for record in report.files:
        assert record.rows_read == record.loaded + record.superseded + record.set_aside
    stored = w.rows("SELECT count(*), count(DISTINCT line), coalesce(min(line), 1) FROM orders_rows")[0]
    assert stored[0] == stored[1] == report.files[0].loaded
    assert stored[2] >= 1
    aside = w.rows("SELECT line FROM rejects_rows JOIN files USING (file_id) WHERE table_name = 'orders'")
    assert not set(aside) & set(w.rows("SELECT line FROM orders_rows"))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(FILES, ENDS, st.sampled_from(["utf-8", "gb18030"]), st.sampled_from(["csv", "csv_gz"]))
@example(['q1,"ab1', order("q2"), '"q3"' + order("q3")[2:]], "\n", "utf-8", "csv")
def test_nothing_is_lost_and_lines_are_right(content: list[str], end: str, encoding: str, suffix: str) -> None:
    text = end.join([ORDERS, *content])
    with tempfile.TemporaryDirectory() as folder:
        done = checked_load(Path(folder), text.encode(encoding), suffix)
        if done is None:
            return
        report, w = done
        with w:
            nothing_lost(report, w)
            _lines_lead_to_keys(w, text, report.files[0].rows_read)


def _lines_lead_to_keys(w: Warehouse, text: str, rows_read: int) -> None:
    """Where no quote blurs what a record is, count and content of every record are known without the door."""
    if '"' in text:
        return
    physical = [line for line in text.replace("\r\n", "\n").split("\n")[1:] if line.strip("\r")]
    assert rows_read == len(physical)
    for key, line in w.rows("SELECT order_id, line FROM orders_rows"):
        assert physical[line - 1].split(",")[0] == key
    for raw, line in w.rows(
        "SELECT raw, line FROM rejects_rows JOIN files USING (file_id) WHERE table_name = 'orders'"
    ):
        assert physical[line - 1].rstrip("\r") == raw.rstrip("\r")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.data())
def test_mutated_bytes_are_loaded_or_refused(data: st.DataObject) -> None:
    text = "\n".join([ORDERS + ",备注", *(f"{order(f'q{i}')},老客户" for i in range(20))]) + "\n"
    raw = bytearray(text.encode(data.draw(st.sampled_from(["utf-8", "gb18030"]))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with tempfile.TemporaryDirectory() as folder:
        done = checked_load(Path(folder), bytes(raw), data.draw(st.sampled_from(["csv", "csv_gz"])))
        if done is not None:
            with done[1]:
                nothing_lost(*done)


@pytest.mark.parametrize("bad_at", [(), (1,), (2, 3), (4096,), (1, 4095, 4096, 4097, 9000), tuple(range(10, 8000, 7))])
def test_numbers_in_a_long_file(tmp_path: Path, bad_at: tuple[int, ...]) -> None:
    rows = [order(f"q{i}") for i in range(1, 9001)]
    for line in bad_at:
        rows[line - 1] += ",x"
    write_drop(tmp_path / "x", orders_csv="\n".join([ORDERS, *rows]))
    with Warehouse.open(tmp_path / "w.duckdb", threads=2) as w:
        report = load(w, tmp_path / "x", DoorSettings(), until=None)
        assert report.files[0].set_aside == len(bad_at)
        assert w.rows("SELECT count(*) FROM orders_rows WHERE order_id <> 'q' || line") == [(0,)]
        assert [line for (line,) in w.rows("SELECT line FROM rejects_rows ORDER BY 1")] == sorted(bad_at)


def test_a_large_parallel_read_keeps_the_order(tmp_path: Path) -> None:
    rows = "\n".join(order(f"q{i}") for i in range(1, 300_001))
    write_drop(tmp_path / "x", orders_csv=None, orders_csv_gz=f"{ORDERS}\n{rows}\n")
    with Warehouse.open(tmp_path / "w.duckdb", threads=4) as w:
        load(w, tmp_path / "x", DoorSettings(), until=None)
        assert w.rows("SELECT count(*), count_if(order_id = 'q' || line) FROM orders_rows") == [(300_000, 300_000)]
        assert gzip.decompress((tmp_path / "x" / "orders.csv.gz").read_bytes()).count(b"\n") == 300_001


def test_every_record_of_a_quoted_file_is_the_standard_librarys(tmp_path: Path) -> None:
    rows = [[*order(f"q{i}").split(","), f'note {i}, "so"\nand on' if i % 3 else ""] for i in range(500)]
    path = write_drop(tmp_path / "x") / "orders.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[*ORDERS.split(","), "note"], *rows])
    with Warehouse.open(tmp_path / "w.duckdb", threads=2) as w:
        load(w, tmp_path / "x", DoorSettings(), until=None)
        assert w.rows("SELECT order_id, line FROM orders_rows ORDER BY line") == [(f"q{i}", i + 1) for i in range(500)]
