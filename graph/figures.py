"""What a night measures of itself before anyone sees it. The gates judge it, tonight and in later nights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from graph.db import Db

NEWEST = {"orders": "placed_at", "accounts": "registered_at", "devices": "last_seen_at", "chat_links": "sent_at"}
"""Export -> the time that moves on with every drop."""

WHOLE = 0.5
"""Share of all orders or accounts known so far; a drop that holds as many is a snapshot, another an increment. The
largest of the two decides: of a snapshot with one short export the other still tells what it was meant to be."""


SAMPLE = 200_000
"""Rows; above it ids are compared on a sample. A share needs no millions, and the joins would take seconds. The
divisor is cast: by a signed one DuckDB divides in 128 bits, ten times as slowly."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ExportFigures(_Frozen):
    """One export in the newest drop read: rows, and `newest`, its newest event. `fresh` rows are newer than the
    newest event of the night before; `known` are the keys of all drops together."""

    read: int
    set_aside: int
    rows: int
    fresh: int
    known: int
    newest: datetime | None


class Seen(_Frozen):
    """Of the ids in a drop that ought to be known, how many are."""

    drop_date: date
    expected: int
    seen: int


class Figures(_Frozen):
    """One night's. `ids_since` is the drop from which ids are comparable: the last one whose new salt was accepted.

    `rings_new`, `rings_gone` and `rings_before` compare with the night before; None on a first night. `rings_cleared`
    are gone because an analyst cleared them.
    """

    drop_date: date
    kind: Literal["snapshot", "increment"]
    exports: dict[str, ExportFigures]
    seen: dict[str, list[Seen]]
    ids_since: date | None = None
    rings: int
    accounts: int
    largest_ring: int
    hubs: int
    rings_before: int | None = None
    rings_new: int | None = None
    rings_gone: int | None = None
    rings_cleared: int = 0


