"""From rows of numbers to frames with the columns, types, words and ids of the contract."""

from __future__ import annotations

import numpy as np
import polars as pl

from graph.exports import Export
from jobs.simulate.columns import TEXTS, Ints, Rows
from jobs.simulate.goods import CATEGORIES
from jobs.simulate.spell import spell

ID_KINDS = {
    "account_id": ("a", "account"),
    "buyer_id": ("a", "account"),
    "seller_id": ("a", "account"),
    "promoter_id": ("a", "account"),
    "inviter_id": ("a", "account"),
    "sender_id": ("a", "account"),
    "receiver_id": ("a", "account"),
    "order_id": ("q", "order"),
    "payee_id": ("p", "payment"),
    "payer_id": ("p", "payment"),
    "item_id": ("i", "item"),
    "ship_from_id": ("s", "address"),
    "ship_to_id": ("s", "address"),
    "handler_id": ("w", "staff"),
    "owner_id": ("o", "owner"),
    "phone_id": ("t", "phone"),
    "licence_id": ("l", "licence"),
    "display_name_id": ("n", "name"),
    "device_id": ("d", "device"),
    "message_id": ("m", "message"),
}
TARGETS = (
    ("u", "url"),
    ("r", "qr"),
    ("h", "contact"),
    ("y", "payment_code"),
    ("k", "card_code"),
    ("i", "item"),
)
"""Prefix and kind of the targets, in the order of `TEXTS["target_kind"]`."""

assert tuple(kind for _, kind in TARGETS) == TEXTS["target_kind"]


def frame(table: Export, rows: Rows, seed: int) -> pl.DataFrame:
    """These rows with the columns and types of the contract; ids spelled, NONE as NULL."""
    columns = []
    for column in table.columns:
        values = rows[column.name].astype(np.int64)
        if column.name == "target_id":
            series = _targets(values, rows["target_kind"], seed)
        elif column.name in ID_KINDS:
            series = _ids(column.name, values, seed)
        elif column.type == "timestamp":
            series = _nulled(values * 1_000_000, values).cast(pl.Datetime("us"))
        elif column.type == "money":
            series = _nulled(values, values).cast(pl.Float64) / 100
        elif column.type == "boolean":
            series = _nulled(values, values).cast(pl.Boolean)
        elif column.type == "integer":
            series = _nulled(values, values)
        elif column.name.endswith("region"):
            series = _nulled(values, values).cast(pl.String)
        else:
            words = CATEGORIES if column.name == "category" else TEXTS[column.name if column.name in TEXTS else "kind"]
            series = pl.Series(words, dtype=pl.String).gather(_nulled(values, values))
        columns.append(series.alias(column.name))
    return pl.DataFrame(columns)


def _ids(column: str, values: Ints, seed: int) -> pl.Series:
    prefix, kind = ID_KINDS[column]
    return spell(prefix, values, seed, kind)


def _nulled(values: Ints, null_where_negative: Ints) -> pl.Series:
    return pl.Series(values).set(pl.Series(null_where_negative < 0), None)


def _targets(values: Ints, kinds: Ints, seed: int) -> pl.Series:
    """Listings are the items of the orders; domains look like domains, popular or not."""
    parts = [
        pl.DataFrame({"place": at, "id": spell(prefix, values[at], seed, kind, ".example" if kind == "url" else "")})
        for number, (prefix, kind) in enumerate(TARGETS)
        if len(at := np.flatnonzero(kinds == number))
    ]
    if not parts:
        return pl.Series([], dtype=pl.String)
    return pl.concat(parts).sort("place")["id"]
