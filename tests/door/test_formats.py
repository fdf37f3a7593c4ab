"""Every spelling that the contract allows gives the same rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.errors import ExportError
from tests.door.drops import ACCOUNTS, ORDERS, loaded, order, rejects, write_drop

SHARED_ROW = ("q1", "ab1", "ab2", 1234, datetime(2025, 6, 20, 10), datetime(2025, 6, 20, 11), False)
QUERY = "SELECT order_id, buyer_id, seller_id, amount_fen, placed_at, paid_at, buyer_warned FROM orders_rows"
HEADER, LINE = ORDERS.split(","), order().split(",")
OBJECT = {name: cell for name, cell in zip(HEADER, LINE, strict=True) if cell}


def typed_frame() -> pl.DataFrame:
    """The order with the types that a database would give it."""
    return pl.DataFrame(
        {
            "order_id": ["q1"],
            "buyer_id": ["ab1"],
            "seller_id": ["ab2"],
            "category": ["phone"],
            "amount": [12.34],
            "placed_at": [datetime(2025, 6, 20, 10)],
            "paid_at": pl.Series([datetime(2025, 6, 20, 3)]).dt.replace_time_zone("UTC"),
            "votes_buyer": [None],
            "buyer_warned": [False],
        }
    )


def parquet(folder: Path) -> bytes:
    """Bytes of `typed_frame` as Parquet."""
    typed_frame().write_parquet(folder / "bytes")
    return (folder / "bytes").read_bytes()


TEXTS = {
    "plain": f"{ORDERS}\n{order()}\n",
    "no last line end": f"{ORDERS}\n{order()}",
    "bom": f"\ufeff{ORDERS}\n{order()}\n",
    "crlf": f"{ORDERS}\r\n{order()}\r\n",
    "mixed line ends": f"{ORDERS}\r\n{order()}\n",
    "blank lines": f"{ORDERS}\n\n{order()}\n\n\n",
    "all quoted": '"' + ORDERS.replace(",", '","') + '"\n"' + order().replace(",", '","') + '"\n',
    "other order": ",".join(HEADER[::-1]) + "\n" + ",".join(LINE[::-1]) + "\n",
    "unknown column": f"{ORDERS},备注\n{order()},老客户\n",
    "quoted line end": f'{ORDERS},备注\n{order()},"two\nlines, ""quoted"""\n',
    "offsets": f"{ORDERS}\n{order(placed_at='2025-06-20T02:00:00Z', paid_at='2025-06-20T05:00:00.000+02:00')}\n",
    "short times": f"{ORDERS}\n{order(placed_at='2025-06-20T10:00', paid_at='2025-06-20T11:00+08')}\n",
    "money": f"{ORDERS}\n{order(amount='12.3400')}\n",
    "booleans": f"{ORDERS}\n{order(buyer_warned='FALSE')}\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_csv_spellings(tmp_path: Path, name: str) -> None:
    write_drop(tmp_path / "x", orders_csv=TEXTS[name])
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        assert rejects(w) == []
        assert w.rows(QUERY) == [SHARED_ROW]
        assert report.files[0].rows_read == report.files[0].loaded == 1
        assert report.files[0].unknown == (("备注",) if "备注" in TEXTS[name] else ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("suffix", ["csv", "csv_gz"])
def test_encodings(tmp_path: Path, encoding: str, suffix: str) -> None:
    data = f"{ACCOUNTS},备注\nab1,person,2024-01-01,张\nab2,robot,2024-01-01,,新注册\n".replace("张", ",疑似小号")
    write_drop(tmp_path / "x", **{"accounts_csv": None, f"accounts_{suffix}": data.encode(encoding)})
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        assert w.rows("SELECT account_id FROM accounts_rows") == [("ab1",)]
        assert w.rows("SELECT raw FROM rejects_rows") == [("ab2,robot,2024-01-01,,新注册",)]
        assert [f.unknown for f in report.files if f.table == "accounts"] == [("备注",)]


@pytest.mark.parametrize("suffix", ["ndjson", "ndjson_gz"])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(OBJECT) + "\n",
        json.dumps({**OBJECT, "amount": 12.34, "buyer_warned": False, "extra": {"a": [1]}}, ensure_ascii=False),
        json.dumps({**OBJECT, "payer_id": None, "payee_id": ""}) + "\r\n",
        "\n" + json.dumps(OBJECT) + "\n\n",
    ],
)
def test_ndjson(tmp_path: Path, suffix: str, text: str) -> None:
    write_drop(tmp_path / "x", orders_csv=None, **{f"orders_{suffix}": text})
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        assert rejects(w) == []
        assert w.rows(QUERY) == [SHARED_ROW]
        assert report.files[0].unknown == (("extra",) if "extra" in text else ())


