"""What the door must make of a drop, worked out one record at a time with the standard library: the oracle of `fuzz`.

Shares nothing with `jobs.door` but the definitions of the exports. Where a mutation blurs what bytes mean, it says so:
a drop may be refused for what stands in `may_refuse`, and a file that is not `exact` need only fulfil the law of
counts.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from graph.exports import EXPORTS, Column, Export

ZONE = ZoneInfo("Asia/Shanghai")
Value = str | int | bool | datetime | None
Fault = tuple[str | None, str]
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)


class RefusedError(Exception):
    """No honest reading of this file exists."""


@dataclass(frozen=True)
class Record:
    """One record: its text, and either its values by column or its faults. `values` None: it could not be split."""

    raw: str | None
    values: Mapping[str, Value] | None
    faults: frozenset[Fault]


@dataclass
class Expected:
    """What one file holds; record n is line n + 1."""

    export: Export
    records: list[Record] = field(default_factory=list)
    exact: bool = True
    may_refuse: set[str] = field(default_factory=set)


def expected(name: str, data: bytes) -> Expected:
    """Read one file of a drop. Raises RefusedError when the whole drop must be refused for it."""
    export = next(e for e in EXPORTS if name.startswith(e.name))
    if not data:
        raise RefusedError
    if name.endswith("parquet"):
        found = _parquet(export, data)
    else:
        data = _unpacked(data) if name.endswith(".gz") else data
        text, plain = _decoded(data)
        found = _csv(export, text) if ".csv" in name else _ndjson(export, text)
        if not plain and any(not line.isascii() and _is_utf8(line) for line in data.splitlines()):
            found.may_refuse.add("mixed in one file")
    for record in found.records:
        cells = (
            [record.raw or ""]
            if record.values is None
            else [
                str(record.values[c.name] or "") for c in export.columns if c.type == "id" and c.name in record.values
            ]
        )
        if any(sum(c.isdigit() for c in cell) > 10 for cell in cells):
            found.may_refuse.add("raw phone")
    return found


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unpacked(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise RefusedError from None


def _decoded(data: bytes) -> tuple[str, bool]:
    """The text, and whether it is plainly UTF-8: else it may be refused as a mixture."""
    if not data or b"\0" in data:
        raise RefusedError
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding), encoding != "gb18030"
        except UnicodeDecodeError:
            continue
    raise RefusedError


def _csv(export: Export, text: str) -> Expected:
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    names, width = _header(lines[0].rstrip("\r")), 0
    places = _places(export, names)
    strict = {places[c.name] for c in export.columns if c.name in places and (c.type != "text" or c.values)}
    found, at, width = Expected(export), 1, len(names)
    while at < len(lines):
        if not lines[at].strip("\r"):
            at += 1
            continue
        cells, span = _split(lines, at, width, strict)
        raw = "\n".join(lines[at : at + span]).rstrip("\r")
        if cells is None:
            found.records.append(Record(raw, None, frozenset({(None, "wrong number of fields")})))
        else:
            found.records.append(_judged(export, raw, {n: cells[p] or None for n, p in places.items()}))
        at += span
    return found


def _header(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        raise RefusedError from None


def _split(lines: Sequence[str], at: int, width: int, strict: set[int]) -> tuple[list[str] | None, int]:
    """The record that starts on line `at` and how many lines it takes; a broken one takes its first line alone."""
    cells, span = _first(lines[at : at + 1000])
    if cells is None or len(cells) != width:
        return None, 1
    runs_over = any("\n" in cells[place] for place in strict)
    if runs_over and any(_alone(line.rstrip("\r"), width) for line in lines[at + 1 : at + span]):
        return None, 1
    return cells, span


def _alone(line: str, width: int) -> bool:
    """A record on one line, of which every quote stands round a field or is doubled inside one."""
    cells, rest = _first([line])[0] or (), f"{line},"
    for cell in cells:
        quoted = '"' + cell.replace('"', '""') + '",'
        spelled = quoted if rest.startswith(quoted) else f"{cell},"
        if not rest.startswith(spelled) or ('"' in cell and spelled != quoted):
            return False
        rest = rest[len(spelled) :]
    return len(cells) == width


def _first(lines: Sequence[str]) -> tuple[list[str] | None, int]:
    reader = csv.reader((f"{line}\n" for line in lines), strict=True)
    try:
        return next(reader), reader.line_num
    except (csv.Error, StopIteration):
        return None, 1


def _ndjson(export: Export, text: str) -> Expected:
    raws = [line.rstrip("\r") for line in text.split("\n") if line.strip(" \t\r")]
    objects = [_object(raw) for raw in raws]
    names = sorted({name for cells in objects if cells for name in cells})
    first = text.lstrip().partition("\n")[0].rstrip()
    if first == "[" or (not names and (first == "{" or not first.startswith("{"))):
        raise RefusedError
    places = _places(export, names) if names else {}
    found = Expected(export)
    for raw, cells in zip(raws, objects, strict=True):
        if cells is None:
            found.records.append(Record(raw, None, frozenset({(None, "broken JSON")})))
        else:
            found.records.append(_judged(export, raw, {n: cells.get(n) for n in places}))
    # Twice the same key, numbers in scientific notation, halves of surrogate pairs: JSON leaves open what they mean.
    bare = re.sub(r'"(?:[^"\\\n]|\\.)*"', "", text)
    found.exact = (
        not re.search(r"\d[eE]|\d{15}", bare)
        and not re.search("[\ud800-\udfff]", str(objects))
        and not any(len(re.findall(rf'"{c.name}"\s*:', raw)) > 1 for raw in raws for c in export.columns)
    )
    return found


def _object(raw: str) -> dict[str, str | None] | None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    if "\r" in raw:
        return None
    try:
        found = json.loads(raw, parse_float=str, parse_int=str, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return {key: _cell(value) for key, value in found.items()} if isinstance(found, dict) else None


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _parquet(export: Export, data: bytes) -> Expected:
    if len(data) < 12 or not (data.startswith(b"PAR1") and data.endswith(b"PAR1")):
        raise RefusedError
    try:
        table = pq.read_table(io.BytesIO(data))
        rows = table.to_pylist()
    except (pa.ArrowException, OSError, ArithmeticError, ValueError):
        return Expected(export, exact=False, may_refuse={"damaged"})
    places = _places(export, table.column_names)
    cells = [{n: _text(row[n]) for n in places} for row in rows]
    return Expected(export, [_judged(export, None, row) for row in cells])


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat()
    return None if value is None else str(value) or None


def _places(export: Export, names: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if any(name == c.name for c in export.columns):
            if name in places:
                raise RefusedError
            places[name] = place
    if not set(export.required) <= places.keys():
        raise RefusedError
    return places


def _judged(export: Export, raw: str | None, cells: Mapping[str, str | None]) -> Record:
    typed = {c.name: _typed(c, cells[c.name]) for c in export.columns if c.name in cells}
    faults = {(c.name, why) for c in export.columns if c.name in cells for why in _wrong(c, cells[c.name])}
    for earlier, later in export.in_order:
        first, then = typed.get(earlier), typed.get(later)
        if isinstance(first, datetime) and isinstance(then, datetime) and then < first:
            faults.add((later, f"{later} before {earlier}"))
    return Record(raw, typed, frozenset(faults))


def _wrong(column: Column, cell: str | None) -> Iterator[str]:
    if cell is None:
        if column.required:
            yield "missing value"
        return
    typed = _typed(column, cell)
    if typed is None:
        yield "bad type"
    elif isinstance(typed, int) and typed < 0:
        yield "negative number"
    if column.values and cell not in column.values:
        yield "not one of the allowed values"


def _typed(column: Column, cell: str | None) -> Value:
    if cell is None or column.type in ("id", "text"):
        return cell
    if column.type == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(cell.lower())
    if column.type == "timestamp":
        return _time(cell)
    pattern = r"[+-]?\d+(\.\d{1,2}0*)?" if column.type == "money" else r"[+-]?\d+(\.0+)?"
    if not re.fullmatch(pattern, cell, re.ASCII):
        return None
    number = Decimal(cell)
    if column.type == "money":
        return int(number * 100) if abs(number) < 10**16 else None
    return int(number) if -(2**63) <= number < 2**63 else None


def _time(cell: str) -> datetime | None:
    found = _ISO.fullmatch(cell)
    if not found or (found[4] and not found[2]):
        return None
    day, clock, fraction, offset = found.groups()
    if fraction and len(clock) == len("00:00"):
        return None
    try:
        local = datetime.combine(date.fromisoformat(day), datetime.min.time())
        midnight = clock in ("24:00", "24:00:00") and not (fraction or "").strip(".0")  # the next day's, ISO 8601
        local = datetime.fromisoformat(f"{day}T{clock}") if clock and not midnight else local
        local += timedelta(days=midnight)
        local += timedelta(microseconds=int(((fraction or ".0")[1:] + "000000")[:6]))
        return _shifted(local, offset).astimezone(ZONE).replace(tzinfo=None) if offset else local
    except (ValueError, OverflowError):
        return None


def _shifted(local: datetime, offset: str) -> datetime:
    if offset == "Z":
        return local.replace(tzinfo=UTC)
    hours, minutes = int(offset[1:3]), int(offset[-2:]) if len(offset) > 3 else 0
    away = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
    return (local - away).replace(tzinfo=UTC)
