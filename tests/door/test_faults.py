"""Every fault that the contract knows: of a row, which is set aside, and of a file, which stops the night."""

from __future__ import annotations

import gzip
import os
import random
from datetime import date
from pathlib import Path

import duckdb
import pytest

from jobs.door import text
from jobs.door.discover import drops
from jobs.door.loading import load
from jobs.door.settings import DoorSettings
from jobs.errors import BusyError, ExportError, NotYetError, RingwatchError, UsageError
from jobs.warehouse import Warehouse
from tests.door.drops import ACCOUNTS, CHAT, DEVICES, ORDERS, loaded, order, rejects, write_drop

ROWS = {
    "bad type": [
        {"amount": "1,5".replace(",", ";")},
        {"amount": "1.005"},
        {"amount": "1e3"},
        {"amount": " 5"},
        {"amount": "99999999999999999.00"},
        {"placed_at": "2025-02-30 10:00:00"},
        {"placed_at": "2025-6-2"},
        {"placed_at": "infinity"},
        {"placed_at": "2025/06/02"},
        {"placed_at": "2025-06-02  1:00:00"},
        {"placed_at": "2025-06-02 10: 5:00"},
        {"placed_at": "2025-06-02 10:05:0Z"},
        {"placed_at": "2025-06-02T10:00:00 +08:00"},
        {"votes_buyer": "1.5"},
        {"votes_buyer": "99999999999999999999"},
        {"buyer_warned": "yes"},
    ],
    "missing value": [{"buyer_id": ""}, {"amount": ""}, {"placed_at": ""}],
    "negative number": [{"amount": "-0.01"}, {"votes_buyer": "-1"}],
    "not one of the allowed values": [{"complaint": "NOT_RECEIVED"}, {"complaint": " "}],
    "paid_at before placed_at": [{"paid_at": "2025-06-20 09:59:59"}],
}


@pytest.mark.parametrize("reason", ROWS)
def test_row_faults_are_set_aside_with_their_column(tmp_path: Path, reason: str) -> None:
    lines = [order(f"q{i}", **cells) for i, cells in enumerate(ROWS[reason])]
    write_drop(tmp_path / "x", orders_csv="\n".join([ORDERS, order("good"), *lines, order("last")]))
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        expected = [("orders.csv", i + 2, next(iter(cells)), reason) for i, cells in enumerate(ROWS[reason])]
        assert rejects(w) == expected
        assert [raw for (raw,) in w.rows("SELECT raw FROM rejects_rows ORDER BY line")] == lines
        assert w.rows("SELECT order_id, line FROM orders_rows ORDER BY line") == [("good", 1), ("last", len(lines) + 2)]


def test_words_that_the_contract_does_not_close_are_kept(tmp_path: Path) -> None:
    write_drop(tmp_path / "x", orders_csv=f"{ORDERS},channel\n{order(category='pets')},group_buy\n")
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert w.rows("SELECT channel, category FROM orders_rows") == [("group_buy", "pets")]


def test_every_failing_column_is_named(tmp_path: Path) -> None:
    bad = order(buyer_id="", amount="-1", paid_at="1999-01-01", complaint="x", votes_buyer="y", buyer_warned="z")
    write_drop(
        tmp_path / "x",
        orders_csv=f"{ORDERS}\n{order()}\n{bad}\n",
        devices_csv=f"{DEVICES}\nab1,d1,2025-01-02,2025-01-01,-1\n",
    )
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert [(column, reason) for _, _, column, reason in rejects(w)] == [
            ("last_seen_at", "last_seen_at before first_seen_at"),
            ("sessions", "negative number"),
            ("amount", "negative number"),
            ("buyer_id", "missing value"),
            ("buyer_warned", "bad type"),
            ("complaint", "not one of the allowed values"),
            ("paid_at", "paid_at before placed_at"),
            ("votes_buyer", "bad type"),
        ]


def test_lines_of_another_width(tmp_path: Path) -> None:
    lines = [order("a"), order("b") + ",", order("c") + ",x,y", "only,three,fields", order("d"), "", order("e"), "x"]
    write_drop(tmp_path / "x", orders_csv="\n".join([ORDERS, *lines]))
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        assert rejects(w) == [("orders.csv", line, None, "wrong number of fields") for line in (2, 3, 4, 7)]
        assert w.rows("SELECT order_id, line FROM orders_rows ORDER BY line") == [("a", 1), ("d", 5), ("e", 6)]
        assert report.files[0].rows_read == 7


