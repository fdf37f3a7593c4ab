"""An honest day: who buys from whom, how it goes, and what is said about it."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from jobs.simulate.agents import course
from jobs.simulate.agents.people import NEVER
from jobs.simulate.agents.talk import small_talk
from jobs.simulate.agents.town import MEMORY, Town
from jobs.simulate.columns import NONE, Bools, Ints, Rng, Rows, word
from jobs.simulate.goods import IS_VIRTUAL
from jobs.simulate.options import DAY

COMPLAINTS_OF_CODES = ("not_received", "code_used", "not_as_described", "other", "off_platform", "vanished_seller")
COMPLAINTS_OF_GOODS = ("not_as_described", "not_received", "damaged", "counterfeit", "other", "vanished_seller")


def season(town: Town, day: int) -> float:
    """Weekends, the shopping festival of June and that of November."""
    date = datetime(1970, 1, 1) + timedelta(seconds=int(town.moment(day)))
    festival = (date.month, date.day) in {(6, d) for d in range(10, 19)} | {(11, d) for d in range(3, 12)}
    return (1.2 if date.weekday() >= 5 else 1.0) * (1.6 if festival else 1.0)


def dawn(town: Town, day: int) -> None:
    """Who can be drawn today: buyers, sellers by appeal and fame, and the honest whom crews prey on."""
    a, now = town.accounts, town.moment(day)
    here = (a["registered_at"] < now) & (a["gone_at"] > now + 12 * DAY)
    selling = a["appeal"] * (a["registered_at"] < now) * (a["stops_at"] > now + DAY)
    famous = selling * (1 + np.minimum(np.sqrt(town.fame), 6) / 3)
    steady = here & (a["crew"] == NONE)
    settled = steady & (a["gone_at"] == NEVER)
    virtual = IS_VIRTUAL[a["goods"]]
    crowds = {
        "buyers": a["buys"] * here,
        "sellers": famous,
        "victims": np.sqrt(a["buys"]) * steady,
        "code_sellers": np.sqrt(selling) * settled * virtual,
        "goods_sellers": np.sqrt(selling) * settled * ~virtual,
    }
    town.weights = {name: np.cumsum(weight) for name, weight in crowds.items()}


def trade(town: Town, day: int) -> None:
    """Everybody's own trade of one day."""
    rng = town.stream(110, day)
    wanted = rng.poisson(np.diff(town.weights["buyers"], prepend=0.0) * season(town, day))
    buyer = np.repeat(np.arange(town.options.accounts), wanted)
    buyer = rng.permutation(buyer)
    seller, regular = _choose(town, rng, day, buyer)
    apart = buyer != seller
    rows = town.order(rng, buyer[apart], seller[apart], town.hours(rng, day, int(apart.sum())))
    ordinary(town, rng, rows, regular[apart])
    small_talk(town, rng, rows, regular[apart])
    town.recent = [*town.recent[-MEMORY:], []]
    town.remember(rows)
    _learn(town, rng, rows)


def _choose(town: Town, rng: Rng, day: int, buyer: Ints) -> tuple[Ints, Bools]:
    """A favourite if there is one and it still sells, else whoever of three has what one likes or lives near."""
    a, n = town.accounts, len(buyer)
    three = town.draw(rng, "sellers", 3 * n).reshape(3, n)
    near = a["region"][three] == a["region"][buyer]
    liked = a["goods"][three] == a["goods"][buyer]
    best = np.argmax(2 * liked + near, axis=0)
    seller = np.where(rng.random(n) < 0.6, three[best, np.arange(n)], three[0])
    favourite = town.favourites[buyer, rng.integers(0, 3, n)]
    open_still = a["stops_at"][np.maximum(favourite, 0)] > town.moment(day + 1)
    regular = (favourite != NONE) & open_still & (rng.random(n) < 0.5)
    return np.where(regular, favourite, seller), regular


