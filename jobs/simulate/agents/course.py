"""What becomes of an order: the verbs that honest scripts and crooked ones are written with.

Each verb writes columns of the rows where `mask` holds. Moments follow each other as the contract asks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jobs.simulate.columns import NONE, Bools, Ints, Rng, Rows, word
from jobs.simulate.options import DAY

MINUTE = 1 / 1_440
"""In days."""


def later(rng: Rng, n: int, days: float | Any, spread: float = 0.8) -> Ints:
    """Log-normal delays in seconds around a median in days."""
    return np.maximum(days * DAY * np.exp(spread * rng.standard_normal(n)), 3).astype(np.int64)


def chance(rng: Rng, rows: Rows, share: Any) -> Bools:
    """Each row with its probability."""
    return np.asarray(rng.random(len(rows["placed_at"])) < share)


def everyone(rows: Rows) -> Bools:
    """All rows."""
    return np.ones(len(rows["placed_at"]), np.bool_)


def put(rows: Rows, column: str, mask: Bools, value: Any) -> None:
    """Write one column where `mask` holds."""
    np.copyto(rows[column], value, where=mask, casting="unsafe")


def pay(rng: Rng, rows: Rows, mask: Bools) -> None:
    """The money goes into escrow, mostly at once."""
    put(rows, "paid_at", mask, rows["placed_at"] + later(rng, len(mask), 4 * MINUTE, 1.4))


def lapse(rng: Rng, rows: Rows, mask: Bools) -> None:
    """Unpaid orders end: called off, or closed by the platform after a day."""
    n = len(mask)
    end = np.where(rng.random(n) < 0.5, DAY, later(rng, n, 0.08, 1.3))
    put(rows, "cancelled_at", mask, rows["placed_at"] + end)


def hand_over(rng: Rng, rows: Rows, mask: Bools, days: Any, spread: float = 0.8, since: str = "paid_at") -> None:
    """Goods or code leave."""
    put(rows, "delivered_at", mask, rows[since] + later(rng, len(mask), days, spread))


def confirm(rng: Rng, rows: Rows, mask: Bools, days: Any, since: str = "delivered_at", spread: float = 0.7) -> None:
    """The buyer says that it has come."""
    put(rows, "confirmed_at", mask, rows[since] + later(rng, len(mask), days, spread))


def refund(rng: Rng, rows: Rows, mask: Bools, days: Any, since: str) -> None:
    """The money goes back; an escrow that has not paid out yet never will."""
    moment = rows[since] + later(rng, len(mask), days, 0.7)
    put(rows, "refunded_at", mask, moment)
    rows["confirmed_at"][mask & (rows["confirmed_at"] > moment)] = NONE


def complain(rng: Rng, rows: Rows, mask: Bools, kind: str | Ints, days: Any, since: str) -> None:
    """The buyer complains."""
    put(rows, "complained_at", mask, rows[since] + later(rng, len(mask), days))
    put(rows, "complaint", mask, word("complaint", kind) if isinstance(kind, str) else kind)


def accuse(rng: Rng, rows: Rows, mask: Bools, kind: str, days: Any, since: str) -> None:
    """The seller complains."""
    put(rows, "seller_complained_at", mask, rows[since] + later(rng, len(mask), days))
    put(rows, "seller_complaint", mask, word("seller_complaint", kind))


def send_back(rng: Rng, rows: Rows, mask: Bools, refused: Any, days: float = 4.0) -> None:
    """Refused at the door or returned, and the money back."""
    put(rows, "return_kind", mask, np.where(refused, word("return_kind", "refused"), word("return_kind", "returned")))
    refund(rng, rows, mask, days, "delivered_at")
    rows["confirmed_at"][mask] = NONE


def ask_jury(rng: Rng, rows: Rows, mask: Bools, votes_buyer: Ints) -> None:
    """Seventeen users vote on the complaint."""
    winner = np.where(votes_buyer >= 9, word("jury_winner", "buyer"), word("jury_winner", "seller"))
    put(rows, "jury_at", mask, rows["complained_at"] + DAY + later(rng, len(mask), 1.2, 0.5))
    for column, value in (("votes_buyer", votes_buyer), ("votes_seller", 17 - votes_buyer), ("jury_winner", winner)):
        put(rows, column, mask, value)


def appeal(rng: Rng, rows: Rows, mask: Bools, winner: Any) -> None:
    """A close vote is appealed."""
    put(rows, "appealed_at", mask, rows["jury_at"] + later(rng, len(mask), 0.8, 0.5))
    put(rows, "appeal_winner", mask, winner)


def execute(rng: Rng, rows: Rows, mask: Bools) -> None:
    """Pay back where the buyer has won in the end."""
    appealed = rows["appealed_at"] != NONE
    won = np.where(appealed, rows["appeal_winner"], rows["jury_winner"]) == word("jury_winner", "buyer")
    refund(rng, rows, mask & won & appealed & (rows["refunded_at"] == NONE), 0.5, "appealed_at")
    refund(rng, rows, mask & won & ~appealed & (rows["refunded_at"] == NONE), 0.5, "jury_at")
