"""What was known at the end of a day: the night's tables `orders, accounts, devices, chat_links, labels`.

Each has one row a key, with the columns of its export (money in fen as `amount_fen`, `claimed_fen`; `orders` with
`paid_told`), and `file_id, line` of the row that won: where its evidence is read from. They are made from
`<export>_rows`, to which every drop adds its rows, and from `files`, which says what columns each file carried, and
whether its rows are `noted`: whether `replaced` says which drop brought the next row of their key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from graph.db import Db
from graph.exports import EXPORTS, ORDERS, Column, Export

_MONEY = {"amount": "amount_fen", "claimed_cny": "claimed_fen"}
_SQL_TYPES = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "money": "BIGINT",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}

BEGINS = {
    "orders": "placed_at",
    "accounts": "registered_at",
    "devices": "first_seen_at",
    "chat_links": "sent_at",
    "labels": "decided_at",
}
"""When a row's subject came into being; before that day's end it does not exist."""

_HAPPENED_WITH = {
    "complaint": "complained_at",
    "seller_complaint": "seller_complained_at",
    "return_kind": "refunded_at",
    "votes_buyer": "jury_at",
    "votes_seller": "jury_at",
    "jury_winner": "jury_at",
    "appeal_winner": "appealed_at",
    "claimed_cny": "reported_at",
}
"""Facts without a time of their own, and the event they came with."""


def stored(column: Column) -> tuple[str, str]:
    """Name and SQL type under which tables keep a column of the exports; money is BIGINT fen and says so."""
    return _MONEY.get(column.name, column.name), _SQL_TYPES[column.type]


PAID = """
CASE WHEN coalesce(confirmed_at, refunded_at) IS NOT NULL
          OR (cancelled_at IS NULL AND coalesce(seller_complaint, '') <> 'unpaid_code_taken') THEN placed_at END