def _learn(town: Town, rng: Rng, rows: Rows) -> None:
    """Buyers come to have favourites, and sales make a seller famous, which brings more."""
    pleased = (rows["confirmed_at"] != NONE) & (rows["complained_at"] == NONE)
    kept = pleased & (rng.random(len(pleased)) < 0.4)
    town.favourites[rows["buyer_id"][kept], rng.integers(0, 3, int(kept.sum()))] = rows["seller_id"][kept]
    town.fame *= 0.97
    np.add.at(town.fame, rows["seller_id"][pleased], 1.0)
    np.add.at(town.fame, rows["seller_id"][rows["complained_at"] != NONE], -1.0)
    np.maximum(town.fame, 0, out=town.fame)


def ordinary(town: Town, rng: Rng, rows: Rows, regular: Bools) -> None:
    """How these orders go by the manners of the two."""
    a, placed = town.accounts, rows["placed_at"]
    buyer, seller, virtual = rows["buyer_id"], rows["seller_id"], IS_VIRTUAL[rows["category"]]
    paid = ~course.chance(rng, rows, a["dither"][buyer])
    course.pay(rng, rows, paid)
    _unpaid(town, rng, rows, ~paid, virtual)
    # Two who live near each other agree to meet, and call the order off.
    meets = course.chance(rng, rows, a["meets"][seller]) & ~virtual
    off = paid & (meets | course.chance(rng, rows, 0.03))
    put_off = rows["paid_at"] + course.later(rng, len(paid), 0.15, 1.1)
    course.put(rows, "cancelled_at", off, put_off)
    course.refund(rng, rows, off, 0.03, "cancelled_at")
    rows["channel"][course.chance(rng, rows, 0.02)] = word("channel", "external")
    going = paid & ~off
    stuck = going & (placed >= a["stuck_from"][seller]) & (placed < a["stuck_to"][seller])
    _deliver(town, rng, rows, going, stuck, virtual)
    _confirm(town, rng, rows, going, regular, virtual)
    _returns(town, rng, rows, going & ~virtual & (rows["delivered_at"] != NONE))
    _complaints(town, rng, rows, going & (rows["refunded_at"] == NONE), virtual)


def _unpaid(town: Town, rng: Rng, rows: Rows, unpaid: Bools, virtual: Bools) -> None:
    """A robot that ships at "拍下" gives codes away for weeks; half of the buyers pay after all."""
    a, seller, placed = town.accounts, rows["seller_id"], rows["placed_at"]
    slips = (placed >= a["slips_from"][seller]) & (placed < a["slips_to"][seller])
    sent = unpaid & virtual & course.chance(rng, rows, np.where(slips, 0.8, 0.06))
    course.hand_over(rng, rows, sent, 3 * course.MINUTE, since="placed_at")
    honest = sent & course.chance(rng, rows, 0.5)
    course.put(rows, "paid_at", honest, rows["delivered_at"] + course.later(rng, len(sent), 0.1, 1.0))
    course.confirm(rng, rows, honest, 0.2, since="paid_at")
    course.lapse(rng, rows, unpaid & ~honest & course.chance(rng, rows, 0.85))
    angry = sent & ~honest & course.chance(rng, rows, 0.4)
    course.accuse(rng, rows, angry, "unpaid_code_taken", 0.3, "delivered_at")


def _deliver(town: Town, rng: Rng, rows: Rows, going: Bools, stuck: Bools, virtual: Bools) -> None:
    n, late = len(going), town.accounts["late"][rows["seller_id"]]
    by_hand = course.chance(rng, rows, 0.25)
    code = np.where(by_hand, 0.1, 3 * course.MINUTE)
    tardy = course.chance(rng, rows, 0.5) & (late > 0)
    days = np.select([stuck, virtual & tardy, virtual], [25.0, late, code], 1.1)
    course.hand_over(rng, rows, going, days)
    lost = going & course.chance(rng, rows, np.where(stuck, 0.35, 0.008))
    rows["delivered_at"][lost] = NONE
    given_up = lost & course.chance(rng, rows, 0.55)
    moment = rows["paid_at"] + course.later(rng, n, np.where(stuck, 30, 12), 0.4)
    course.put(rows, "refunded_at", given_up, moment)


