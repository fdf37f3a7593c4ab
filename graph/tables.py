"""Every watchlist: columns, types, what one row means, and the order its rows are written in.

`contract.md` fixes names and types. The publisher casts to these schemas, the tests compare them with what was
written, and `docs/tables.md` is printed from the `meaning` of each field.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

TEXT = pa.string()
INT = pa.int64()
REAL = pa.float64()
MONEY = pa.decimal128(18, 2)
TIME = pa.timestamp("us")
TEXTS = pa.list_(TEXT)

TYPOLOGIES = (
    "confirm_first",
    "unpaid_harvest",
    "off_platform_lure",
    "two_way",
    "swap_return",
    "jury_gaming",
    "reborn_shop",
    "counterfeit_network",
    "buyback_live",
    "pyramid",
    "leak_source",
    "unlicensed_operator",
    "account_farm",
    "brushing",
)
SELLING = ("confirm_first", "reborn_shop", "counterfeit_network", "buyback_live")
BUYING = ("unpaid_harvest", "swap_return")
"""The two sides of `two_way`: what a hand does as seller, and what it does as buyer. Juries are gamed from either."""


@dataclass(frozen=True)
class Table:
    """One published table. `sort` names the columns it is ordered by; together they leave no ties."""

    name: str
    one_row: str
    schema: pa.Schema
    sort: tuple[str, ...]


def _table(name: str, one_row: str, sort: str, *fields: tuple[str, pa.DataType, str]) -> Table:
    schema = pa.schema([pa.field(n, t, metadata={b"meaning": m.encode()}) for n, t, m in fields])
    return Table(name, one_row, schema, tuple(sort.split()))


RINGS = _table(
    "rings",
    "one ring, best score first",
    "rank",
    ("rank", INT, "1 is the first to look at"),
    ("ring_id", TEXT, "`R-` and letters or digits; the same ring keeps it from night to night"),
    ("score", REAL, "how sure, 0 to 1"),
    ("typology", TEXT, "the strongest"),
    ("typologies", pa.list_(pa.struct([("name", TEXT), ("score", REAL)])), "all, strongest first"),
    ("action", TEXT, "`advise|warn|restrict|refer`: a proposal; a named person decides"),
    ("refer_to", TEXT, "`police|market_regulator|both`, or NULL"),
    ("accounts", TEXTS, "the members, sorted"),
    ("n_accounts", INT, "members"),
    ("n_devices", INT, "devices that tie them"),
    ("n_payees", INT, "payment accounts that tie them or were paid"),
    ("n_victims", INT, "distinct victims"),
    ("exposure_cny", MONEY, "CNY that victims paid or were asked to pay"),
    ("loss_cny", MONEY, "CNY paid out to the ring and not refunded"),
    ("open_cny", MONEY, "CNY paid, neither confirmed nor refunded: can still be saved"),
    ("exposure_warned_cny", MONEY, "the part of the exposure whose buyer had been warned"),
    ("priority", REAL, "score × (open + recent loss), CNY"),
    ("first_activity_at", TIME, "first act"),
    ("last_activity_at", TIME, "last act"),
    ("lifecycle", TEXT, "`new|stable|grown|shrunk|merged|split|revived`"),
    ("previous_ring_ids", TEXTS, "rings of earlier nights that this one continues"),
    ("regions", TEXTS, "GB/T 2260 codes of the victims"),
    ("axes", TEXTS, "the independent kinds of evidence"),
    ("weakest_tie", TEXT, "the one tie without which the ring falls apart, or NULL"),
    ("reasons", TEXTS, "one sentence each, for"),
    ("against", TEXTS, "one sentence each, against"),
    ("verdict", TEXT, "the analysts' newest verdict, or NULL"),
)

ACCOUNTS = _table(
    "accounts",
    "one account on a ring, best first",
    "rank",
    ("rank", INT, "1 is the first to look at"),
    ("account_id", TEXT, ""),
    ("ring_id", TEXT, ""),
    ("score", REAL, "how sure that this account belongs and acted, 0 to 1"),
    ("role", TEXT, "`seller|buyer|both|promoter|organiser|source|holder`"),
    ("typology", TEXT, "the account's own strongest, else the ring's"),
    ("n_victims", INT, "distinct victims of its own acts"),
    ("exposure_cny", MONEY, "CNY of its own acts"),
    ("loss_cny", MONEY, "CNY of its own acts, paid out and not refunded"),
    ("region", TEXT, "GB/T 2260 code of the account"),
    ("reasons", TEXTS, "one sentence each, for"),
    ("against", TEXTS, "one sentence each, against"),
    ("verdict", TEXT, "the analysts' newest verdict, or NULL"),
)

LONE = _table(
    "lone",
    "one account on no ring whose own acts stand far above the base rate",
    "score- account_id",
    ("account_id", TEXT, ""),
    ("score", REAL, "how far its acts stand out, 0 to 1"),
    ("typology", TEXT, "what the acts look like"),
    ("action", TEXT, "`advise|warn`"),
    ("reasons", TEXTS, "one sentence each"),
)

LINKS = _table(
    "links",
    "one member's use of one entity that ties it to another member",
    "ring_id account_id entity_kind entity_id",
    ("ring_id", TEXT, ""),
    ("account_id", TEXT, ""),
    (
        "entity_kind",
        TEXT,
        "`device|payee|payer|contact|card_code|phone|owner|licence|address|inviter|succession|source`",
    ),
    ("entity_id", TEXT, "the shared thing; an account for inviter and succession"),
    ("weight", REAL, "log-odds that sharing it is one hand, damping included"),
    ("first_seen_at", TIME, "first use by this account"),
    ("last_seen_at", TIME, "last use by this account"),
)

EVIDENCE = _table(
    "evidence",
    "one fact, down to the line it was read from",
    "ring_id typology account_id table key fact",
    ("ring_id", TEXT, ""),
    ("typology", TEXT, "the typology that the fact speaks for; for a tie, the ring's own"),
    ("account_id", TEXT, "the member it is about"),
    ("table", TEXT, "the export it was read from"),
    ("key", TEXT, "values of the key columns in contract order, joined by `|`"),
    ("fact", TEXT, "one sentence"),
    ("file", TEXT, "path below the exports folder"),
    ("file_sha256", TEXT, "of the bytes as received"),
    ("line", INT, "data record of that file, from 1"),
)

OPEN_ORDERS = _table(
    "open_orders",
    "one order to a ring whose money can still be saved",
    "ring_id order_id",
    ("ring_id", TEXT, ""),
    ("order_id", TEXT, ""),
    ("buyer_id", TEXT, ""),
    ("seller_id", TEXT, ""),
    ("amount", MONEY, "CNY"),
    ("paid_at", TIME, ""),
)

HUBS = _table(
    "hubs",
    "one entity left out or damped because too many share it",
    "entity_kind entity_id",
    ("entity_kind", TEXT, ""),
    ("entity_id", TEXT, ""),
    ("n_accounts", INT, "accounts that use it"),
    ("treatment", TEXT, "`cut|damped`"),
    ("reason", TEXT, "one sentence"),
    ("n_rings_joined", INT, "tonight's rings that would be one if it were kept"),
)

OPERATORS = _table(
    "operators",
    "one operator: two or more accounts held together by owner, licence, phone or payee",
    "operator_id",
    ("operator_id", TEXT, "`O-` and letters or digits, from the first account"),
    ("accounts", TEXTS, "sorted"),
    ("n_shops", INT, ""),
    ("n_licences", INT, ""),
    ("n_licences_shown", INT, "licences displayed on at least one shop page"),
    ("n_closed", INT, "accounts cancelled or banned"),
    ("regions", TEXTS, "GB/T 2260 codes of the accounts"),
    ("first_registered_at", TIME, ""),
    ("last_closed_at", TIME, ""),
    ("ring_id", TEXT, "the ring it is part of tonight, or NULL"),
)

CHANGES = _table(
    "changes",
    "one change since the published night before",
    "ring_id change account_id detail",
    ("ring_id", TEXT, ""),
    ("change", TEXT, "a lifecycle value, or `joined|left|score|cleared|gone`"),
    ("account_id", TEXT, "who joined or left, else NULL"),
    ("detail", TEXT, "one sentence"),
)

REJECTS = _table(
    "rejects",
    "one failing column of a row set aside in the newest drop read",
    "file line column reason",
    ("file", TEXT, "path below the exports folder"),
    ("line", INT, "data record of that file, from 1"),
    ("column", TEXT, "NULL for a fault of the whole row"),
    ("reason", TEXT, ""),
    ("raw", TEXT, "the record as received"),
)

WATCHLISTS: dict[str, Table] = {
    t.name: t
    for t in (
        RINGS,
        ACCOUNTS,
        LONE,
        LINKS,
        EVIDENCE,
        OPEN_ORDERS,
        HUBS,
        OPERATORS,
        CHANGES,
        REJECTS,
    )
}
