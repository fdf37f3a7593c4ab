"""What every world keeps while it is being made: numbers for entities, seconds for times, NONE for NULL.

Columns carry the names of the contract. Rows are appended in batches and become one table each at the end
(`gathered`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jobs.simulate.columns import CHAT_COLUMNS, DEVICE_COLUMNS, NONE, ORDER_COLUMNS, Ints, Rng, Rows
from jobs.simulate.options import Options


@dataclass
class Ledger:
    """Accounts as columns, the batches of the other tables, and the planted truth.

    `accounts` has the contract's columns, `gone_at`, and whatever else a world keeps of its people. `truth` is
    (ring, typology, account, role); `lookalikes` (account, kind) are those who only look guilty, where a world notes
    them.
    """

    options: Options
    accounts: Rows = field(default_factory=dict)
    orders: list[Rows] = field(default_factory=list)
    devices: list[Rows] = field(default_factory=list)
    chats: list[Rows] = field(default_factory=list)
    truth: list[tuple[int, str, int, str]] = field(default_factory=list)
    lookalikes: list[tuple[int, str]] = field(default_factory=list)
    _next: dict[str, int] = field(default_factory=dict)

    def stream(self, *path: int) -> Rng:
        """Random numbers of one stage, so that a change in one stage leaves the others as they were."""
        return np.random.default_rng([self.options.seed, *path])

    def fresh(self, kind: str, n: int) -> Ints:
        """`n` new numbers of a kind of entity.

        The first `accounts` numbers of every kind are the accounts' own.
        """
        first = self._next.get(kind, self.options.accounts)
        self._next[kind] = first + n
        return np.arange(first, first + n)

    def one(self, kind: str) -> int:
        """One new number of a kind of entity."""
        return int(self.fresh(kind, 1)[0])

    def book(self, rows: dict[str, Any], n: int) -> Rows:
        """`n` orders, one a row; columns not given are NULL.

        Returns the batch, which is already part of the market.
        """
        filled = _filled(rows, ORDER_COLUMNS, n)
        self.orders.append(filled)
        return filled

    def say(
        self, sender: Ints, receiver: Ints, sent_at: Ints, target_kind: Any, target_id: Any, **columns: Any
    ) -> Rows:
        """One message a row; `columns` may give order_id, tag, reported_at and claimed_cny (fen)."""
        rows: dict[str, Any] = {
            "message_id": self.fresh("message", len(sender)),
            "sender_id": sender,
            "receiver_id": receiver,
            "sent_at": sent_at,
            "target_kind": target_kind,
            "target_id": target_id,
            **columns,
        }
        filled = _filled(rows, CHAT_COLUMNS, len(sender))
        self.chats.append(filled)
        return filled

    def use(self, account: Ints, device: Any, first: Any, last: Any, kind: Any, sessions: Any) -> None:
        """One account on one device a row."""
        rows = {
            "account_id": account,
            "device_id": device,
            "first_seen_at": first,
            "last_seen_at": last,
            "sessions": sessions,
            "device_kind": kind,
        }
        self.devices.append(_filled(rows, DEVICE_COLUMNS, len(account)))

    def leave(self, accounts: Any, column: str, moments: Any) -> None:
        """Accounts are `cancelled_at` or `banned_at` a moment, and gone from then on."""
        self.accounts[column][accounts] = moments
        self.accounts["gone_at"][accounts] = np.minimum(self.accounts["gone_at"][accounts], moments)


def _filled(rows: dict[str, Any], types: dict[str, type[np.signedinteger[Any]]], n: int) -> Rows:
    """A batch of `n` rows with all columns of a table."""
    batch: Rows = {}
    for column, kind in types.items():
        batch[column] = np.empty(n, kind)
        batch[column][:] = rows.get(column, NONE)
    return batch
