"""The exports: every column that comes in, its type, and what its values may be.

The door checks rows against these definitions, the night's state tables carry these columns, and
`docs/tables.md` is printed from them. `contract.md` fixes them; nothing else in the code repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["id", "text", "timestamp", "money", "integer", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column of an export.

    `type` "id" is opaque text in which raw personal numbers are refused; "money" is decimal CNY outside
    and BIGINT fen inside. `values` closes the set of values; empty means open.
    """

    name: str
    type: Type
    required: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Export:
    """One export: its key (upserts go by it), its columns, and pairs (earlier, later) of timestamps that must not be
    swapped."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    in_order: tuple[tuple[str, str], ...] = ()
    optional: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that every file of this export must have."""
        return tuple(c.name for c in self.columns if c.required)


def _ids(*names: str, required: bool = False) -> tuple[Column, ...]:
    return tuple(Column(n, "id", required) for n in names)


def _times(*names: str) -> tuple[Column, ...]:
    return tuple(Column(n, "timestamp") for n in names)


COMPLAINTS = (
    "not_received",
    "code_used",
    "counterfeit",
    "not_as_described",
    "damaged",
    "vanished_seller",
    "off_platform",
    "other",
)
SELLER_COMPLAINTS = ("unpaid_code_taken", "return_mismatch", "other")
SIDES = ("buyer", "seller")

ORDERS = Export(
    "orders",
    ("order_id",),
    (
        *_ids("order_id", "buyer_id", "seller_id", required=True),
        *_ids("payee_id", "payer_id", "promoter_id", "item_id"),
        Column("category", "text", required=True),
        Column("amount", "money", required=True),
        Column("channel", "text"),
        Column("placed_at", "timestamp", required=True),
        *_times("paid_at", "delivered_at", "confirmed_at", "cancelled_at", "refunded_at", "complained_at"),
        Column("complaint", "text", values=COMPLAINTS),
        *_times("seller_complained_at"),
        Column("seller_complaint", "text", values=SELLER_COMPLAINTS),
        Column("return_kind", "text", values=("refused", "returned")),
        Column("votes_buyer", "integer"),
        Column("votes_seller", "integer"),
        *_times("jury_at"),
        Column("jury_winner", "text", values=SIDES),
        *_times("appealed_at"),
        Column("appeal_winner", "text", values=SIDES),
        Column("ship_from_region", "text"),
        Column("ship_to_region", "text"),
        *_ids("ship_from_id", "ship_to_id", "handler_id"),
        Column("buyer_warned", "boolean"),
    ),
    in_order=(("placed_at", "paid_at"),),
)

ACCOUNTS = Export(
    "accounts",
    ("account_id",),
    (
        *_ids("account_id", required=True),
        Column("kind", "text", required=True, values=("person", "shop")),
        Column("registered_at", "timestamp", required=True),
        *_times("cancelled_at", "banned_at"),
        *_ids("owner_id", "phone_id", "licence_id"),
        Column("licence_shown", "boolean"),
        *_ids("display_name_id"),
        Column("region", "text"),
        Column("credit_level", "integer"),
        *_ids("inviter_id"),
    ),
)

DEVICES = Export(
    "devices",
    ("account_id", "device_id"),
    (
        *_ids("account_id", "device_id", required=True),
        Column("first_seen_at", "timestamp", required=True),
        Column("last_seen_at", "timestamp", required=True),
        Column("sessions", "integer"),
        Column("device_kind", "text"),
    ),
    in_order=(("first_seen_at", "last_seen_at"),),
)

CHAT_LINKS = Export(
    "chat_links",
    ("message_id",),
    (
        *_ids("message_id", "sender_id", "receiver_id", required=True),
        Column("sent_at", "timestamp", required=True),
        Column(
            "target_kind",
            "text",
            required=True,
            values=("url", "qr", "contact", "payment_code", "card_code", "item"),
        ),
        *_ids("target_id", required=True),
        *_ids("order_id"),
        Column("tag", "text"),
        Column("reported_at", "timestamp"),
        Column("claimed_cny", "money"),
    ),
)

LABELS = Export(
    "labels",
    ("subject_id", "decided_at"),
    (
        *_ids("subject_id", required=True),
        Column("verdict", "text", required=True, values=("confirmed", "cleared", "watch", "disputed")),
        Column("decided_at", "timestamp", required=True),
        Column("typology", "text"),
        Column("analyst", "text"),
        Column("note", "text"),
        Column("action_taken", "text"),
    ),
    optional=True,
)

EXPORTS = (ORDERS, ACCOUNTS, DEVICES, CHAT_LINKS, LABELS)

VIRTUAL = ("virtual_card", "topup_card", "voucher")
"""The categories that the contract calls virtual goods: a code, gone once it is read."""