@pytest.mark.parametrize("quoted", [False, True])
def test_an_unclosed_quote_loses_no_good_line(tmp_path: Path, quoted: bool) -> None:
    good = [order(f"g{i}") for i in range(50)]
    if quoted:
        good[40] = '"g40",' + good[40].split(",", 1)[1]
    lines = [*good[:10], order("bad", buyer_id='"ab1'), *good[10:]]
    write_drop(tmp_path / "x", orders_csv="\n".join([ORDERS, *lines]) + "\n")
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert rejects(w) == [("orders.csv", 11, None, "wrong number of fields")]
        assert [row[0] for row in w.rows("SELECT order_id FROM orders_rows ORDER BY line")] == [
            f"g{i}" for i in range(50)
        ]
        assert w.rows("SELECT raw FROM rejects_rows") == [(lines[10],)]


def test_two_stray_quotes_in_an_id_column_swallow_nothing(tmp_path: Path) -> None:
    lines = [order("a", buyer_id='"ab1'), order("b"), order("c"), order("d", buyer_id='ab1"'), order("e")]
    write_drop(tmp_path / "x", orders_csv="\n".join([ORDERS, *lines]) + "\n")
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert w.rows("SELECT order_id, line FROM orders_rows ORDER BY line") == [
            ("b", 2),
            ("c", 3),
            ("d", 4),
            ("e", 5),
        ]
        assert rejects(w) == [("orders.csv", 1, None, "wrong number of fields")]


def test_an_id_in_quotes_may_hold_a_line_end(tmp_path: Path) -> None:
    lines = [
        '"a\n2","ab1","ab2","phone","1","2025-06-20","","","",""',
        order('"b\n"'),
        order("c", buyer_id='"a,""\r\nb"'),
    ]
    write_drop(tmp_path / "x", orders_csv="\n".join([ORDERS, *lines]) + "\n")
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert w.rows("SELECT order_id, buyer_id, line FROM orders_rows ORDER BY line") == [
            ("a\n2", "ab1", 1),
            ("b\n", "ab1", 2),
            ("c", 'a,"\r\nb', 3),
        ]
        assert rejects(w) == []


def test_broken_json(tmp_path: Path) -> None:
    good = '{"account_id":"ab%d","kind":"person","registered_at":"2024-01-01"}'
    lines = [good % 1, "{", good % 2, "[1]", '"x"', good % 3 + "}", "\x1f", good % 4]
    # DuckDB alone reads the first three.
    endings = (", }", ',"owner_id":NaN}', ',"x":[-Infinity]}', ',"x":": NaN,}\\",]"}')
    lines += [(good % 5)[:-1] + ending for ending in endings]
    write_drop(tmp_path / "x", accounts_csv=None, accounts_ndjson="\n".join(lines))
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        broken = (2, 4, 5, 6, 7, 9, 10, 11)
        assert rejects(w) == [("accounts.ndjson", line, None, "broken JSON") for line in broken]
        assert w.rows("SELECT account_id, line FROM accounts_rows ORDER BY 2") == [
            ("ab1", 1),
            ("ab2", 3),
            ("ab4", 8),
            ("ab5", 12),
        ]