def test_parquet_with_native_types(tmp_path: Path) -> None:
    write_drop(tmp_path / "x", orders_csv=None, orders_parquet=parquet(tmp_path))
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert w.rows(QUERY) == [SHARED_ROW]


UTC_10, UTC_11 = datetime(2025, 6, 20, 2, tzinfo=UTC), datetime(2025, 6, 20, 3, tzinfo=UTC)
LOCAL_10, LOCAL_11 = datetime(2025, 6, 20, 10), datetime(2025, 6, 20, 11)
ARROW: dict[str, dict[str, pa.Array]] = {
    **{
        f"timestamp[{unit}]": {
            "placed_at": pa.array([LOCAL_10], pa.timestamp(unit)),
            "paid_at": pa.array([LOCAL_11], pa.timestamp(unit)),
        }
        for unit in ("s", "ms", "us", "ns")
    },
    **{
        f"timestamp[{unit}] with zone": {
            "placed_at": pa.array([UTC_10], pa.timestamp(unit, "UTC")),
            "paid_at": pa.array([UTC_11], pa.timestamp(unit, "Asia/Shanghai")),
        }
        for unit in ("s", "ms", "us", "ns")
    },
    "narrow decimal": {"amount": pa.array([Decimal("12.34")], pa.decimal128(9, 2))},
    "wide decimal": {"amount": pa.array([Decimal("12.34")], pa.decimal128(38, 6))},
    "float32": {"amount": pa.array([12.34], pa.float32())},
    "small integers": {"votes_buyer": pa.array([9], pa.int8()), "buyer_warned": pa.array([0], pa.uint8())},
    "float of an integer": {"votes_buyer": pa.array([9.0])},
    "dictionaries": {n: pa.array([OBJECT[n]]).dictionary_encode() for n in ("order_id", "category", "seller_id")},
    "other strings": {
        "order_id": pa.array(["q1"], pa.large_string()),
        "buyer_id": pa.array(["ab1"], pa.string_view()),
        "seller_id": pa.array([b"ab2"], pa.binary()),
    },
    "columns of nothing": {"complaint": pa.nulls(1), "votes_buyer": pa.nulls(1), "tags": pa.array([[1, 2]])},
}


@pytest.mark.parametrize("name", ARROW)
def test_parquet_types(tmp_path: Path, name: str) -> None:
    columns = {n: pa.array([cell]) for n, cell in OBJECT.items()} | ARROW[name]
    pq.write_table(pa.table(columns), tmp_path / "bytes")
    write_drop(tmp_path / "x", orders_csv=None, orders_parquet=(tmp_path / "bytes").read_bytes())
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert rejects(w) == []
        assert w.rows(QUERY) == [SHARED_ROW]


OURS = ("door_line", "file_index", "file_row_number", "filename", "line", "v_amount")
"""What statements of the door call things."""


@pytest.mark.parametrize(("files", "names"), [*((1, [name]) for name in OURS), (20, OURS)])
def test_no_name_of_an_unknown_column_does_harm(tmp_path: Path, files: int, names: Sequence[str]) -> None:
    folder = write_drop(tmp_path / "x", orders_csv=None)
    for number in range(files):
        two = [{**OBJECT, **dict.fromkeys(names, cell), "order_id": f"{cell}{number}"} for cell in ("7", "x")]
        two[1]["amount"] = "x"
        pl.DataFrame(two).write_parquet(folder / f"orders{number:02}.parquet")
    with loaded(tmp_path, folder) as (w, report):
        assert w.rows("SELECT count(DISTINCT order_id), max(line) FROM orders_rows") == [(files, 1)]
        assert rejects(w) == [(f"orders{number:02}.parquet", 2, "amount", "bad type") for number in range(files)]
        assert {f.unknown for f in report.files if f.table == "orders"} == {tuple(names)}


