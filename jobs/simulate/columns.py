"""The columns of the tables while they are numbers: their types, the words behind them, and NONE for NULL."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graph.exports import COMPLAINTS, SELLER_COMPLAINTS, SIDES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = dict[str, npt.NDArray[Any]]
Rng = np.random.Generator

NONE = -1
"""NULL, in every column."""

TEXTS: dict[str, tuple[str, ...]] = {
    "channel": ("listing", "livestream", "external"),
    "complaint": COMPLAINTS,
    "seller_complaint": SELLER_COMPLAINTS,
    "return_kind": ("refused", "returned"),
    "jury_winner": SIDES,
    "appeal_winner": SIDES,
    "kind": ("person", "shop"),
    "device_kind": ("phone", "tablet", "pc", "kiosk", "emulator"),
    "target_kind": ("url", "qr", "contact", "payment_code", "card_code", "item"),
    "tag": ("ask_confirm_first", "ask_off_platform", "promise_buyback", "knows_order", "recruit"),
}


def word(column: str, value: str) -> int:
    """The number that stands for `value` in a column of words."""
    return TEXTS[column].index(value)


ORDER_IDS = (
    "order_id",
    "buyer_id",
    "seller_id",
    "payee_id",
    "payer_id",
    "promoter_id",
    "item_id",
    "ship_from_id",
    "ship_to_id",
    "handler_id",
)
ORDER_TIMES = (
    "placed_at",
    "paid_at",
    "delivered_at",
    "confirmed_at",
    "cancelled_at",
    "refunded_at",
    "complained_at",
    "seller_complained_at",
    "jury_at",
    "appealed_at",
)
ORDER_SMALL = (
    "category",
    "channel",
    "complaint",
    "seller_complaint",
    "return_kind",
    "votes_buyer",
    "votes_seller",
    "jury_winner",
    "appeal_winner",
    "buyer_warned",
)
ORDER_COLUMNS: dict[str, type[np.signedinteger[Any]]] = {
    **dict.fromkeys((*ORDER_IDS, "amount", *ORDER_TIMES), np.int64),
    **dict.fromkeys(("ship_from_region", "ship_to_region"), np.int32),
    **dict.fromkeys(ORDER_SMALL, np.int8),
}
DEVICE_COLUMNS: dict[str, type[np.signedinteger[Any]]] = {
    **dict.fromkeys(("account_id", "device_id", "first_seen_at", "last_seen_at", "sessions"), np.int64),
    "device_kind": np.int8,
}
CHAT_COLUMNS: dict[str, type[np.signedinteger[Any]]] = {
    **dict.fromkeys(
        (
            "message_id",
            "sender_id",
            "receiver_id",
            "sent_at",
            "target_id",
            "order_id",
            "reported_at",
            "claimed_cny",
        ),
        np.int64,
    ),
    **dict.fromkeys(("target_kind", "tag"), np.int8),
}


def gathered(batches: list[Rows], types: dict[str, type[np.signedinteger[Any]]]) -> Rows:
    """One table out of its batches, which are emptied on the way.

    Two copies of a large market would not fit.
    """
    return {
        name: np.concatenate([batch.pop(name).astype(kind, copy=False) for batch in batches])
        for name, kind in types.items()
    }