def _confirm(town: Town, rng: Rng, rows: Rows, going: Bools, regular: Bools, virtual: Bools) -> None:
    """Most after receipt, many never click and the platform does; the hasty, and a late seller's regulars, before."""
    a, n = town.accounts, len(going)
    there = going & (rows["delivered_at"] != NONE)
    transit = course.later(rng, n, np.where(virtual, 0.1, 4.0), 0.8)
    never = course.chance(rng, rows, 0.3) & ~virtual
    course.put(rows, "confirmed_at", there, rows["delivered_at"] + np.where(never, 10 * DAY, transit))
    trusts = (a["late"][rows["seller_id"]] > 0) & virtual
    hasty = np.where(trusts, np.where(regular, 0.55, 0.12), a["haste"][rows["buyer_id"]] * np.where(virtual, 1, 0.3))
    early = going & course.chance(rng, rows, hasty) & (rows["refunded_at"] == NONE)
    wait = np.where(there, rows["delivered_at"] - rows["paid_at"], DAY)
    clicked = rows["paid_at"] + (np.minimum(wait, DAY) * rng.random(n)).astype(np.int64)
    course.put(rows, "confirmed_at", early, clicked)


def _returns(town: Town, rng: Rng, rows: Rows, delivered: Bools) -> None:
    a = town.accounts
    share = a["returns"][rows["buyer_id"]]
    back = delivered & course.chance(rng, rows, share) & (rows["refunded_at"] == NONE)
    course.send_back(rng, rows, back, course.chance(rng, rows, 0.25))
    said = back & course.chance(rng, rows, 0.4)
    kind = np.where(course.chance(rng, rows, 0.4), word("complaint", "damaged"), word("complaint", "not_as_described"))
    course.complain(rng, rows, said, kind, 1.0, "delivered_at")
    # Sellers quarrel with everybody who returns, and most with who returns often.
    course.accuse(rng, rows, back & course.chance(rng, rows, 0.05 + 0.5 * share), "return_mismatch", 0.6, "refunded_at")


def _complaints(town: Town, rng: Rng, rows: Rows, open_to: Bools, virtual: Bools) -> None:
    a, buyer, seller = town.accounts, rows["buyer_id"], rows["seller_id"]
    doubt = open_to & course.chance(rng, rows, a["doubted"][seller]) & ~virtual
    share = a["grumble"][buyer] * a["sloppy"][seller]
    waiting = open_to & (rows["delivered_at"] == NONE)
    angry = open_to & (course.chance(rng, rows, np.where(waiting, 0.45, np.minimum(share, 0.6))) | doubt)
    kind = np.where(virtual, _kinds(rng, len(angry), COMPLAINTS_OF_CODES), _kinds(rng, len(angry), COMPLAINTS_OF_GOODS))
    silent = course.chance(rng, rows, 0.2)
    gone = np.where(silent, word("complaint", "vanished_seller"), word("complaint", "not_received"))
    kind = np.select([waiting, doubt], [gone, word("complaint", "counterfeit")], kind)
    since = np.where(waiting, rows["paid_at"] + 4 * DAY, rows["delivered_at"])
    course.put(rows, "complained_at", angry, since + course.later(rng, len(angry), np.where(virtual, 0.1, 3.0)))
    course.put(rows, "complaint", angry, kind)
    course.refund(rng, rows, angry & course.chance(rng, rows, 0.4), 1.5, "complained_at")
    # Who quarrels for sport goes to court for it.
    tried = angry & course.chance(rng, rows, np.where(a["grumble"][buyer] > 0.15, 0.6, 0.3))
    tried &= rows["refunded_at"] == NONE
    course.ask_jury(rng, rows, tried, rng.binomial(17, rng.beta(2.2, 2.0, len(angry))))
    close = tried & (np.abs(2 * rows["votes_buyer"].astype(np.int64) - 17) <= 4)
    winner = np.where(course.chance(rng, rows, 0.3), 1 - rows["jury_winner"], rows["jury_winner"])
    course.appeal(rng, rows, close & course.chance(rng, rows, 0.45), winner)
    course.execute(rng, rows, tried)


def _kinds(rng: Rng, n: int, names: tuple[str, ...]) -> Ints:
    """Complaints by kind, the first ones oftener."""
    kinds = np.array([word("complaint", name) for name in names])
    weight = 0.55 ** np.arange(len(names))
    return np.asarray(rng.choice(kinds, n, p=weight / weight.sum()), np.int64)
