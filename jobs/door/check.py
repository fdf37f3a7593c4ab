"""From text to typed values, and every way in which a row can break the contract: SQL, all columns at once.

The same expressions serve the bulk statement (is any fault there?) and the one that names the faults of the few.
A raw column is text, or a timestamp or date that came typed; any other type has been written out as text before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graph.exports import Column, Export
from jobs.door.layout import PLAIN
from jobs.door.personal import SIEVE

# ISO 8601, extended form; DuckDB alone also takes 2025-6-2, slashes, `epoch`, and drops an offset without applying it.
_PLAIN_TIME = 19
"""Characters of 2025-06-30 23:59:59."""
_ISO = r"(?:[1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?"
_OFFSET = r"(Z|[+-]\d\d(:?\d\d)?)"
_MONEY = r"[+-]?\d+(\.\d{1,2}0*)?"
_INTEGER = r"[+-]?\d+(\.0+)?"


def value(column: Column, raw: str, zone: str, native: str = "VARCHAR") -> str:
    """SQL: the typed value of `raw`, NULL where it has none; timestamps in `zone`, an IANA name. `native` is what
    `layout.natives` says of the column."""
    if column.type == "timestamp":
        return _time(raw, f"'{zone}'", native)
    if column.type == "money":
        # Multiplying a wide decimal is slow, multiplying a narrow one overflows near its end and stops the night.
        wide = f"(TRY_CAST({raw} AS DECIMAL(18,2))::DECIMAL(20,2) * 100)::BIGINT"
        fen = f"CASE WHEN strlen({raw}) < 16 THEN (TRY_CAST({raw} AS DECIMAL(18,2)) * 100)::BIGINT ELSE {wide} END"
        return f"CASE WHEN regexp_full_match({raw}, '{_MONEY}') THEN {fen} END"
    if column.type == "integer":
        return f"CASE WHEN regexp_full_match({raw}, '{_INTEGER}') THEN TRY_CAST({raw} AS BIGINT) END"
    if column.type == "boolean":
        return (
            f"CASE WHEN {raw} = 'false' OR {raw} = '0' THEN false WHEN {raw} = 'true' OR {raw} = '1' THEN true"
            f" WHEN lower({raw}) = 'false' THEN false WHEN lower({raw}) = 'true' THEN true END"
        )
    return raw


def _time(raw: str, zone: str, native: str) -> str:
    if native == PLAIN:
        return f"CASE WHEN {raw} IS NULL THEN {raw}_plain ELSE {_time(raw, zone, 'VARCHAR')} END"
    if native in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        at = f"(TRY_CAST({raw} AS TIMESTAMPTZ) AT TIME ZONE {zone})"
    elif native != "VARCHAR":
        at = f"TRY_CAST({raw} AS TIMESTAMP)"
    else:
        at = (
            # What DuckDB would write itself needs no pattern. Without one it takes a blank for a digit (12: 5:00 is
            # noon then), and 12:05:0Z.
            f"CASE WHEN TRY_CAST({raw} AS TIMESTAMP)::VARCHAR = {raw} AND strlen({raw}) = {_PLAIN_TIME}"
            f" THEN TRY_CAST({raw} AS TIMESTAMP)"
            f" WHEN regexp_full_match({raw}, '{_ISO}') THEN TRY_CAST({raw} AS TIMESTAMP)"
            f" WHEN regexp_full_match({raw}, '{_ISO}{_OFFSET}')"
            f" THEN {_bounded(f'TRY_CAST({raw} AS TIMESTAMPTZ) AT TIME ZONE {zone}')} END"
        )
    return at if native == "VARCHAR" else _bounded(at)


def _bounded(at: str) -> str:
    # Neither Parquet's readers nor Python know years below 1 or above 9999; an offset can lead out of them.
    return f"CASE WHEN {at} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN {at} END"


def suspect(raw: str) -> str:
    """SQL: could this id cell be a raw personal number? Cheap, and right about no; `personal` decides about yes."""
    # CASE, for AND would run the pattern over every cell: only CASE leaves the others alone.
    return f"CASE WHEN {raw} < 'A' OR {raw} > '~' THEN strlen({raw}) > 10 AND regexp_full_match({raw}, '{SIEVE}') END"


def faults(export: Export, raws: Mapping[str, str], values: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(column, reason, SQL condition) for every fault that a row of these columns can have.

    `raws` and `values` give the SQL of each column that the file has. A condition may be NULL, which is no fault.
    """
    for column in export.columns:
        if column.name in raws:
            for reason, condition in _column_faults(column, raws[column.name], values[column.name]):
                yield column.name, reason, condition
    for earlier, later in export.in_order:
        if earlier in values and later in values:
            yield later, f"{later} before {earlier}", f"{values[later]} < {values[earlier]}"


def _column_faults(column: Column, raw: str, typed: str) -> Iterator[tuple[str, str]]:
    if column.required:
        # Of a time that was written plainly there is the value alone.
        yield (
            "missing value",
            f"({raw} IS NULL AND {typed} IS NULL)" if column.type == "timestamp" else f"{raw} IS NULL",
        )
    if column.type not in ("id", "text"):
        yield "bad type", f"({raw} IS NOT NULL AND {typed} IS NULL)"
    if column.type in ("money", "integer"):
        yield "negative number", f"{typed} < 0"
    if column.values:
        # Not NOT IN: of a long list DuckDB makes a join, and behind a join a file's rows come in any order.
        others = " AND ".join(f"{raw} <> '{v}'" for v in column.values)
        yield "not one of the allowed values", f"({others})"
