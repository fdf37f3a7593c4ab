"""Scripts of buyers: swapped returns, juries won by habit, and one hand on both sides."""

from __future__ import annotations

import numpy as np

from jobs.simulate.agents import course
from jobs.simulate.agents.turn import Turn
from jobs.simulate.columns import Ints, Rows, word
from jobs.simulate.goods import IS_VIRTUAL


def _received(turn: Turn) -> Rows:
    """Goods are bought, paid and delivered."""
    rows = turn.purchase("goods_sellers")
    course.pay(turn.rng, rows, turn.everyone())
    course.hand_over(turn.rng, rows, turn.everyone(), 1.0)
    return rows


def _usual_claim(turn: Turn) -> Ints:
    """A crew says the same thing every time, nearly."""
    kinds = np.array([word("complaint", kind) for kind in ("damaged", "not_as_described", "counterfeit")])
    own = kinds[turn.column("crew") * 7 % len(kinds)]
    return np.where(turn.some(0.85), own, turn.rng.choice(kinds, turn.n))


def claimed_and_swapped(turn: Turn) -> None:
    """Claims a fault and sends back another item."""
    rows = _received(turn)
    course.complain(turn.rng, rows, turn.some(0.8), _usual_claim(turn), 1.0, "delivered_at")
    course.send_back(turn.rng, rows, turn.everyone(), turn.some(0.1))
    course.accuse(turn.rng, rows, turn.some(0.55), "return_mismatch", 0.5, "refunded_at")


def refused_and_emptied(turn: Turn) -> None:
    """Refuses the parcel after it has been opened."""
    rows = _received(turn)
    course.send_back(turn.rng, rows, turn.everyone(), turn.some(0.85), 2.5)
    course.complain(turn.rng, rows, turn.some(0.25), _usual_claim(turn), 0.8, "delivered_at")
    course.accuse(turn.rng, rows, turn.some(0.5), "return_mismatch", 0.7, "refunded_at")


def refunded_without_return(turn: Turn) -> None:
    """Claims loudly until the money comes, and keeps the goods."""
    rows = _received(turn)
    course.complain(turn.rng, rows, turn.everyone(), _usual_claim(turn), 0.8, "delivered_at")
    course.refund(turn.rng, rows, turn.some(0.8), 1.5, "complained_at")
    course.accuse(turn.rng, rows, turn.some(0.35), "other", 0.7, "complained_at")


def _disputed(turn: Turn) -> Rows:
    rows = _received(turn)
    course.complain(turn.rng, rows, turn.everyone(), _usual_claim(turn), 1.2, "delivered_at")
    return rows


def won_by_a_vote(turn: Turn) -> None:
    """Friends on the jury: nine, ten or eleven votes of seventeen, again and again."""
    rows = _disputed(turn)
    won = turn.some(0.8)
    course.ask_jury(turn.rng, rows, turn.everyone(), np.where(won, turn.rng.integers(9, 12, turn.n), 7))
    course.execute(turn.rng, rows, turn.everyone())


def overturned_on_appeal(turn: Turn) -> None:
    """Loses closely, appeals with the same papers every time, and wins."""
    rows = _disputed(turn)
    course.ask_jury(turn.rng, rows, turn.everyone(), turn.rng.integers(7, 9, turn.n))
    winner = np.where(turn.some(0.75), word("appeal_winner", "buyer"), word("appeal_winner", "seller"))
    course.appeal(turn.rng, rows, turn.some(0.9), winner)
    course.execute(turn.rng, rows, turn.everyone())


def sellers_who_win(turn: Turn) -> None:
    """The other side of the bench: poor goods, and juries that find for the seller by a vote or two."""
    front = turn.front()
    rows = turn.sale(np.where(turn.column("appeal") > 0, turn.who, front))
    course.pay(turn.rng, rows, turn.everyone())
    course.hand_over(turn.rng, rows, turn.everyone(), np.where(IS_VIRTUAL[rows["category"]], 0.02, 1.0))
    course.confirm(turn.rng, rows, turn.some(0.5), 3.0)
    course.complain(turn.rng, rows, turn.some(0.8), "not_as_described", 1.5, "delivered_at")
    tried = rows["complained_at"] >= 0
    course.ask_jury(turn.rng, rows, tried, np.where(turn.some(0.85), turn.rng.integers(6, 9, turn.n), 10))
    course.execute(turn.rng, rows, tried)


def swaps_and_sells_fakes(turn: Turn) -> None:
    """As buyer sends back something else, as seller sells the poor stuff."""
    buying, selling = turn.half(0.5)
    claimed_and_swapped(buying)
    rows = selling.sale()
    course.pay(turn.rng, rows, selling.everyone())
    course.hand_over(turn.rng, rows, selling.everyone(), np.where(IS_VIRTUAL[rows["category"]], 0.02, 1.0))
    course.confirm(turn.rng, rows, selling.some(0.8), 3.0)
    kind = np.where(selling.some(0.5), word("complaint", "counterfeit"), word("complaint", "not_as_described"))
    course.complain(turn.rng, rows, selling.some(0.45), kind, 1.5, "delivered_at")


def keeps_goods_and_money(turn: Turn) -> None:
    """As buyer has the money back and keeps the goods, as seller takes the money and sends nothing."""
    buying, selling = turn.half(0.5)
    refunded_without_return(buying)
    rows = selling.sale()
    course.pay(turn.rng, rows, selling.everyone())
    angry = selling.some(0.5)
    course.complain(turn.rng, rows, angry, "not_received", 5.0, "paid_at")
    course.refund(turn.rng, rows, angry & selling.some(0.2), 2.0, "complained_at")
