"""Scripts of many accounts: pyramids, farms, and brushing."""

from __future__ import annotations

from typing import Any

import numpy as np

from jobs.simulate.agents import course
from jobs.simulate.agents.turn import Turn
from jobs.simulate.columns import NONE, Ints, Rows
from jobs.simulate.goods import NUMBER

FEES = np.array([980, 1_980, 2_980, 6_980])
"""CNY; entry, and three steps up."""


def _fee(turn: Turn, seller: Ints, **columns: Any) -> None:
    """The member pays upwards, confirms at once, and brings others."""
    apart = seller != turn.who
    who = Turn(turn.town, turn.rng, turn.day, turn.who[apart])
    amount = FEES[who.column("crew") % 3 + who.some(0.2)] * 100
    placed = np.asarray(who.moments(), np.int64)
    rows = turn.town.order(
        turn.rng, who.who, seller[apart], placed, category=NUMBER["membership"], amount=amount, **columns
    )
    course.pay(turn.rng, rows, who.everyone())
    course.confirm(turn.rng, rows, who.everyone(), 0.05, since="paid_at")
    seen = who.some(0.25)
    course.hand_over(turn.rng, rows, seen, 0.02)
    course.complain(turn.rng, rows, who.some(0.05), "not_as_described", 25.0, "paid_at")
    who.report(who.whisper(who.victims(), placed + 7_200, "recruit", 0.5), 0.08, 1_500)


def fee_to_the_inviter(turn: Turn) -> None:
    """To whoever has brought one in."""
    _fee(turn, turn.column("upline"))


def fee_to_the_top(turn: Turn) -> None:
    """In the inviter's name, to the organiser's payment account."""
    top = turn.town.accounts["payee"][turn.front()]
    _fee(turn, turn.column("upline"), payee_id=top[turn.column("upline") != turn.who])


def fee_through_a_shop(turn: Turn) -> None:
    """For a membership in the organiser's shop."""
    _fee(turn, turn.front())


def _alike(turn: Turn, crowd: str) -> Rows:
    """All of a crew on one seller, one listing, one price, within minutes."""
    seller = turn.town.draw(turn.rng, crowd, turn.n)
    start = turn.moments()
    _, first, number = np.unique(turn.column("crew"), return_index=True, return_inverse=True)
    placed = start[first][number] + turn.rng.integers(0, 1_500, turn.n)
    rows = turn.town.order(turn.rng, turn.who, seller[first][number], placed)
    for column in ("item_id", "amount", "category"):
        rows[column][:] = rows[column][first][number]
    course.pay(turn.rng, rows, turn.some(0.95))
    return rows


def took_the_same_offer(turn: Turn) -> None:
    """A shop's promotion is emptied by one hand."""
    rows = _alike(turn, "code_sellers")
    course.hand_over(turn.rng, rows, rows["paid_at"] != NONE, 0.003)
    course.confirm(turn.rng, rows, rows["delivered_at"] != NONE, 0.02)


def cancelled_alike(turn: Turn) -> None:
    """Stock is blocked by orders that are all called off again."""
    rows = _alike(turn, "goods_sellers")
    off = turn.some(0.85)
    late = np.maximum(rows["paid_at"], rows["placed_at"]) + course.later(turn.rng, turn.n, 0.4, 0.4)
    course.put(rows, "cancelled_at", off, late)
    course.refund(turn.rng, rows, off & (rows["paid_at"] != NONE), 0.02, "cancelled_at")
    sent = ~off & (rows["paid_at"] != NONE)
    course.hand_over(turn.rng, rows, sent, 1.0)
    course.confirm(turn.rng, rows, sent, 3.0)


def posted_alike(turn: Turn) -> None:
    """Fresh accounts write the same link to strangers and buy a trifle for show."""
    posting, buying = turn.half(0.6)
    posting.report(posting.whisper(posting.victims(), posting.moments(), "ask_off_platform", 0.2), 0.12, 400)
    took_the_same_offer(buying)


def _brushed(turn: Turn, seller: Ints, days: float) -> None:
    """An order between mates, confirmed as if it had arrived."""
    apart = seller != turn.who
    who = Turn(turn.town, turn.rng, turn.day, turn.who[apart])
    rows = turn.town.order(turn.rng, who.who, seller[apart], who.moments())
    course.pay(turn.rng, rows, who.everyone())
    course.hand_over(turn.rng, rows, who.everyone(), days / 4)
    course.confirm(turn.rng, rows, who.everyone(), days)
    # The ranking counts these sales like any other, and brings the shop real customers.
    np.add.at(turn.town.fame, rows["seller_id"], 1.5)


def brushed_in_a_circle(turn: Turn) -> None:
    """Everybody buys from everybody."""
    _brushed(turn, turn.mates(), 0.1)


def brushed_for_a_shop(turn: Turn) -> None:
    """The others buy from the one shop that is to rise."""
    _brushed(turn, turn.front(), 0.2)


def brushed_with_empty_parcels(turn: Turn) -> None:
    """Real parcels with nothing in them, at the pace of real ones."""
    _brushed(turn, np.where(turn.some(0.7), turn.front(), turn.mates()), 3.0)
