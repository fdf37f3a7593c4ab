"""The ordinary course of an order: paid or not, sent, confirmed, now and then quarrelled over.

Chances come from the two persons' traits, so that some honest sellers are always late, some honest buyers confirm
before the code is there, some send half of what they buy back, and some go to court about it.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar import quarrel
from jobs.simulate.bazaar.place import Bazaar
from jobs.simulate.columns import NONE, Bools, Floats, Ints, Rng, Rows, word
from jobs.simulate.goods import IS_VIRTUAL, NUMBER
from jobs.simulate.options import DAY

AUTOMATIC = 10 * DAY
"""After delivery the platform confirms by itself."""

CHOOSY = np.isin(np.arange(len(NUMBER)), [NUMBER["clothing"], NUMBER["cosmetics"], NUMBER["jewellery"]])


OF_GOODS = {"not_as_described": 0.5, "damaged": 0.24, "counterfeit": 0.16, "other": 0.08, "off_platform": 0.02}
OF_CODES = {"code_used": 0.55, "not_as_described": 0.3, "other": 0.15}
"""What honest buyers complain of."""


def run(world: Bazaar, rng: Rng, rows: Rows) -> None:
    """Fill the steps of these orders in place."""
    _pay(world, rng, rows)
    _send(world, rng, rows)
    _confirm(world, rng, rows)
    _complain(world, rng, rows)
    _return(world, rng, rows)
    _sue(world, rng, rows)


def _trait(world: Bazaar, rows: Rows, side: str, trait: str) -> Floats:
    values: Floats = world.accounts[trait][rows[f"{side}_id"]]
    return values


def _after(rng: Rng, moments: Ints, hours: object, spread: float, mask: Bools) -> Ints:
    wait = 3_600 * np.asarray(hours) * rng.lognormal(0, spread, len(moments))
    return np.where(mask, moments + np.maximum(wait, 15).astype(np.int64), NONE)


def _pay(world: Bazaar, rng: Rng, rows: Rows) -> None:
    placed, n = rows["placed_at"], len(rows["placed_at"])
    unpaid = rng.random(n) < 0.02 + 0.25 * (1 - _trait(world, rows, "buyer", "resolve"))
    rows["paid_at"][:] = _after(rng, placed, np.where(rng.random(n) < 0.9, 0.06, 5), 1.1, ~unpaid)
    rows["cancelled_at"][:] = _after(rng, placed, 14, 0.8, unpaid & (rng.random(n) < 0.85))
    rows["payer_id"][unpaid] = NONE
    regret = ~unpaid & (rng.random(n) < 0.018)
    rows["cancelled_at"][regret] = _after(rng, rows["paid_at"][regret], 2, 1.0, np.ones(regret.sum(), np.bool_))
    rows["refunded_at"][regret] = rows["cancelled_at"][regret] + 60


def _send(world: Bazaar, rng: Rng, rows: Rows) -> None:
    """Shops that stopped coming send nothing; careless sellers of codes send before they are paid."""
    n, paid = len(rows["placed_at"]), rows["paid_at"]
    virtual = IS_VIRTUAL[rows["category"]]
    slow = 1 - _trait(world, rows, "seller", "punctual")
    going = (paid != NONE) & (rows["cancelled_at"] == NONE)
    forgets = rng.random(n) < 0.001 + 0.04 * slow**2
    hours = np.where(virtual, 0.15 + 3 * slow**2, 14 + 40 * slow) * world.calendar.rush_at(rows["placed_at"]) ** 0.7
    sent = _after(rng, paid, hours, 0.8, going & ~forgets)
    away = sent > np.minimum(world.accounts["gone_at"], world.accounts["quiet_at"])[rows["seller_id"]]
    rows["delivered_at"][:] = np.where(away, NONE, sent)
    careless = (1 - _trait(world, rows, "seller", "careful")) ** 2 * 0.5
    slip = virtual & (paid == NONE) & (rng.random(n) < careless)
    rows["delivered_at"][slip] = _after(rng, rows["placed_at"][slip], 0.2, 0.9, np.ones(slip.sum(), np.bool_))
    late = slip & (rng.random(n) < 0.4)
    rows["paid_at"][late] = _after(rng, rows["delivered_at"][late], 1, 1.0, np.ones(late.sum(), np.bool_))
    rows["payer_id"][late] = rows["buyer_id"][late]
    rows["cancelled_at"][late] = NONE
    cheated = np.flatnonzero(slip & ~late & (rng.random(n) < 0.35))
    quarrel.answer(rng, rows, cheated, "unpaid_code_taken")


def _confirm(world: Bazaar, rng: Rng, rows: Rows) -> None:
    """Many never click, and the platform does; hasty buyers click at once, and some sellers ask for it."""
    n, paid, sent = len(rows["placed_at"]), rows["paid_at"], rows["delivered_at"]
    virtual = IS_VIRTUAL[rows["category"]]
    there = (sent != NONE) & (paid != NONE) & (rows["refunded_at"] == NONE)
    base = np.maximum(sent, paid)
    by_hand = _after(rng, base, np.where(virtual, 4, 62), 1.0, there)
    clicks = rng.random(n) < 0.55
    rows["confirmed_at"][:] = np.where(
        there, np.where(clicks, np.minimum(by_hand, base + AUTOMATIC), base + AUTOMATIC), NONE
    )
    haste, asks = _trait(world, rows, "buyer", "haste"), _trait(world, rows, "seller", "asks_early")
    early = (paid != NONE) & (rows["refunded_at"] == NONE) & (sent > paid + 60)
    early &= rng.random(n) < np.where(virtual, 0.25 * haste + asks, 0.03 * haste)
    soon = _after(rng, paid, 0.05, 0.9, early)
    rows["confirmed_at"][early] = np.minimum(soon, np.maximum(sent - 20, paid))[early]


def _grudge(world: Bazaar, rows: Rows) -> Floats:
    """How readily the buyer finds fault with what came: poor sellers, fussy buyers, and a few who always quarrel."""
    poor, fussy = 1 - _trait(world, rows, "seller", "quality"), _trait(world, rows, "buyer", "fussy")
    return 0.002 + 0.3 * poor * fussy**1.5 + 0.1 * _trait(world, rows, "buyer", "litigious") ** 3


def _kinds(rng: Rng, n: int, shares: dict[str, float]) -> Ints:
    found: Ints = rng.choice([word("complaint", kind) for kind in shares], n, p=list(shares.values()))
    return found


def _complain(world: Bazaar, rng: Rng, rows: Rows) -> None:
    n, paid, sent = len(rows["placed_at"]), rows["paid_at"], rows["delivered_at"]
    virtual = IS_VIRTUAL[rows["category"]]
    waiting = (paid != NONE) & (sent == NONE) & (rows["cancelled_at"] == NONE)
    late = (sent - paid > np.where(virtual, 6 * 3_600, 5 * DAY)) & (paid != NONE)
    chance = np.where(waiting, 0.45, np.where(late, 0.06, 0.0)) + (sent != NONE) * _grudge(world, rows)
    cross = (paid != NONE) & (rows["cancelled_at"] == NONE) & (rng.random(n) < chance)
    kind = np.where(virtual, _kinds(rng, n, OF_CODES), _kinds(rng, n, OF_GOODS))
    absent = np.where(rng.random(n) < 0.75, word("complaint", "not_received"), word("complaint", "vanished_seller"))
    kind = np.where(waiting | (late & (rng.random(n) < 0.7)), absent, kind)
    at = np.flatnonzero(cross)
    quarrel.complain(rng, rows, at, kind[at])
    back = at[rng.random(len(at)) < np.where(waiting[at], 0.75, 0.3)]
    quarrel.refund(rng, rows, back)
    other = at[rng.random(len(at)) < 0.02]
    quarrel.answer(rng, rows, other, "other")


def _return(world: Bazaar, rng: Rng, rows: Rows) -> None:
    """Fussy buyers send much back; the shipper's damage looks like the buyer's."""
    n, sent = len(rows["placed_at"]), rows["delivered_at"]
    fussy = _trait(world, rows, "buyer", "fussy")
    live = rows["channel"] == word("channel", "livestream")
    chance = (0.004 + 0.5 * fussy**2) * np.where(CHOOSY[rows["category"]], 1.3, 0.6) * np.where(live, 2.0, 1.0)
    able = ~IS_VIRTUAL[rows["category"]] & (sent != NONE) & (rows["refunded_at"] == NONE) & (rows["paid_at"] != NONE)
    able |= (rows["refunded_at"] != NONE) & (rows["complained_at"] != NONE) & (sent != NONE)
    back = able & (rng.random(n) < np.where(rows["refunded_at"] == NONE, chance, 0.5)) & ~IS_VIRTUAL[rows["category"]]
    said = np.flatnonzero(back & (rows["complained_at"] == NONE) & (rng.random(n) < 0.25))
    quarrel.complain(rng, rows, said, _kinds(rng, len(said), OF_GOODS), 1.0)
    refused = back & (rng.random(n) < 0.22)
    quarrel.send_back(rng, rows, np.flatnonzero(back & ~refused))
    quarrel.send_back(rng, rows, np.flatnonzero(refused), "refused", 3.0)
    wrong = back & (rng.random(n) < 0.02 + 0.12 * _trait(world, rows, "seller", "litigious"))
    quarrel.answer(rng, rows, np.flatnonzero(wrong), "return_mismatch")


def _sue(world: Bazaar, rng: Rng, rows: Rows) -> None:
    """Quarrelsome people meet before the jury, some again and again; who is right is seldom clear."""
    n = len(rows["placed_at"])
    buyer, seller = _trait(world, rows, "buyer", "litigious"), _trait(world, rows, "seller", "litigious")
    quarrel_open = (rows["complained_at"] != NONE) & (rows["refunded_at"] == NONE)
    answered = (rows["complained_at"] != NONE) & (rows["seller_complained_at"] != NONE)
    chance = np.where(quarrel_open, 0.03 + 0.9 * buyer**2 + 0.15 * seller, np.where(answered, 0.3, 0.0))
    at = np.flatnonzero(rng.random(n) < chance)
    quarrel.judge(rng, rows, at, rng.beta(2.2, 2.0, len(at)), 0.25 + 0.3 * buyer[at])
