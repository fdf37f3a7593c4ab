"""What real exports have in them: odd encodings, split files, columns nobody announced, broken rows.

Broken rows are added and carry ids of their own, so no good row is lost. Orders: BOM, CRLF, two files, the
second with its columns in another order, one order twice (the last line wins). Accounts: GB18030 and an
unknown column 备注. Parquet stays clean.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from jobs.simulate.write import opened

Row = dict[str, str]
T = TypeVar("T")

FAULTS: dict[str, tuple[tuple[str, Row], ...]] = {
    "orders": (
        ("negative number", {"amount": "-5.00"}),
        ("bad type", {"placed_at": "2025-02-30 10:00:00"}),
        ("bad type", {"votes_buyer": "nine"}),
        ("missing required value", {"buyer_id": ""}),
        ("value outside a closed set", {"complaint": "too_slow"}),
        ("paid_at before placed_at", {"placed_at": "2025-02-02 10:00:00", "paid_at": "2025-02-01 10:00:00"}),
    ),
    "accounts": (
        ("value outside a closed set", {"kind": "robot"}),
        ("missing required value", {"registered_at": ""}),
    ),
    "devices": (
        (
            "last_seen_at before first_seen_at",
            {"first_seen_at": "2025-03-02 10:00:00", "last_seen_at": "2025-03-01 10:00:00"},
        ),
        ("negative number", {"sessions": "-3"}),
    ),
    "chat_links": (
        ("value outside a closed set", {"target_kind": "fax"}),
        ("negative number", {"claimed_cny": "-1.00"}),
    ),
}
"""The reason, and the cells that break a copy of a good row; one row each.

Orders also get two rows with a wrong number of fields, chat_links as NDJSON one line of cut JSON instead.
"""

KEY_PREFIX = {"orders": "q", "accounts": "a", "devices": "a", "chat_links": "m"}
REMARKS = ("", "", "老客户,人很好", '常说"信得过",偶尔还价', "已电话核实")


def dirty(folder: Path) -> None:
    """Dirty the text files of one drop."""
    for table in ("orders", "accounts", "devices", "chat_links"):
        (path,) = folder.glob(f"{table}.*")
        if path.suffix == ".parquet":
            continue
        text = _read(path)
        if ".ndjson" in path.name:
            _write(path, _dirty_ndjson(table, text).encode())
            continue
        header, *lines = text.splitlines()
        if len(lines) < 2:
            continue
        columns = header.split(",")
        if table == "orders":
            _dirty_orders(path, columns, lines)
        elif table == "accounts":
            rows = [[*line.split(","), REMARKS[place % len(REMARKS)]] for place, line in enumerate(lines)]
            rows = _spread(rows, [[*row, ""] for row in _broken(table, columns, lines[-1])])
            _write(path, _csv([[*columns, "备注"], *rows], "\n").encode("gb18030"))
        else:
            rows = _spread([line.split(",") for line in lines], _broken(table, columns, lines[-1]))
            _write(path, _csv([columns, *rows], "\n").encode())


def _dirty_orders(path: Path, columns: list[str], lines: list[str]) -> None:
    middle = len(lines) // 2
    first, second = ([line.split(",") for line in part] for part in (lines[:middle], lines[middle:]))
    # An earlier line of an order that comes again: superseded.
    stale = list(first[-1])
    stale[columns.index("amount")] = "1.00"
    broken = _broken("orders", columns, lines[-1])
    too_many = [f"{KEY_PREFIX['orders']}{'f' * 8}00", *first[-1][1:], "234.00"]
    first = [stale, *_spread(first, [*broken, too_many, too_many[:3]])]
    name = path.name.removeprefix("orders")
    _write(path.with_name(f"orders_1{name}"), b"\xef\xbb\xbf" + _csv([columns, *first], "\r\n").encode())
    turned = [row[::-1] for row in second]
    _write(path.with_name(f"orders_2{name}"), _csv([columns[::-1], *turned], "\r\n").encode())
    path.unlink()


def _dirty_ndjson(table: str, text: str) -> str:
    lines = text.splitlines()
    good = json.loads(lines[-1])
    broken = []
    for number, (_, cells) in enumerate(FAULTS[table]):
        broken.append(json.dumps(good | {"message_id": _key(table, number)} | cells))
    broken.append(json.dumps(good)[: len(lines[-1]) // 2])
    return "\n".join(_spread(lines, broken)) + "\n"


def _key(table: str, number: int) -> str:
    return f"{KEY_PREFIX[table]}{'f' * 8}{number + 1:02d}"


def _broken(table: str, columns: list[str], good: str) -> list[list[str]]:
    """One broken copy of a good line for each fault, under an id of its own."""
    rows = []
    for number, (_, cells) in enumerate(FAULTS[table]):
        row = dict(zip(columns, good.split(","), strict=True)) | {columns[0]: _key(table, number)} | cells
        rows.append([row[column] for column in columns])
    return rows


def _spread(rows: list[T], more: list[T]) -> list[T]:
    """`more` among `rows`, at even distances, never last."""
    step = max(1, len(rows) // (len(more) + 1))
    for place, row in enumerate(more):
        rows.insert(min((place + 1) * step + place, len(rows) - 1), row)
    return rows


def _csv(rows: Iterable[list[str]], end: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    return text.getvalue()


def _read(path: Path) -> str:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()


def _write(path: Path, raw: bytes) -> None:
    with opened(path) as file:
        file.write(raw)