HASHED = "".join(random.Random(1).choices("0123456789abcdef", k=100_000))
MANY = "\n".join(f"a{i:015x},person,2024-01-01,{HASHED[16 * i : 16 * i + 16]}" for i in range(2000))
FILES: dict[str, dict[str, str | bytes | None]] = {
    "missing export": {"devices_csv": None},
    "zero bytes": {"orders_csv": b""},
    "zero bytes in gzip": {"orders_csv": None, "orders_csv_gz": b""},
    "zero bytes of ndjson": {"orders_csv": None, "orders_ndjson": b""},
    "no header": {"orders_csv": order() + "\n"},
    "missing required column": {"accounts_csv": "account_id,registered_at\nab1,2024-01-01\n"},
    "duplicate column": {"accounts_csv": f"{ACCOUNTS},kind\nab1,person,2024-01-01,t0,person\n"},
    "wrong delimiter": {"accounts_csv": f"{ACCOUNTS}\nab1,person,2024-01-01,t0\n".replace(",", ";")},
    "html": {"accounts_csv": "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"},
    "parquet called csv": {"accounts_csv": b"PAR1\x15\x04\x15\x10" + bytes(range(256)) + b"PAR1"},
    "csv called parquet": {"accounts_csv": None, "accounts_parquet": f"{ACCOUNTS}\nab1,person,2024-01-01,t0\n"},
    "csv called ndjson": {"accounts_csv": None, "accounts_ndjson": f"{ACCOUNTS}\nab1,person,2024-01-01,t0\n"},
    "a JSON array": {
        "accounts_csv": None,
        "accounts_ndjson": '[\n{"account_id":"ab1","kind":"person","registered_at":"2024-01-01"}\n]\n',
    },
    "JSON over many lines": {
        "accounts_csv": None,
        "accounts_ndjson": '{\n"account_id":"ab1",\n"kind":"person",\n"registered_at":"2024-01-01"\n}\n',
    },
    "ndjson without a required key": {"accounts_csv": None, "accounts_ndjson": '{"account_id":"ab1"}\n'},
    "text called gzip": {"accounts_csv": None, "accounts_csv_gz": None},
    "NUL": {"accounts_csv": f"{ACCOUNTS}\nab1,person,2024-01-01,t0\nab\0,person,2024-01-01,t0\n"},
    "utf-16": {"accounts_csv": f"{ACCOUNTS}\nab1,person,2024-01-01,t0\n".encode("utf-16")},
    "neither encoding": {"accounts_csv": ACCOUNTS.encode() + b"\nab1,person,2024-01-01,\xff\xff\n"},
    "both encodings": {
        "accounts_csv": f"{ACCOUNTS}\nab1,person,2024-01-01,老客老客\n".encode()
        + "ab2,shop,2024-01-01,新注册\n".encode("gb18030")
    },
    "endless line": {"accounts_csv": f"{ACCOUNTS}\nab1,person,2024-01-01,{'t' * 50_000_000}\n"},
}


@pytest.mark.parametrize("name", FILES)
def test_file_faults_stop_the_night_and_keep_nothing(tmp_path: Path, name: str) -> None:
    folder = write_drop(tmp_path / "x" / "2025-06-22", **FILES[name])
    if name == "text called gzip":
        (folder / "accounts.csv.gz").write_text(f"{ACCOUNTS}\nab1,person,2024-01-01,t0\n")
    with Warehouse.open(tmp_path / "w.duckdb") as w:
        with pytest.raises(ExportError) as caught:
            load(w, tmp_path / "x", DoorSettings(), until=None)
        assert caught.value.exit_code == 3
        assert "2025-06-22" in str(caught.value)
        assert [w.rows(f"SELECT count(*) FROM {t}") for t in ("orders_rows", "accounts_rows", "files")] == [[(0,)]] * 3


@pytest.mark.parametrize("cut", [20, 40, 60])
def test_truncated_gzip_and_parquet(tmp_path: Path, cut: int) -> None:
    whole = gzip.compress(f"{ORDERS}\n{order()}\n".encode())
    write_drop(tmp_path / "x", orders_csv=None)
    (tmp_path / "x" / "orders.csv.gz").write_bytes(whole[:cut])
    with pytest.raises(ExportError, match="gzip"), loaded(tmp_path, tmp_path / "x"):
        pass


def test_undecodable_line_is_named(tmp_path: Path) -> None:
    write_drop(tmp_path / "x", accounts_csv=ACCOUNTS.encode() + b"\nab1,person,2024-01-01,\n\xff,person,2024-01-01,\n")
    with pytest.raises(ExportError) as caught, loaded(tmp_path, tmp_path / "x"):
        pass
    assert (caught.value.file, caught.value.line) == ("accounts.csv", 2)


UTF8, LOCAL = "ab{},person,2024-01-01,老客户\n", "ab{},person,2024-01-01,新客户啊\n"


