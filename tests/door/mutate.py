"""Drops in which every row has been tampered with, and files broken as files break on their way."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import polars as pl

from graph.exports import EXPORTS, Column, Export

ROWS = MappingProxyType({"orders": 60, "accounts": 24, "devices": 18, "chat_links": 18, "labels": 4})
Cells = dict[str, str]

TIMES = (
    "2025-06-20 10:00:00", "2025-06-20T10:00:00", "2025-06-20", "2025-06-20T02:00:00Z", "2025-06-20 10:00",
    "2025-06-20T10:00:00.123456789+08:00", "2025-06-19T21:00:00-0500", "2024-02-29 23:59:59.999999", "1999-12-31",
    "2025-02-29", "2025-6-20", "2025/06/20", "20250620", "2025-06-20 24:00:00", "2025-06-20 10:60:00", "infinity",
    "2025-06-20 10:00:60", "2025-06-20 10:00:00 ", "2025-06-20t10:00:00", "0000-01-01", "2025-06-20+08", "epoch",
    "２０２５-06-20", "2025-06-20 10:00:00.", "2025-06-20 10:00:00 BC", "294247-01-11", "2025-06-20T10:00Z",
    "2025-06-20  1:00:00", "2025-06-20 10: 5:00", "2025-06-20 10:05:0Z", "2025-06-20 10:05:0.", "2025-06-20 10:05:\t1",
)  # fmt: skip
NUMBERS = (
    "0", "1", "5.0", "-0", "+7", "007", "12.34", "12.340", "0.00", "-0.01", "1.005", "1e3", " 5", "5 ", "1,000",
    "9999999999999999.99", "10000000000000000", "9223372036854775807", "9223372036854775808", "0x1f", "NaN", "inf",
    ".5", "5.", "１２", "--1", "1_000", "¥5", "-9223372036854775808", "12.3456",
)  # fmt: skip
WORDS = (
    "true", "FALSE", "True", "yes", "other", "not_received", "shop", "person", "url", "watch", "buyer", "returned",
    "listing", "Listing", " listing", "NULL", "null", "\\N", "N/A", "老客", "é", "😀", "a b", " ", "\t", "\x1f", "\x7f",
    "'; DROP TABLE files; --", '"', 'a"b', '"a"', "a,b", "a\nb", "a\r\nb", "a\rb", "$drop", "{}", "[1]", "\\", "a\\",
    "\u200b", "\ufeff", "\u2028", "x" * 3000,
)  # fmt: skip


@dataclass(frozen=True)
class Spelling:
    """How one file is written."""

    suffix: str
    encoding: str
    end: str
    quote_all: bool


def drop(rng: random.Random) -> dict[str, bytes]:
    """One drop: file name -> bytes. Some files are broken as files too."""
    files: dict[str, bytes] = {}
    for export in EXPORTS:
        if export.optional and rng.random() < 0.5:
            continue
        columns = _columns(export, rng)
        rows = [_tampered(export, _row(export, n, rng), rng) for n in range(ROWS[export.name])]
        rows += rng.choices(rows, k=rng.choice((0, 0, 3)))
        pieces = rng.choice((1, 1, 2, 2, 6))
        size, kind = -(-len(rows) // pieces), rng.choice(("csv", "ndjson", "parquet"))
        for number, part in enumerate(rows[at : at + size] for at in range(0, pieces * size, size)):
            if part or not number:
                spelling = _spelling(rng, kind if pieces > 2 else "")
                name = f"{export.name}{rng.choice(('', '_', ' 二'))}{number}.{spelling.suffix}"
                files[name] = _broken(_written(export, columns, part, spelling, rng), spelling, rng)
    return files


def _spelling(rng: random.Random, kind: str) -> Spelling:
    suffixes = ("csv", "csv", "csv.gz", "ndjson", "ndjson.gz", "parquet")
    return Spelling(
        rng.choice([suffix for suffix in suffixes if suffix.startswith(kind)]),
        rng.choice(("utf-8", "utf-8", "utf-8-sig", "gb18030")),
        rng.choice(("\n", "\n", "\r\n")),
        rng.random() < 0.2,
    )


def _columns(export: Export, rng: random.Random) -> list[str]:
    names = [c.name for c in export.columns if c.required or rng.random() < 0.7]
    names += rng.choice(([], [], ["备注"], ["extra", "file_id", "line"]))
    if rng.random() < 0.3:
        rng.shuffle(names)
    if rng.random() < 0.003:
        names.remove(rng.choice(names))
    return names


def _row(export: Export, number: int, rng: random.Random) -> Cells:
    """A row without a fault."""
    cells = {"备注": "老客户", "extra": "1", "file_id": "7", "line": "1"}
    at = datetime(2025, 6, 1) + timedelta(minutes=number)
    for place, column in enumerate(export.columns):
        if column.name in export.key and column.type == "id":
            cells[column.name] = f"{column.name[0]}{number:05x}"
        elif column.type == "timestamp":
            cells[column.name] = str(at + timedelta(hours=place))
        else:
            cells[column.name] = _plain(column, rng)
    return cells


def _plain(column: Column, rng: random.Random) -> str:
    if column.values:
        return rng.choice(column.values)
    return {"money": "12.34", "integer": "3", "boolean": "true"}.get(column.type, f"h{rng.randrange(16**6):06x}")


def _tampered(export: Export, row: Cells, rng: random.Random) -> Cells:
    """The row with one to three cells replaced: by another spelling, by what is wrong, by what belongs elsewhere."""
    changed = dict(row)
    for column in rng.choices(export.columns, k=rng.choice((1, 1, 2, 3))):
        pool: Sequence[str] = {"timestamp": TIMES, "money": NUMBERS, "integer": NUMBERS}.get(column.type, WORDS)
        pool = rng.choice((pool, pool, pool, column.values or WORDS, TIMES + NUMBERS + WORDS, ("",)))
        changed[column.name] = rng.choice(pool)
    return changed


def _written(
    export: Export, columns: Sequence[str], rows: Sequence[Cells], spelling: Spelling, rng: random.Random
) -> bytes:
    if spelling.suffix == "parquet":
        return _parquet(export, columns, rows, rng)
    lines = _csv(columns, rows, spelling) if spelling.suffix.startswith("csv") else _ndjson(columns, rows, rng)
    if rng.random() < 0.4:
        lines = _broken_lines(lines, rng)
    text = spelling.end.join(lines) + rng.choice((spelling.end, ""))
    return text.encode(spelling.encoding, "ignore")


def _csv(columns: Sequence[str], rows: Sequence[Cells], spelling: Spelling) -> list[str]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\0", quoting=csv.QUOTE_ALL if spelling.quote_all else csv.QUOTE_MINIMAL)
    writer.writerows([columns, *([row[name] for name in columns] for row in rows)])
    return out.getvalue().split("\0")[:-1]


def _ndjson(columns: Sequence[str], rows: Sequence[Cells], rng: random.Random) -> list[str]:
    def cell(text: str) -> object:
        if text in ("true", "12.34", "3", "-0.01") and rng.random() < 0.5:
            return json.loads(text)
        return None if text == "" and rng.random() < 0.5 else text

    ascii_only = rng.random() < 0.5
    return [
        json.dumps({n: cell(row[n]) for n in columns if row[n] or rng.random() < 0.5}, ensure_ascii=ascii_only)
        for row in rows
    ]


def _parquet(export: Export, columns: Sequence[str], rows: Sequence[Cells], rng: random.Random) -> bytes:
    native = {
        "timestamp": rng.choice((pl.String, pl.Datetime("us"), pl.Datetime("ms", "UTC"), pl.Date)),
        "money": rng.choice((pl.String, pl.Float64, pl.Decimal(18, 2))),
        "integer": rng.choice((pl.String, pl.Int32)),
        "boolean": rng.choice((pl.String, pl.Boolean)),
    }
    types = {c.name: native.get(c.type, pl.String) for c in export.columns}
    frame = pl.DataFrame(
        {n: [row[n] or None for row in rows] for n in columns}, schema=dict.fromkeys(columns, pl.String)
    )
    casts = [_cast(name, types.get(name, pl.String)) for name in columns]
    out = io.BytesIO()
    frame.select(casts).write_parquet(out, row_group_size=rng.choice((None, 7)))
    return out.getvalue()


def _cast(name: str, kind: object) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        return column.str.to_datetime(
            "%Y-%m-%d %H:%M:%S", time_unit=kind.time_unit, time_zone=kind.time_zone, strict=False
        )
    if kind == pl.Date:
        return column.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if kind == pl.Boolean:
        return column == "true"
    if kind == pl.Decimal(18, 2):
        number = column.cast(pl.Float64, strict=False)
        return pl.when(number.abs() < 1e15).then(number).cast(pl.Decimal(18, 2))
    return column.cast(kind, strict=False)  # type: ignore[arg-type]


def _broken_lines(lines: Sequence[str], rng: random.Random) -> list[str]:
    """Some lines cut, joined, doubled, or with what splits fields and lines in the wrong place."""
    out = list(lines)
    for _ in range(rng.choice((1, 2, 5, 20))):
        at = rng.randrange(min(1, len(out) - 1), len(out)) if rng.random() < 0.98 else 0
        line, place = out[at], rng.randrange(len(out[at]) + 1)
        stray = rng.choice(
            (",", '"', '""', ",,", '"\n', "\n", "\t", ";", "\r", "\r\n", "{", "}", '",', ',"', "\\", " ")
        )
        match rng.choice(("insert", "insert", "cut", "blank", "blanks", "twice", "swap", "foreign")):
            case "insert":
                out[at] = line[:place] + stray + line[place:]
            case "cut":
                out[at] = line[:place]
            case "blank":
                out.insert(at, "")
            case "blanks":
                out.insert(at, rng.choice((" ", "\t", "  ")))
            case "twice":
                out.insert(at, line)
            case "swap":
                other = rng.randrange(min(1, len(out) - 1), len(out))
                out[at], out[other] = out[other], out[at]
            case "foreign":
                out[at] = rng.choice(("[]", "null", "1", '"x"', "<html>", "# comment", "(4 rows)", ",", '""'))
    return out


def _broken(data: bytes, spelling: Spelling, rng: random.Random) -> bytes:
    """Bytes flipped, lost, doubled or cut off, before or after packing; 97 files in a hundred pass whole."""
    packed = gzip.compress(data, mtime=0) if spelling.suffix.endswith("gz") else data
    if rng.random() < 0.97:
        return packed
    if packed is not data and rng.random() < 0.7:
        return gzip.compress(_hit(data, rng), mtime=0)
    return _hit(packed, rng)


def _hit(data: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(data) or 1), rng.choice((1, 1, 2, 8, 200))
    return rng.choice(_HITS)(data, at, length, rng)


_HITS: tuple[Callable[[bytes, int, int, random.Random], bytes], ...] = (
    lambda data, at, n, rng: data[:at] + rng.randbytes(n) + data[at + n :],
    lambda data, at, n, rng: data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :] if data else b"x",
    lambda data, at, n, rng: data[:at] + data[at + n :],
    lambda data, at, n, rng: data[: at + n] + data[at:],
    lambda data, at, n, rng: data[:at],
    lambda data, at, n, rng: data + rng.randbytes(n),
    lambda data, at, n, rng: data[:at] + rng.choice((b"\0", b"\xff", b"\n", b"\r", b'"', "老客".encode())) + data[at:],
    lambda data, at, n, rng: data[:at] + "老客户,验".encode(rng.choice(("utf-8", "gb18030"))) + data[at:],
    lambda data, at, n, rng: rng.choice((b"", b"\n", b"PAR1", b"{", b"<html>", data[::-1])),
)
