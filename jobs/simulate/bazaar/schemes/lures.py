"""Away from the platform: links, codes and handles that lead elsewhere, and orders that strangers know of."""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar import quarrel
from jobs.simulate.bazaar.place import drawn
from jobs.simulate.bazaar.stage import Stage, codes, soon, undo
from jobs.simulate.columns import NONE, Ints, Rows, word
from jobs.simulate.options import DAY


def off_platform_lure(stage: Stage) -> list[Rows]:
    """Four ways to move a buyer elsewhere."""
    if stage.hand.script in {"no_order", "take_over"}:
        links = _fish(stage)
        if stage.hand.script == "take_over":
            _take_over(stage, links)
        return [stage.sell(stage.turns(stage.hand.active, 0.5))]
    return [_scan(stage) if stage.hand.script == "scan_for_code" else _pay_outside(stage)]


def _scan(stage: Stage) -> Rows:
    """Sold here, paid here, but the code is to be had by scanning; what was scanned is a purchase elsewhere."""
    rng = stage.rng
    who = stage.turns(stage.hand.active)
    rows = stage.sell(who, category=codes(rng, len(who)))
    at = stage.some(rows, 0.72, rows["paid_at"] != NONE)
    undo(rows, at)
    rows["delivered_at"][at] = NONE
    clicked = rng.random(len(at)) < 0.6
    rows["confirmed_at"][at] = np.where(clicked, soon(rng, rows["paid_at"][at], 2.0), NONE)
    rows["channel"][at] = np.where(rng.random(len(at)) < 0.25, word("channel", "external"), rows["channel"][at])
    kinds = [word("complaint", k) for k in ("off_platform", "not_received", "other")]
    cross = at[rng.random(len(at)) < 0.5]
    quarrel.complain(rng, rows, cross, rng.choice(kinds, len(cross), p=[0.5, 0.4, 0.1]), 1.0)
    _invite(stage, rows, at, "qr", soon(rng, rows["paid_at"][at], 0.1))
    return rows


def _pay_outside(stage: Stage) -> Rows:
    """Ordered here, then "cheaper if you pay this code": the order is dropped, the money goes straight."""
    rng = stage.rng
    who = stage.turns(stage.hand.active)
    rows = stage.sell(who)
    at = stage.some(rows, 0.7)
    undo(rows, at)
    for column in ("paid_at", "payer_id", "delivered_at", "confirmed_at"):
        rows[column][at] = NONE
    rows["cancelled_at"][at] = soon(rng, rows["placed_at"][at], 6.0)
    kind = str(rng.choice(["payment_code", "url", "contact"]))
    _invite(stage, rows, at, kind, soon(rng, rows["placed_at"][at], 0.3), 0.3)
    return rows


def _invite(stage: Stage, rows: Rows, at: Ints, kind: str, sent: Ints, reported: float = 0.15) -> None:
    sellers = rows["seller_id"][at]
    target = sellers if kind == "payment_code" else stage.handle(sellers, kind)
    loss = (rows["amount"][at] * stage.rng.lognormal(0.8, 0.8, len(at))).astype(np.int64)
    stage.tell(
        sellers, rows["buyer_id"][at], sent, kind, target, tag="ask_off_platform", order=rows["order_id"][at],
        reported=reported, loss=loss,
    )  # fmt: skip


def _fish(stage: Stage) -> Rows:
    """Links and handles to strangers with no order at all; some lose much and report."""
    rng, hand = stage.rng, stage.hand
    who = stage.turns(hand.active, 2.0)
    receiver = stage.buyers(len(who))
    sent, ok = stage.moments(who, receiver, 0)
    who, receiver, sent = who[ok], receiver[ok], sent[ok]
    kind = str(rng.choice(["url", "contact", "qr"]))
    hand.act(who, "seller")
    hand.marks.append(receiver)
    loss = (rng.lognormal(7.6, 1.2, len(who)) * 100).astype(np.int64)
    tag = "ask_off_platform"
    return stage.tell(who, receiver, sent, kind, stage.handle(who, kind), tag=tag, reported=0.22, loss=loss)


