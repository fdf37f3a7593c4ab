"""What honest people share: homes, phones, counters, handles, links, hosts and payment accounts.

A circle has a size, a kind of people, and the things that its members share; nothing else ties them, and most of them
never do anything odd. They are as many and as free as rings are with theirs, so that sharing alone says nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jobs.simulate.agents.people import NEVER
from jobs.simulate.agents.town import SHOP, Town
from jobs.simulate.columns import NONE, Ints, Rng, word
from jobs.simulate.goods import IS_REGULATED, IS_VIRTUAL
from jobs.simulate.options import DAY

PHONE, PC, KIOSK, EMULATOR = (word("device_kind", kind) for kind in ("phone", "pc", "kiosk", "emulator"))


class Circle(NamedTuple):
    """People by `whom`, the share of them in such a circle, its size (skewed to small), and what they share."""

    name: str
    whom: str
    share: float
    low: int
    high: int
    shares: tuple[str, ...]


CIRCLES = (
    Circle("families", "anybody", 0.14, 2, 6, ("phone", "address")),
    Circle("couples", "anybody", 0.04, 2, 2, ("payer", "address")),
    Circle("own_accounts", "anybody", 0.05, 2, 3, ("owner_id", "phone")),
    Circle("mothers_phone", "anybody", 0.02, 3, 6, ("phone_id",)),
    Circle("dormitories", "anybody", 0.05, 4, 8, ("address", "pc")),
    Circle("offices", "anybody", 0.04, 4, 25, ("pc", "address")),
    Circle("landlords", "anybody", 0.04, 4, 25, ("address",)),
    Circle("parcel_lockers", "anybody", 0.25, 40, 400, ("address",)),
    Circle("pc_rooms", "anybody", 0.06, 15, 150, ("kiosk",)),
    Circle("company_cards", "anybody", 0.02, 3, 12, ("payer",)),
    Circle("group_buys", "anybody", 0.03, 6, 20, ("payer", "qr")),
    Circle("friends", "anybody", 0.15, 2, 7, ("contact", "qr")),
    Circle("forums", "anybody", 0.16, 12, 120, ("host",)),
    Circle("chat_groups", "anybody", 0.12, 5, 30, ("qr",)),
    Circle("clubs", "anybody", 0.02, 4, 12, ("contact",)),
    Circle("gamers", "anybody", 0.006, 2, 5, ("emulator",)),
    Circle("affiliates", "affiliate", 1.0, 3, 20, ("host",)),
    Circle("stations", "sellers", 0.12, 12, 60, ("payee", "address")),
    Circle("bookkeepers", "shops", 0.20, 3, 10, ("payee",)),
    Circle("family_payees", "sellers", 0.14, 2, 4, ("payee",)),
    Circle("warehouses", "sellers", 0.08, 5, 40, ("address",)),
    Circle("agencies", "shops", 0.22, 3, 15, ("pc", "contact")),
    Circle("chains", "licensed", 0.10, 2, 5, ("licence_id", "host", "payee")),
    Circle("stalls", "shops", 0.05, 2, 5, ("owner_id", "address", "display_name_id")),
    Circle("wholesale", "coders", 0.20, 3, 12, ("payment_code", "contact")),
)


def gather(town: Town) -> None:
    """Own devices for all, the circles, and what passes from hand to hand."""
    rng = town.stream(102)
    _own_devices(town, rng)
    for circle in CIRCLES:
        whom = _whom(town, circle.whom)
        # Most crooks keep their family out of it; some have a wife, a dormitory, a landlord like everybody.
        whom = whom[(town.accounts["crew"][whom] == NONE) | (rng.random(len(whom)) < 0.2)]
        who, number = _grouped(rng, whom, circle)
        town.casts[circle.name] = who
        town.casts[f"{circle.name}/number"] = number
        for thing in circle.shares:
            share(town, rng, thing, who, number)
    _second_hand(town, rng)
    _recycled_numbers(town, rng)
    _bonus_chains(town, rng)
    _fairs(town, rng)
    _reopened(town, rng)
    _watch(town, rng)


def _whom(town: Town, whom: str) -> Ints:
    a = town.accounts
    shop = a["kind"] == SHOP
    if whom in town.casts:
        return town.casts[whom]
    return np.flatnonzero(
        {
            "anybody": ~shop,
            "sellers": a["appeal"] > 0.5,
            "shops": shop,
            "licensed": shop & IS_REGULATED[a["goods"]] & (a["licence_id"] != NONE),
            "coders": IS_VIRTUAL[a["goods"]] & (a["appeal"] > 0.3),
        }[whom]
    )


def _grouped(rng: Rng, whom: Ints, circle: Circle) -> tuple[Ints, Ints]:
    """Accounts, and beside each the number of its circle."""
    wanted = round(circle.share * len(whom))
    span = circle.high - circle.low + 1
    sizes = circle.low + np.floor(span * rng.random(max(1, wanted // circle.low)) ** 2.2).astype(np.int64)
    sizes = sizes[: max(1, int(np.searchsorted(np.cumsum(sizes), wanted)))]
    who = rng.permutation(whom)[: int(sizes.sum())]
    return who, np.repeat(np.arange(len(sizes)), sizes)[: len(who)]


def share(town: Town, rng: Rng, thing: str, who: Ints, number: Ints) -> None:
    """Accounts of the same `number` share one thing: a column of theirs, or a device of a kind."""
    groups = int(number.max(initial=-1)) + 1
    if thing in ("phone", "pc", "kiosk", "emulator"):
        device = town.fresh("device", groups)
        if thing == "kiosk":
            town.kiosks = device
        _share_device(town, rng, word("device_kind", thing), who, device[number])
    elif thing == "licence_id":
        first = np.unique(number, return_index=True)[1]
        town.accounts[thing][who] = who[first][number]
        town.accounts["licence_shown"][who] = 1
    else:
        kind = {"payee": "payment", "payer": "payment", "payment_code": "payment_code", "host": "url"}.get(
            thing, thing.removesuffix("_id").replace("display_", "")
        )
        town.accounts[thing][who] = town.fresh(kind, groups)[number]
        if thing == "payee":
            town.accounts["payee_from"][who] = NEVER


def _share_device(town: Town, rng: Rng, kind: int, who: Ints, device: Ints) -> None:
    """Rooms see people for a few evenings, homes and offices for months."""
    a, m = town.accounts, len(who)
    begin = np.maximum(a["registered_at"][who], town.moment(-120))
    room = np.maximum(np.minimum(a["gone_at"][who], town.options.end) - begin, DAY)
    first = begin + (room * rng.random(m) * 0.8).astype(np.int64)
    days = rng.exponential(4 if kind == KIOSK else 150, m) + 0.1
    last = np.minimum(first + (days * DAY).astype(np.int64), a["gone_at"][who])
    town.use(who, device, first, last, kind, rng.geometric(0.3 if kind == KIOSK else 0.03, m))


def _own_devices(town: Town, rng: Rng) -> None:
    a, n = town.accounts, town.options.accounts
    own, far = np.arange(n), town.options.end + 300 * DAY
    kind = np.where(rng.random(n) < 0.04, NONE, PHONE)
    kind[town.casts["gamer"]] = EMULATOR
    born, gone = a["registered_at"], np.minimum(a["gone_at"], far)
    idle = np.minimum(born + (rng.gamma(2.0, 400, n) * DAY).astype(np.int64) + DAY, gone)
    town.use(own, own, born, np.where(rng.random(n) < 0.3, idle, gone), kind, rng.geometric(0.015, n))
    who = own[rng.random(n) < 0.35]
    first = born[who] + ((town.options.end - born[who]).clip(DAY) * rng.random(len(who))).astype(np.int64)
    kinds = rng.choice([PHONE, PC, word("device_kind", "tablet")], len(who), p=[0.5, 0.35, 0.15])
    town.use(who, town.fresh("device", len(who)), first, gone[who], kinds, rng.geometric(0.03, len(who)))


def _second_hand(town: Town, rng: Rng) -> None:
    """A phone goes from one person to the next, on some through three hands; a shop sells dozens."""
    who, number = _grouped(rng, _whom(town, "anybody"), Circle("", "", 0.08, 2, 4, ()))
    device, cut = town.fresh("device", int(number.max()) + 1)[number], np.searchsorted(number, number)
    turn, hands = np.arange(len(who)) - cut, np.bincount(number)[number]
    whole = town.days + 200
    first = town.moment(-200) + (turn * whole // hands + rng.integers(0, 12, len(who))) * DAY
    last = town.moment(-200) + ((turn + 1) * whole // hands - 1) * DAY
    alive = (town.accounts["registered_at"][who] < last) & (town.accounts["gone_at"][who] > first)
    town.use(who[alive], device[alive], first[alive], last[alive], PHONE, rng.geometric(0.03, int(alive.sum())))
    town.casts["second_hand"] = who[alive]


def _recycled_numbers(town: Town, rng: Rng) -> None:
    """The company gives a given-up number to somebody else years later."""
    a = town.accounts
    persons = np.flatnonzero((a["kind"] != SHOP) & (a["crew"] == NONE))
    old = persons[a["registered_at"][persons] < town.moment(-500)]
    new = persons[a["registered_at"][persons] > town.moment(-100)]
    m = min(len(old), len(new), len(persons) // 60)
    old, new = rng.permutation(old)[:m], rng.permutation(new)[:m]
    a["phone_id"][new] = np.where(a["phone_id"][old] == NONE, new, a["phone_id"][old])
    # Who has given up the number has mostly given up the account.
    a["buys"][old] *= 0.3
    town.casts["recycled"] = np.concatenate([old, new])


def _bonus_chains(town: Town, rng: Rng) -> None:
    """An invitation bonus: who joined just before invites who joins next, in chains of many levels."""
    a, n = town.accounts, town.options.accounts
    order = np.argsort(a["registered_at"], kind="stable")
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    # Who is in a pyramid has been invited into it.
    free = a["upline"] == NONE
    lively = free & (rng.random(n) < np.where(a["registered_at"] > town.moment(-60), 0.45, 0.15))
    back = np.where(rng.random(n) < 0.6, rng.geometric(0.25, n), rng.integers(1, max(2, n // 4), n))
    above = place - back
    a["inviter_id"] = np.where(lively & (above >= 0), order[np.maximum(above, 0)], a["inviter_id"])
    town.casts["invited"] = np.flatnonzero(a["inviter_id"] != NONE)


def _fairs(town: Town, rng: Rng) -> None:
    """At a freshmen's fair or a company's first day a dozen people sign up on one tablet within the hour."""
    a = town.accounts
    who = np.flatnonzero((a["kind"] != SHOP) & (a["crew"] == NONE) & (a["registered_at"] > town.moment(-90)))
    fresh, number = _grouped(rng, who, Circle("", "", 0.15, 5, 20, ()))
    groups = int(number.max(initial=0)) + 1
    start = town.hours(rng, rng.integers(-60, town.days - 3, groups), groups)
    a["registered_at"][fresh] = start[number] + rng.integers(0, 3_600, len(fresh))
    inviter = a["inviter_id"][fresh]
    late = (inviter != NONE) & (a["registered_at"][np.maximum(inviter, 0)] >= a["registered_at"][fresh])
    a["inviter_id"][fresh[late]] = NONE
    device = town.fresh("device", groups)[number]
    town.use(fresh, device, a["registered_at"][fresh], a["registered_at"][fresh] + 1_800, KIOSK, 1)
    town.casts["fairs"], town.casts["fairs/number"] = fresh, number


def _reopened(town: Town, rng: Rng) -> None:
    """A shop closes lawfully and its owner opens another, on the same phone and licence."""
    a = town.accounts
    shops = np.flatnonzero((a["kind"] == SHOP) & (a["gone_at"] == NEVER) & (a["crew"] == NONE))
    m = max(2, len(shops) // 60)
    old, new = rng.permutation(shops)[: 2 * m].reshape(2, -1)
    moment = town.hours(rng, rng.integers(20, town.days - 10, m), m)
    a["registered_at"][old] = np.minimum(a["registered_at"][old], moment - 60 * DAY)
    town.leave(old, "cancelled_at", moment)
    a["stops_at"][old] = moment - rng.integers(2, 25, m) * DAY
    a["registered_at"][new] = moment + rng.integers(-10, 20, m) * DAY
    for column in ("owner_id", "licence_id", "region", "goods", "address", "payee"):
        a[column][new] = a[column][old]
    town.use(new, old, a["registered_at"][new], town.options.end + 300 * DAY, PHONE, rng.geometric(0.03, m))
    a["inviter_id"][new] = NONE
    town.casts["reopened"] = np.concatenate([old, new])


def _watch(town: Town, rng: Rng) -> None:
    """A tenth of the people watch a streamer, and rebuy there."""
    a, n, streamers = town.accounts, town.options.accounts, town.casts["streamer"]
    popular = rng.pareto(1.0, len(streamers)) + 0.3
    watched = rng.choice(streamers, n, p=popular / popular.sum())
    a["watches"] = np.where(rng.random(n) < 0.12, watched, NONE)
    shops = np.flatnonzero((a["kind"] == SHOP) & (a["gone_at"] == NEVER) & ~IS_VIRTUAL[a["goods"]])
    shops = shops[a["crew"][shops] == NONE]
    a["sells_for"] = np.full(n, NONE)
    a["sells_for"][streamers] = rng.choice(shops, len(streamers))