"""
"""When an order was paid, where no order tells: most are, on being placed. Else half of what rings do is invisible."""


def as_of(db: Db, run_date: date, *, guess: bool = False) -> None:
    """Make the night's five state tables as they stood at the end of `run_date`, from drops of that date or older.

    With `guess`, what not one order tells of paying and sending is taken for granted, and `orders.paid_told` is FALSE
    where the payment was.

    Of each key the newest drop wins. A column that the winning row's file did not carry keeps the value of the newest
    drop whose file did; an empty cell clears it. What happened later is unknown: later rows are left out, later
    timestamps are NULL with what depends on them, and a device was last seen at the latest that evening.
    """
    files = db.frame(
        "SELECT file_id, table_name, drop_date, columns, noted FROM files WHERE drop_date <= $run", run=run_date
    )
    for export in EXPORTS:
        rows = [row for row in files.iter_rows(named=True) if row["table_name"] == export.name]
        drops = {row["drop_date"] for row in rows}
        carried = {column for row in rows for column in row["columns"]}
        lacking = {
            column: sorted(row["file_id"] for row in rows if column not in row["columns"])
            for column in carried - set(export.key)
        }
        partial = {column: files for column, files in lacking.items() if files}
        known = len(drops) < 2 or (not partial and all(row["noted"] for row in rows))
        _make(db, export, run_date, known, partial, {})
        if export is ORDERS and guess and (guesses := _guesses(db)):
            _make(db, export, run_date, known, partial, guesses)


def _guesses(db: Db) -> dict[str, str]:
    """SQL, over what was known, of the columns of orders that not one order fills.

    Goods left by the time the buyer confirmed; and where none tells that either, when they were paid. Else every shop
    that trades no more would seem to have gone with its buyers' money.
    """
    wanted = ("paid_at", "delivered_at", "confirmed_at")
    told = {c for c in wanted if not db.frame(f"SELECT 1 FROM orders WHERE {c} IS NOT NULL LIMIT 1").is_empty()}
    paid = "paid_at" if "paid_at" in told else PAID
    sent = "confirmed_at" if "confirmed_at" in told else paid
    return {name: sql for name, sql in (("paid_at", paid), ("delivered_at", sent)) if name not in told}


def _make(
    db: Db,
    export: Export,
    run_date: date,
    known: bool,
    partial: Mapping[str, Sequence[int]],
    guesses: Mapping[str, str],
) -> None:
    end = datetime.combine(run_date + timedelta(days=1), datetime.min.time())
    names = [stored(column)[0] for column in export.columns]
    later = _later(db, export, end)
    seen = ", ".join(
        f"{_known(column, end, later)} AS {name}" for column, name in zip(export.columns, names, strict=True)
    )
    before = f"drop_date <= DATE '{run_date}'"
    begun = f"{BEGINS[export.name]} < TIMESTAMP '{end}'"
    if known:
        # The rows as loaded are the state: copying millions of them would only cost time.
        stands = f"(replaced IS NULL OR replaced > DATE '{run_date}')"
        rows = f"{export.name}_rows WHERE {before} AND {stands} AND {begun}"
    else:
        rows = f"({_newest(export, partial, before)}) WHERE {begun}"
    state = f"SELECT {seen}, file_id, line FROM {rows}"
    if export is ORDERS:
        taken = ", ".join(f"{guesses[name]} AS {name}" if name in guesses else name for name in names)
        told = str("paid_at" not in guesses).upper()
        state = f"SELECT {taken}, {told} AS paid_told, file_id, line FROM ({state}) AS known"
    (db.view if known else db.make)(export.name, state)


def _newest(export: Export, partial: Mapping[str, Sequence[int]], before: str) -> str:
    """SQL: one row a key. Only keys that several drops have are grouped back; all other rows pass through a probe.

    `partial` are the columns that some files carry and some (their ids) do not.
    """
    key = ", ".join(export.key)
    names = {column.name: stored(column)[0] for column in export.columns}
    kept = "".join(f", {_carried(names[c], partial[c])} AS {names[c]}" for c in names if c in partial)
    columns = ", ".join(
        f"CASE WHEN g.newest IS NULL THEN r.{name} ELSE g.{name} END AS {name}" if column in partial else f"r.{name}"
        for column, name in names.items()
    )
    return (
        f"SELECT {columns}, r.file_id, r.line FROM {export.name}_rows r LEFT JOIN ("
        f"SELECT {key}, max(drop_date) AS newest{kept} FROM {export.name}_rows WHERE {before}"
        f" GROUP BY {key} HAVING count(*) > 1"
        f") g ON {' AND '.join(f'r.{k} = g.{k}' for k in export.key)}"
        f" WHERE r.{before} AND (g.newest IS NULL OR r.drop_date = g.newest)"
    )


def _carried(name: str, lacking: Sequence[int]) -> str:
    # arg_max alone would skip an empty cell, and an empty cell clears.
    return f"arg_max_null({name}, drop_date) FILTER (WHERE file_id NOT IN ({', '.join(map(str, lacking))}))"


def _later(db: Db, export: Export, end: datetime) -> set[str]:
    """Timestamps that reach beyond `end` in some row: rare, and for most the engine knows without reading. All others
    are passed on as stored, for a condition on every value costs at each of some forty looks at all orders."""
    names = [c.name for c in export.columns if c.type == "timestamp" and c.name not in BEGINS.values()]
    looks = (
        f"SELECT name FROM (SELECT '{name}' AS name FROM {export.name}_rows WHERE {name} >= TIMESTAMP '{end}' LIMIT 1)"
        f" AS {name}_later"
        for name in names
    )
    return set(db.frame(" UNION ALL ".join(looks))["name"]) if names else set()


def _known(column: Column, end: datetime, later: Collection[str]) -> str:
    """SQL: the column as it was known at `end`. A fact whose event has no time was known all along."""
    name, then, last = stored(column)[0], f"TIMESTAMP '{end}'", f"TIMESTAMP '{end - timedelta(seconds=1)}'"
    if column.name in BEGINS.values():
        return name
    if column.name == "last_seen_at" and name in later:
        return f"CASE WHEN {name} >= {then} THEN {last} ELSE {name} END"
    if column.type == "timestamp" and name in later:
        return f"CASE WHEN {name} < {then} THEN {name} END"
    if _HAPPENED_WITH.get(column.name) in later:
        return f"CASE WHEN {_HAPPENED_WITH[column.name]} >= {then} THEN NULL ELSE {name} END"
    if column.name == "channel":
        return "coalesce(channel, 'listing')"
    return name