@pytest.mark.parametrize(("utf8", "local", "odd"), [("12345", "", "6"), ("12346", "5", ""), ("5", "12346", "")])
def test_the_line_in_another_encoding_is_named(tmp_path: Path, utf8: str, local: str, odd: str) -> None:
    lines = {n: UTF8.format(n).encode() for n in utf8} | {n: LOCAL.format(n).encode("gb18030") for n in local}
    lines |= dict.fromkeys(odd, b"ab6,person,2024-01-01,\xff\n")
    write_drop(tmp_path / "x", accounts_csv=ACCOUNTS.encode() + b"\n" + b"".join(lines[n] for n in sorted(lines)))
    with pytest.raises(ExportError, match="GB18030") as caught, loaded(tmp_path, tmp_path / "x"):
        pass
    assert caught.value.line == (6 if odd else 5)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path: Path, kind: str) -> None:
    folder = write_drop(tmp_path / "x")
    if kind == "link":
        (folder / "orders_2.csv").symlink_to(folder / "orders.csv")
    elif kind == "pipe":
        os.mkfifo(folder / "orders_2.csv")
    else:
        (folder / "orders_2.csv").mkdir()
    with pytest.raises(ExportError, match=r"orders_2\.csv"), loaded(tmp_path, folder):
        pass


def test_a_file_that_grows_while_read_is_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_drop(tmp_path / "x")
    finish = text._Scan.finish

    def grow(scan: text._Scan, size: int) -> int:
        with (folder / "orders.csv").open("a") as file:
            file.write(order("q9") + "\n")
        return finish(scan, size)

    monkeypatch.setattr(text._Scan, "finish", grow)
    with Warehouse.open(tmp_path / "w.duckdb") as w:
        with pytest.raises(NotYetError, match=r"orders\.csv"):
            load(w, folder, DoorSettings(), until=None)
        assert w.rows("SELECT count(*) FROM orders_rows") == [(0,)]


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("jobs.door.together.prepare", OSError(28, "No space left on device")),
        ("jobs.door.take.at_once", duckdb.IOException('Could not write file "w.duckdb.wal": File too large')),
    ],
)
def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception) -> None:
    def full(*_: object, **__: object) -> None:
        raise error

    write_drop(tmp_path / "x", orders_csv=None, orders_csv_gz=f"{ORDERS}\n{order()}\n")
    monkeypatch.setattr(step, full)
    with pytest.raises(RingwatchError, match="no space left"), loaded(tmp_path, tmp_path / "x"):
        pass


def test_not_there_yet(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(NotYetError):
            drops(folder)
    (tmp_path / "2025-06-22").mkdir()
    with pytest.raises(NotYetError), loaded(tmp_path, tmp_path):
        pass
    write_drop(tmp_path / "2025-06-22")
    with pytest.raises(NotYetError), loaded(tmp_path, tmp_path, ready_file="_READY"):
        pass
    (tmp_path / "2025-06-22" / "_READY").touch()
    with loaded(tmp_path, tmp_path, ready_file="_READY") as (_, report):
        assert report.dates == [date(2025, 6, 22)]


@pytest.mark.parametrize("dated", [False, True])
def test_a_run_date_before_the_oldest_drop(tmp_path: Path, dated: bool) -> None:
    folder = write_drop(tmp_path / "x" / "2025-06-22" if dated else tmp_path / "x")
    with pytest.raises(UsageError), loaded(tmp_path, tmp_path / "x", until=date(2025, 6, 1)):
        pass
    assert folder.exists()


def test_the_warehouse_is_held_by_one_run(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "w.duckdb"), pytest.raises(BusyError):
        Warehouse.open(tmp_path / "w.duckdb")
    (tmp_path / "w.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(RingwatchError, match="rebuild"):
        Warehouse.open(tmp_path / "w.duckdb")


def test_empty_tables_are_fine(tmp_path: Path) -> None:
    write_drop(tmp_path / "2025-06-22", orders_csv=ORDERS, devices_csv=DEVICES + "\n", chat_links_csv=CHAT + "\r\n")
    with loaded(tmp_path, tmp_path) as (_, report):
        assert [f.rows_read for f in report.files] == [0, 2, 0, 0]


@pytest.mark.parametrize("name", ["orders.csv", "orders.json"])
def test_an_export_is_no_warehouse(tmp_path: Path, name: str) -> None:
    text = b'{"a":1}\n' if name.endswith("json") else b"a,b\n1,2\n"
    (tmp_path / name).write_bytes(text)
    with pytest.raises(RingwatchError, match="no database"):
        Warehouse.open(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == text


def test_a_warehouse_is_a_file_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Warehouse.open(Path(":memory:")).close()
    assert (tmp_path / ":memory:").is_file()