def _take_over(stage: Stage, links: Rows) -> None:
    """Some who got the link lose their account for days: the hand's device is on it, and it passes the link on."""
    rng, world = stage.rng, stage.world
    n = min(len(links["sent_at"]), 2 + int(rng.poisson(4)))
    at = rng.choice(len(links["sent_at"]), n, replace=False)
    victim, first = links["receiver_id"][at], soon(rng, links["sent_at"][at], 14)
    there = (first < world.until(victim)) & (world.member[victim] < 0)
    at, victim, first = at[there], victim[there], first[there]
    days = rng.exponential(4, len(at)) + 0.2
    world.use(
        victim, stage.hand.members[0], first, first + (days * DAY).astype(np.int64), word("device_kind", "phone"), 6
    )
    turn = np.repeat(np.arange(len(at)), 1 + rng.poisson(3, len(at)))
    sent = first[turn] + (days[turn] * DAY * rng.random(len(turn))).astype(np.int64)
    kind = links["target_kind"][at[turn]]
    receiver = stage.buyers(len(turn))
    world.say(victim[turn], receiver, sent, kind, links["target_id"][at[turn]])
    world.resemble(victim, "taken_over")


def leak_source(stage: Stage) -> list[Rows]:
    """Strangers who know the order: "your parcel is lost, pay here"; all these orders went through one place."""
    hand = stage.hand
    source, strangers = hand.members[:1], hand.members[1:][~hand.idle[1:]]
    acts = len(stage.turns(strangers, 1.6))
    if hand.script == "of_handler":
        strangers = hand.members[~hand.idle]
        rows = _through(stage, acts, handler_id=stage.world.one("staff"))
    elif hand.script == "of_insider":
        live = word("channel", "livestream")
        rows = _through(stage, acts, promoter_id=source[0], channel=live)
        hand.roles[int(source[0])] = "source"
    else:
        stage.world.accounts["sells"][source] = np.maximum(stage.world.accounts["sells"][source], 15)
        rows = stage.sell(np.repeat(source, 2 * acts))
        hand.roles[int(source[0])] = "source"
    known = stage.some(rows, min(0.85, acts / max(1, len(rows["placed_at"]))), rows["paid_at"] != NONE)
    _call(stage, rows, known, strangers)
    return [rows, stage.sell(stage.turns(strangers, 0.3))]


def _through(stage: Stage, acts: int, **place: object) -> Rows:
    """Orders between honest people that pass one handler or host; no member deals in them."""
    buyer = stage.buyers(2 * acts)
    sells = stage.world.accounts["sells"] * stage.world.honest
    few = np.unique(drawn(stage.rng, sells, 5))
    roles, marks = dict(stage.hand.roles), len(stage.hand.marks)
    rows = stage.buy(buyer, sellers=stage.rng.choice(few, 2 * acts), **place)
    stage.hand.roles = roles
    del stage.hand.marks[marks:]
    return rows


def _call(stage: Stage, rows: Rows, at: Ints, strangers: Ints) -> None:
    """A stranger writes to the buyer about the order, a day or a few after it was paid."""
    rng = stage.rng
    who = rng.choice(strangers, len(at))
    sent = soon(rng, np.maximum(rows["paid_at"][at], stage.world.since(who)), 30, 0.9)
    there = sent < stage.world.until(who)
    at, who, sent = at[there], who[there], sent[there]
    kind = str(rng.choice(["url", "contact", "payment_code", "qr"], p=[0.4, 0.3, 0.15, 0.15]))
    target = who if kind == "payment_code" else stage.handle(who, kind)
    loss = (rng.lognormal(7.9, 1.0, len(at)) * 100).astype(np.int64)
    order = np.where(rng.random(len(at)) < 0.85, rows["order_id"][at], NONE)
    stage.tell(who, rows["buyer_id"][at], sent, kind, target, tag="knows_order", order=order, reported=0.25, loss=loss)
    stage.hand.act(who, "seller")
    stage.hand.marks.append(rows["buyer_id"][at])
