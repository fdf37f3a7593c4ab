"""Scripts of shops: reborn ones, counterfeits, and no licence."""

from __future__ import annotations

from typing import Any

import numpy as np

from jobs.simulate.agents import course
from jobs.simulate.agents.turn import Turn
from jobs.simulate.columns import Rows, word
from jobs.simulate.goods import IS_VIRTUAL, REGULATED


def _takes_money(turn: Turn, complaint: float) -> None:
    """Paid orders stay open; who complains says that it has not come, or that the shop is gone."""
    rows = turn.sale()
    course.pay(turn.rng, rows, turn.everyone())
    course.confirm(turn.rng, rows, turn.some(0.12), 1.0, since="paid_at")
    kind = np.where(turn.some(0.5), word("complaint", "vanished_seller"), word("complaint", "not_received"))
    course.complain(turn.rng, rows, turn.some(complaint), kind, 7.0, "paid_at")
    course.refund(turn.rng, rows, turn.some(0.12), 15.0, "paid_at")


def takes_money_and_closes(turn: Turn) -> None:
    """The owner closes the shop himself."""
    _takes_money(turn, 0.45)


def takes_money_and_is_silent(turn: Turn) -> None:
    """The shop stays, and nobody is there."""
    _takes_money(turn, 0.4)


def takes_money_and_is_banned(turn: Turn) -> None:
    """Complaints come early, and the platform closes the shop."""
    _takes_money(turn, 0.6)


def _far_and_wide(turn: Turn, **columns: Any) -> Rows:
    """Sold to every province, paid and delivered."""
    rows = turn.sale(**columns)
    course.pay(turn.rng, rows, turn.everyone())
    virtual = IS_VIRTUAL[rows["category"]]
    course.hand_over(turn.rng, rows, turn.everyone(), np.where(virtual, 0.01, 1.3))
    course.confirm(turn.rng, rows, turn.some(0.92), np.where(virtual, 0.1, 4.5))
    return rows


def counterfeits_from_several_shops(turn: Turn) -> None:
    """Each shop sells the same fakes under its own name."""
    rows = _far_and_wide(turn)
    doubted = turn.some(0.33)
    course.complain(turn.rng, rows, doubted, "counterfeit", 4.0, "delivered_at")
    course.refund(turn.rng, rows, doubted & turn.some(0.4), 2.0, "complained_at")


def counterfeits_by_stream(turn: Turn) -> None:
    """A mate praises them in a stream."""
    promoter = turn.mates()
    rows = _far_and_wide(turn, channel=word("channel", "livestream"), promoter_id=promoter)
    course.complain(turn.rng, rows, turn.some(0.3), "counterfeit", 5.0, "delivered_at")
    course.send_back(turn.rng, rows, turn.some(0.12), turn.some(0.2), 6.0)


def counterfeits_mixed_in(turn: Turn) -> None:
    """Real goods first, fakes among them; buyers call it other names."""
    rows = _far_and_wide(turn)
    kind = np.where(turn.some(0.6), word("complaint", "counterfeit"), word("complaint", "not_as_described"))
    course.complain(turn.rng, rows, turn.some(0.27), kind, 4.0, "delivered_at")


def no_licence_shown(turn: Turn) -> None:
    """Regulated goods at a shop's pace, and nothing on the wall."""
    _regulated(turn, 0.05)


def one_licence_for_all(turn: Turn) -> None:
    """Shops that have nothing to do with each other hang up the same licence."""
    _regulated(turn, 0.03)


def no_licence_and_by_message(turn: Turn) -> None:
    """Customers are gathered by message first; no licence is shown here either."""
    rows = _regulated(turn, 0.06)
    kind, target = turn.column("lure_kind"), turn.column("lure_target")
    asked = turn.some(0.3)
    moment = rows["placed_at"][asked] - 1_800
    turn.town.say(turn.who[asked], rows["buyer_id"][asked], moment, kind[asked], target[asked])


def _regulated(turn: Turn, complaint: float) -> Rows:
    goods = turn.column("goods")
    sold = np.where(turn.some(0.9), goods, turn.rng.choice(REGULATED, turn.n))
    rows = _far_and_wide(turn, category=sold)
    kind = np.where(turn.some(0.4), word("complaint", "counterfeit"), word("complaint", "not_as_described"))
    course.complain(turn.rng, rows, turn.some(complaint), kind, 4.0, "delivered_at")
    return rows