def test_parquet_rows_are_set_aside_as_json(tmp_path: Path) -> None:
    bad = typed_frame().with_columns(amount=pl.lit(-1), placed_at=pl.lit(None, pl.Datetime))
    pl.concat([typed_frame(), bad.cast({"amount": pl.Float64})]).write_parquet(tmp_path / "bytes")
    write_drop(tmp_path / "x", orders_csv=None, orders_parquet=(tmp_path / "bytes").read_bytes())
    with loaded(tmp_path, tmp_path / "x") as (w, _):
        assert rejects(w) == [
            ("orders.parquet", 2, "amount", "negative number"),
            ("orders.parquet", 2, "placed_at", "missing value"),
        ]
        assert json.loads(str(w.rows("SELECT raw FROM rejects_rows")[0][0]))["order_id"] == "q1"
        assert w.rows("SELECT line FROM orders_rows") == [(1,)]


def test_rename_zone_and_several_files(tmp_path: Path) -> None:
    theirs = ORDERS.replace("order_id", "订单 号")
    write_drop(
        tmp_path / "x",
        orders_csv=None,
        **{"orders 二_csv": f"{theirs}\n{order('q2')}\n", "orders 一_csv": f"{theirs}\n{order('q1', paid_at='')}\n"},
    )
    renamed = {"orders": {"订单 号": "order_id"}}
    with loaded(tmp_path, tmp_path / "x", zone="UTC", rename=renamed) as (w, report):
        assert w.rows("SELECT order_id, line, path FROM orders_rows JOIN files USING (file_id) ORDER BY 1") == [
            ("q1", 1, "orders 一.csv"),
            ("q2", 1, "orders 二.csv"),
        ]
        assert report.dates == [date(2025, 6, 21)]


def test_the_last_line_wins_in_name_order(tmp_path: Path) -> None:
    write_drop(
        tmp_path / "x",
        orders_csv=None,
        orders_1_csv=f"{ORDERS}\n{order(amount='1')}\n{order(amount='2')}\n{order('q2')}\n{order(amount='-1')}\n",
        orders_2_csv=f"{ORDERS}\n{order(amount='3')}\n{order('q2', amount='x')}\n",
    )
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        assert w.rows("SELECT order_id, amount_fen, line FROM orders_rows ORDER BY 1") == [
            ("q1", 300, 1),
            ("q2", 1234, 3),
        ]
        counts = [(f.rows_read, f.loaded, f.superseded, f.set_aside) for f in report.files if f.table == "orders"]
        assert counts == [(4, 1, 2, 1), (2, 1, 0, 1)]


def test_parquet_names_that_differ_in_case_alone_are_different_columns(tmp_path: Path) -> None:
    row = {"PHONE_ID": "other", "account_id": "ab1", "kind": "shop", "registered_at": "2024-01-01", "phone_id": "t1"}
    write_drop(tmp_path / "x", accounts_csv=None)
    pq.write_table(pa.table({name: [value] for name, value in row.items()}), tmp_path / "x" / "accounts.parquet")
    with loaded(tmp_path, tmp_path / "x") as (w, report):
        assert w.rows("SELECT account_id, phone_id FROM accounts_rows") == [("ab1", "t1")]
        assert [f.unknown for f in report.files if f.table == "accounts"] == [("PHONE_ID",)]
    twice = pa.Table.from_arrays([pa.array([value]) for value in (*row.values(), "person")], names=[*row, "kind"])
    pq.write_table(twice, tmp_path / "x" / "accounts.parquet")
    with pytest.raises(ExportError, match="comes twice"), loaded(tmp_path / "again", tmp_path / "x"):
        pass
