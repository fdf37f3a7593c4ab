"""Scripts about codes: confirm first, codes harvested unpaid, and both by one hand."""

from __future__ import annotations

import numpy as np

from jobs.simulate.agents import course
from jobs.simulate.agents.turn import Turn
from jobs.simulate.columns import NONE, Ints, Rows
from jobs.simulate.goods import VIRTUAL_NUMBERS


def _codes(turn: Turn) -> Ints:
    """Mostly the category that the seller is known for, if that is a code."""
    goods = turn.column("goods")
    return np.where(np.isin(goods, VIRTUAL_NUMBERS), goods, turn.rng.choice(VIRTUAL_NUMBERS, turn.n))


def _confirmed_first(turn: Turn) -> Rows:
    """A victim pays, is asked to confirm before the code comes, and does."""
    rows = turn.sale(category=_codes(turn))
    course.pay(turn.rng, rows, turn.everyone())
    turn.ask(rows, "ask_confirm_first")
    course.confirm(turn.rng, rows, turn.some(0.9), 0.06, since="paid_at")
    return rows


def code_never_sent(turn: Turn) -> None:
    """The code does not come."""
    rows = _confirmed_first(turn)
    waited = turn.some(0.55)
    course.complain(turn.rng, rows, waited, "not_received", 0.8, "paid_at")
    course.refund(turn.rng, rows, waited & turn.some(0.12), 2.0, "complained_at")


def used_code_sent(turn: Turn) -> None:
    """A code comes after the confirmation, and is used already."""
    rows = _confirmed_first(turn)
    done = rows["confirmed_at"] != NONE
    course.hand_over(turn.rng, rows, done, 0.08, since="confirmed_at")
    turn.give_code(rows, done, turn.stocked_code(0.3))
    tried = done & turn.some(0.55)
    course.complain(turn.rng, rows, tried, "code_used", 0.1, "delivered_at")
    course.refund(turn.rng, rows, tried & turn.some(0.08), 2.0, "complained_at")


def same_code_twice(turn: Turn) -> None:
    """One code for several buyers; whoever is first has it."""
    rows = _confirmed_first(turn)
    done = rows["confirmed_at"] != NONE
    prompt = done & turn.some(0.35)
    course.hand_over(turn.rng, rows, done, 0.05, since="confirmed_at")
    course.hand_over(turn.rng, rows, prompt, 0.01, since="paid_at")
    rows["confirmed_at"][prompt] = rows["delivered_at"][prompt] + 900
    code = turn.stocked_code(0.65)
    turn.give_code(rows, done, code)
    turn.keep_code(done, code)
    course.complain(turn.rng, rows, done & turn.some(0.45), "code_used", 0.15, "delivered_at")


def _harvested(turn: Turn, minutes: float) -> tuple[Rows, Ints]:
    """An order is placed and not paid; the seller reads it as paid and sends the code."""
    rows = turn.purchase("code_sellers")
    fooled = turn.some(0.8)
    course.hand_over(turn.rng, rows, fooled, minutes * course.MINUTE, since="placed_at")
    code = turn.town.fresh("card_code", turn.n)
    turn.give_code(rows, fooled & turn.some(0.8), code)
    turn.keep_code(fooled, code)
    course.lapse(turn.rng, rows, turn.some(0.8))
    course.accuse(turn.rng, rows, fooled & turn.some(0.5), "unpaid_code_taken", 0.3, "delivered_at")
    return rows, code


def took_code_unpaid(turn: Turn) -> None:
    """Takes the code and is not heard of again."""
    _harvested(turn, 8)


def resold_code_unpaid(turn: Turn) -> None:
    """A mate sells to somebody else what was taken unpaid."""
    taking, selling = turn.half(0.6)
    _harvested(taking, 8)
    mates = selling.mates()
    rows = selling.sale(mates, category=selling.rng.choice(VIRTUAL_NUMBERS, selling.n))
    course.pay(turn.rng, rows, selling.everyone())
    course.hand_over(turn.rng, rows, selling.everyone(), 0.02)
    course.confirm(turn.rng, rows, selling.everyone(), 0.1)
    selling.give_code(rows, selling.everyone(), selling.stocked_code(0.9))
    course.complain(turn.rng, rows, selling.some(0.15), "code_used", 0.4, "delivered_at")


def showed_a_forged_receipt(turn: Turn) -> None:
    """Sends a picture of a payment that was never made."""
    rows, _ = _harvested(turn, 25)
    turn.whisper(rows["seller_id"], rows["placed_at"] + 90, "ask_off_platform", 0.15, order_id=rows["order_id"])


def harvests_and_sells_used(turn: Turn) -> None:
    """As buyer takes codes unpaid, as seller sells them when they are used."""
    buying, selling = turn.half(0.5)
    _harvested(buying, 10)
    used_code_sent(selling)
