"""The four tables as they were known at the end of a night, and what a later drop holds.

New rows and new states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from graph.exports import ACCOUNTS, DEVICES, Export
from jobs.simulate.columns import (
    CHAT_COLUMNS,
    DEVICE_COLUMNS,
    NONE,
    ORDER_COLUMNS,
    ORDER_TIMES,
    Bools,
    Ints,
    Rows,
    gathered,
)
from jobs.simulate.frames import frame
from jobs.simulate.ledger import Ledger
from jobs.simulate.options import DAY

SLICE = 500_000
"""Rows turned into text at a time."""

KNOWN_WITH = {
    "payer_id": "paid_at",
    "complaint": "complained_at",
    "seller_complaint": "seller_complained_at",
    "return_kind": "refunded_at",
    "votes_buyer": "jury_at",
    "votes_seller": "jury_at",
    "jury_winner": "jury_at",
    "appeal_winner": "appealed_at",
}
"""Columns of an order that nobody knows before an event."""


@dataclass
class Market:
    """The finished tables, in the order in which they are written."""

    orders: Rows
    accounts: Rows
    devices: Rows
    chat_links: Rows
    seed: int
    end: int


def finish(world: Ledger) -> Market:
    """Gather the batches, mend what crosses an account's life, and sort.

    Orders and messages by time, the others by nothing telling.
    """
    a = world.accounts
    inviter = a["inviter_id"]
    late = (inviter != NONE) & (a["registered_at"][np.maximum(inviter, 0)] >= a["registered_at"])
    a["inviter_id"] = np.where(late, NONE, inviter)
    orders, chats = gathered(world.orders, ORDER_COLUMNS), gathered(world.chats, CHAT_COLUMNS)
    _after_registration(chats, a["registered_at"])
    _sort(orders, np.argsort(orders["placed_at"], kind="stable"))
    _sort(chats, np.argsort(chats["sent_at"], kind="stable"))
    shuffle = world.stream(10).permutation(world.options.accounts)
    accounts = {column: a[column][shuffle] for column in [*(c.name for c in ACCOUNTS.columns), "gone_at"]}
    return Market(orders, accounts, _devices(world, shuffle), chats, world.options.seed, world.options.end)


def _after_registration(chats: Rows, registered: Ints) -> None:
    """Nobody talks before both are there."""
    there = np.maximum(registered[chats["sender_id"]], registered[chats["receiver_id"]]) + 60
    late = np.maximum(there - chats["sent_at"], 0)
    chats["sent_at"] += late
    chats["reported_at"] += np.where(chats["reported_at"] == NONE, 0, late)


def _sort(rows: Rows, order: Ints) -> None:
    for column in rows:
        rows[column] = rows[column][order]


def _devices(world: Ledger, shuffle: Ints) -> Rows:
    """One row an account and device, within the account's life."""
    rows, a = gathered(world.devices, DEVICE_COLUMNS), world.accounts
    account = rows["account_id"]
    rows["first_seen_at"] = np.maximum(rows["first_seen_at"], a["registered_at"][account])
    rows["last_seen_at"] = np.minimum(rows["last_seen_at"], a["gone_at"][account])
    place = np.empty_like(shuffle)
    place[shuffle] = np.arange(len(shuffle))
    frame = (
        pl.DataFrame({**rows, "place": place[account]})
        .filter(pl.col("first_seen_at") <= pl.col("last_seen_at"))
        .group_by("place", "account_id", "device_id")
        .agg(
            pl.col("first_seen_at").min(),
            pl.col("last_seen_at").max(),
            pl.col("sessions").sum(),
            pl.col("device_kind").max(),
        )
        .sort("place", "device_id")
    )
    return {column: frame[column].to_numpy() for column in rows}


def _known(moment: Ints, cut: int) -> Bools:
    known: Bools = (moment != NONE) & (moment <= cut)
    return known


def drop(market: Market, table: Export, cut: int, before: int | None) -> Iterator[pl.DataFrame]:
    """Slices of one export as known at `cut`.

    With `before` only rows that are new or changed since that earlier cut.
    """
    rows, changes, state = {
        "orders": (market.orders, ORDER_TIMES, _order_state),
        "accounts": (market.accounts, ("registered_at", "cancelled_at", "banned_at"), _account_state),
        "devices": (market.devices, ("first_seen_at", "last_seen_at"), _device_state),
        "chat_links": (market.chat_links, ("sent_at", "reported_at"), _chat_state),
    }[table.name]
    fresh = np.zeros(len(rows[changes[0]]), np.bool_)
    for column in changes:
        fresh |= _known(rows[column], cut) & (rows[column] > (NONE if before is None else before))
    if table is DEVICES and before is not None:
        fresh |= rows["last_seen_at"] > before
    chosen = np.flatnonzero(fresh & _known(rows[changes[0]], cut))
    for start in range(0, max(1, len(chosen)), SLICE):
        part = chosen[start : start + SLICE]
        yield frame(table, state({name: column[part] for name, column in rows.items()}, cut), market.seed)


State = Callable[[Rows, int], Rows]


def _order_state(rows: Rows, cut: int) -> Rows:
    for column in ORDER_TIMES:
        rows[column] = np.where(_known(rows[column], cut), rows[column], NONE)
    for column, event in KNOWN_WITH.items():
        rows[column] = np.where(rows[event] == NONE, NONE, rows[column])
    return rows


def _account_state(rows: Rows, cut: int) -> Rows:
    for column in ("cancelled_at", "banned_at"):
        rows[column] = np.where(_known(rows[column], cut), rows[column], NONE)
    return rows


def _device_state(rows: Rows, cut: int) -> Rows:
    """Somebody still active was last seen on the drop's own day; sessions grow with the span."""
    rng = np.random.default_rng(cut)
    going = rows["last_seen_at"] > cut
    # Within the last day, so that a later drop never says an earlier moment.
    idle = np.minimum(rng.exponential(30_000, len(going)), DAY - 1)
    lately = cut - np.minimum(idle, cut - rows["first_seen_at"]).astype(np.int64)
    seen = np.where(going, lately, rows["last_seen_at"])
    whole = np.maximum(rows["last_seen_at"] - rows["first_seen_at"], 1)
    share = (seen - rows["first_seen_at"]) / whole
    rows["sessions"] = np.maximum(1, (rows["sessions"] * share).astype(np.int64))
    rows["last_seen_at"] = seen
    return rows


def _chat_state(rows: Rows, cut: int) -> Rows:
    rows["reported_at"] = np.where(_known(rows["reported_at"], cut), rows["reported_at"], NONE)
    rows["claimed_cny"] = np.where(rows["reported_at"] == NONE, NONE, rows["claimed_cny"])
    return rows
