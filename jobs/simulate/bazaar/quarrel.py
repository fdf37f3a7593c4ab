"""What follows a bad deal: complaints, returns, the seller's word against it, the users' jury, appeals.

All functions change rows of orders in place, at the places `at`; waits are in days.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Floats, Ints, Rng, Rows, word
from jobs.simulate.options import DAY

JURORS = 17
MAJORITY = 9
APPEALABLE = 4
BUYER, SELLER = word("jury_winner", "buyer"), word("jury_winner", "seller")


def later(rng: Rng, moments: Ints, days: float | Floats, spread: float = 0.7) -> Ints:
    """Moments some days on, log-normal around `days`."""
    wait = np.maximum(days * DAY * rng.lognormal(0.0, spread, len(moments)), 20)
    return moments + wait.astype(np.int64)


def known(rows: Rows, at: Ints) -> Ints:
    """The newest of an order's steps up to delivery."""
    return np.maximum(np.maximum(rows["placed_at"][at], rows["paid_at"][at]), rows["delivered_at"][at])


def complain(rng: Rng, rows: Rows, at: Ints, kind: str | Ints, days: float = 2.0) -> None:
    """The buyers complain some days after the newest step."""
    number = word("complaint", kind) if isinstance(kind, str) else kind
    rows["complained_at"][at] = later(rng, known(rows, at), days)
    rows["complaint"][at] = number


def refund(rng: Rng, rows: Rows, at: Ints, days: float = 2.0) -> None:
    """Money goes back; an escrow that pays back was never confirmed."""
    base = np.maximum(known(rows, at), rows["complained_at"][at])
    rows["refunded_at"][at] = later(rng, base, days)
    rows["confirmed_at"][at] = NONE


def send_back(rng: Rng, rows: Rows, at: Ints, kind: str = "returned", days: float = 4.0) -> None:
    """Goods refused or returned, and refunded."""
    rows["return_kind"][at] = word("return_kind", kind)
    refund(rng, rows, at, days)


def answer(rng: Rng, rows: Rows, at: Ints, kind: str, days: float = 1.0) -> None:
    """The sellers complain in turn."""
    base = np.maximum(known(rows, at), rows["refunded_at"][at])
    rows["seller_complained_at"][at] = later(rng, base, days)
    rows["seller_complaint"][at] = word("seller_complaint", kind)


def judge(rng: Rng, rows: Rows, at: Ints, lean: float | Floats, appeals: float | Floats = 0.3) -> None:
    """The jury votes, each juror for the buyer with chance `lean`; a close loser appeals with chance `appeals`.

    Only orders complained of come before the jury. Buyers who win are refunded.
    """
    votes = rng.binomial(JURORS, np.broadcast_to(lean, len(at)))
    rows["jury_at"][at] = later(rng, rows["complained_at"][at], 3.0, 0.4)
    rows["votes_buyer"][at], rows["votes_seller"][at] = votes, JURORS - votes
    winner = np.where(votes >= MAJORITY, BUYER, SELLER)
    rows["jury_winner"][at] = winner
    close = np.abs(2 * votes - JURORS) <= APPEALABLE
    appealed = close & (rng.random(len(at)) < appeals)
    overturn(rng, rows, at[appealed], 0.25)
    final = winner.copy()
    final[appealed] = rows["appeal_winner"][at[appealed]]
    settled(rng, rows, at, final)


def overturn(rng: Rng, rows: Rows, at: Ints, chance: float) -> None:
    """Appeals, overturned with that chance."""
    before = rows["jury_winner"][at]
    rows["appealed_at"][at] = later(rng, rows["jury_at"][at], 1.5, 0.4)
    rows["appeal_winner"][at] = np.where(rng.random(len(at)) < chance, 1 - before, before)


def settled(rng: Rng, rows: Rows, at: Ints, winner: Ints) -> None:
    """The winner has the money: the buyer a refund, the seller the escrow."""
    last = np.maximum(rows["jury_at"][at], rows["appealed_at"][at])
    won = winner == BUYER
    rows["refunded_at"][at] = np.where(won, later(rng, last, 0.5), NONE)
    paid_out = np.where(rows["confirmed_at"][at] == NONE, later(rng, last, 0.5), rows["confirmed_at"][at])
    rows["confirmed_at"][at] = np.where(won, NONE, paid_out)
    rows["return_kind"][at] = np.where(won, rows["return_kind"][at], NONE)