def measure(
    db: Db,
    run_date: date,
    lists: Mapping[str, pl.DataFrame],
    before: Figures | None,
    rings_before: set[str] | None,
    ids_since: date | None,
) -> Figures:
    """The figures of one night.

    Reads `files`, `<export>_rows` and the night's state tables; `lists` are its watchlists by name. `before` and
    `rings_before` (ring ids) are of the published night before this date, None if there is none.
    """
    drop, older = _drops(db, run_date, before)
    exports = {name: _export(db, name, drop, run_date, before) for name in NEWEST}
    rings = set(lists["rings"]["ring_id"])
    return Figures(
        drop_date=drop,
        kind=_kind(exports),
        exports=exports,
        seen=_seen(db, older, ids_since, run_date, 1 + max(e.rows for e in exports.values()) // SAMPLE),
        ids_since=ids_since,
        rings=len(rings),
        accounts=lists["accounts"].height,
        largest_ring=max(lists["rings"]["n_accounts"], default=0),
        hubs=lists["hubs"].height,
        rings_before=None if rings_before is None else len(rings_before),
        rings_new=None if rings_before is None else len(rings - rings_before),
        rings_gone=None if rings_before is None else len(rings_before - rings),
        rings_cleared=lists["changes"].filter(change="cleared")["ring_id"].n_unique(),
    )


def _drops(db: Db, run_date: date, before: Figures | None) -> tuple[date, date | None]:
    """The newest drop, and the newest of those that tonight's are compared with: what the night before had read, or
    on a first night all drops but the newest."""
    dates = db.frame(
        "SELECT DISTINCT drop_date FROM files WHERE drop_date <= $run ORDER BY drop_date DESC", run=run_date
    )["drop_date"].to_list()
    return dates[0], before.drop_date if before else dates[1] if len(dates) > 1 else None


def _export(db: Db, name: str, drop: date, run_date: date, before: Figures | None) -> ExportFigures:
    event, last = NEWEST[name], before.exports[name].newest if before else None
    rows = db.frame(
        f"""
        SELECT count(*) AS rows, count(*) FILTER (WHERE {event} > $last AND {event} < $end) AS fresh,
               max({event}) FILTER (WHERE {event} < $end) AS newest
        FROM {name}_rows WHERE drop_date = $drop
        """,
        drop=drop,
        last=last or datetime.min,
        end=datetime.combine(run_date + timedelta(days=1), datetime.min.time()),
    )
    files = db.frame(
        "SELECT cast(coalesce(sum(rows_read), 0) AS BIGINT) AS read,"
        " cast(coalesce(sum(set_aside), 0) AS BIGINT) AS set_aside"
        " FROM files WHERE drop_date = $drop AND table_name = $name",
        drop=drop,
        name=name,
    )
    known = db.frame(f"SELECT count(*) AS known FROM {name}")
    found: dict[str, Any] = {**rows.row(0, named=True), **files.row(0, named=True), **known.row(0, named=True)}
    return ExportFigures(**found)


def _kind(exports: Mapping[str, ExportFigures]) -> Literal["snapshot", "increment"]:
    whole = any(exports[name].rows >= WHOLE * exports[name].known > 0 for name in ("orders", "accounts"))
    return "snapshot" if whole else "increment"


def _seen(db: Db, older: date | None, since: date | None, run_date: date, one_in: int) -> dict[str, list[Seen]]:
    """Kind of id -> a row a drop of tonight's; counted on one in so many ids."""
    if older is None:
        return {}
    days = {"since": since or date.min, "older": older, "run": run_date, "one_in": one_in}
    return {kind: [Seen(**row) for row in db.frame(sql, **days).iter_rows(named=True)] for kind, sql in _SEEN.items()}


_DEVICES = """
WITH before AS (
    SELECT account_id, device_id FROM devices_rows
    WHERE drop_date BETWEEN $since AND $older AND hash(account_id) % cast($one_in AS UBIGINT) = 0
),
tonight AS (
    SELECT drop_date, account_id, device_id FROM devices_rows
    WHERE drop_date > $older AND drop_date <= $run AND hash(account_id) % cast($one_in AS UBIGINT) = 0
      AND first_seen_at < $older - INTERVAL 1 DAY
)
SELECT t.drop_date, count(*) AS expected, count(b.device_id) AS seen
FROM tonight AS t
LEFT JOIN (SELECT DISTINCT account_id, device_id FROM before) AS b
  ON b.account_id = t.account_id AND b.device_id = t.device_id
WHERE t.account_id IN (SELECT account_id FROM before)
GROUP BY t.drop_date ORDER BY t.drop_date
"""
"""Of known accounts, those devices which were first seen before the older drops ended, so that they should hold them.
Of a feed that sends new pairs only, none would be expected: each is first seen since."""

_PAYEES = """
WITH steady AS (
    SELECT seller_id, min(payee_id) AS only_id FROM orders_rows
    WHERE drop_date BETWEEN $since AND $older AND hash(seller_id) % cast($one_in AS UBIGINT) = 0
      AND payee_id IS NOT NULL
    GROUP BY seller_id HAVING count(*) > 1 AND min(payee_id) = max(payee_id)
),
tonight AS (
    SELECT o.drop_date, o.seller_id, bool_or(o.payee_id = s.only_id) AS same
    FROM orders_rows AS o JOIN steady AS s ON s.seller_id = o.seller_id
    WHERE o.drop_date > $older AND o.drop_date <= $run AND hash(o.seller_id) % cast($one_in AS UBIGINT) = 0
      AND o.payee_id IS NOT NULL
    GROUP BY o.drop_date, o.seller_id
)
SELECT drop_date, count(*) AS expected, count(*) FILTER (WHERE same) AS seen
FROM tonight GROUP BY drop_date ORDER BY drop_date
"""
"""Sellers who always had one and the same payee. Who changes payees, or gets one for every order, tells nothing."""

_OWNERS = """
WITH before AS (
    SELECT DISTINCT account_id, owner_id FROM accounts_rows
    WHERE drop_date BETWEEN $since AND $older AND hash(account_id) % cast($one_in AS UBIGINT) = 0
      AND owner_id IS NOT NULL
)
SELECT r.drop_date, count(DISTINCT r.account_id) AS expected,
       count(DISTINCT r.account_id) FILTER (WHERE b.owner_id = r.owner_id) AS seen
FROM accounts_rows AS r JOIN before AS b ON b.account_id = r.account_id
WHERE r.drop_date > $older AND r.drop_date <= $run AND hash(r.account_id) % cast($one_in AS UBIGINT) = 0
  AND r.owner_id IS NOT NULL
GROUP BY r.drop_date ORDER BY r.drop_date
"""
"""Known accounts with a verified owner, who does not change."""

_ACCOUNTS = """
WITH before AS (
    SELECT order_id, seller_id FROM orders_rows
    WHERE drop_date BETWEEN $since AND $older AND hash(order_id) % cast($one_in AS UBIGINT) = 0
)
SELECT r.drop_date, count(*) AS expected, count(*) FILTER (WHERE r.seller_id = b.seller_id) AS seen
FROM orders_rows AS r JOIN before AS b ON b.order_id = r.order_id
WHERE r.drop_date > $older AND r.drop_date <= $run AND hash(r.order_id) % cast($one_in AS UBIGINT) = 0
GROUP BY r.drop_date ORDER BY r.drop_date
"""
"""Orders sent once more, whose seller does not change: with new account ids no account would be known at all."""

_SEEN = {"account": _ACCOUNTS, "device": _DEVICES, "payee": _PAYEES, "owner": _OWNERS}
