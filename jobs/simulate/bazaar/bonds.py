"""Innocent ties: homes, dormitories, firms, second selves, phones that change hands, numbers that are given out again.

What honest people share is what hands share: devices, wallets, addresses, papers, phones. Whoever would be mistaken for
a ring is noted as a look-alike.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar.circles import Circle, borrow, gather, share_life, tailed, wear
from jobs.simulate.bazaar.people import lend
from jobs.simulate.bazaar.place import FOREVER, Bazaar
from jobs.simulate.columns import NONE, Rng, word
from jobs.simulate.options import DAY


def bind(world: Bazaar) -> None:
    """All innocent ties, members of rings not excepted: they have families too."""
    rng, n = world.stream(3), world.options.accounts
    own_devices(world, rng)
    everyone = np.arange(n)
    households(world, rng, gather(rng, everyone, tailed(rng, n // 14, 2, 7)))
    dormitories(world, rng, gather(rng, everyone[world.honest], tailed(rng, max(1, n // 900), 5, 36)))
    shops = np.flatnonzero((world.accounts["kind"] == word("kind", "shop")) & world.honest)
    firms(world, rng, gather(rng, shops, tailed(rng, len(shops) // 14, 2, 14)))
    reopened(world, rng, gather(rng, shops, np.full(len(shops) // 25, 2)))
    second_selves(world, rng, gather(rng, everyone[world.honest], 2 + (rng.random(n // 45) < 0.15)))
    second_hand(world, rng, gather(rng, everyone, np.full(n // 40, 2)))
    old_numbers(world, rng, gather(rng, everyone, np.full(n // 70, 2)))


def own_devices(world: Bazaar, rng: Rng) -> None:
    """A phone each, for some a computer or a tablet too; a few use emulators."""
    a, n = world.accounts, world.options.accounts
    everyone = np.arange(n)
    kinds = np.array([word("device_kind", k) for k in ("phone", "pc", "tablet", "emulator")])
    kind = rng.choice(np.append(kinds, NONE), n, p=[0.86, 0.05, 0.04, 0.03, 0.02])
    first = np.maximum(a["registered_at"], world.options.start - (rng.exponential(300, n) * DAY).astype(np.int64))
    # The second phone of those who bought a new one, and handed the old one on or threw it away.
    moved = first + ((world.until(everyone) - first) * rng.random(n)).astype(np.int64)
    a["moved_at"] = np.where(rng.random(n) < 0.22, moved, FOREVER)
    world.use(everyone, everyone, first, np.minimum(a["moved_at"], a["quiet_at"]), kind, 5 + rng.poisson(60, n))
    later = np.flatnonzero(a["moved_at"] != FOREVER)
    new = world.fresh("device", len(later))
    world.use(later, new, a["moved_at"][later], a["quiet_at"][later], kinds[0], 5 + rng.poisson(40, len(later)))
    more = np.flatnonzero(rng.random(n) < 0.33)
    share_life(world, rng, more, world.fresh("device", len(more)), "pc")


def households(world: Bazaar, rng: Rng, homes: Circle) -> None:
    """One address; for some one tablet, one wallet, a mother's phone number."""
    n = len(homes.who)
    close = rng.beta(1.2, 2.5, homes.groups)[homes.group]
    wear(world, "ship_to", homes, homes.only(rng.random(n) < 0.93))
    wear(world, "ship_from", homes, homes.only(rng.random(n) < 0.8))
    wear(world, "region", homes, homes.only(np.ones(n, np.bool_)))
    payer = homes.only(rng.random(n) < 0.9 * close)
    lend(world, "payer", homes.who[payer], homes.head[payer], rng.beta(2, 3, len(payer)))
    payee = homes.only(rng.random(n) < 0.6 * close)
    lend(world, "payee", homes.who[payee], homes.head[payee], rng.beta(4, 2, len(payee)))
    wear(world, "phone_id", homes, homes.only(rng.random(n) < 0.1))
    on = homes.only(rng.random(n) < close)
    share_life(world, rng, homes.who[on], homes.head[on], "phone")
    tablet = np.flatnonzero(rng.random(n) < 0.3 * close)
    share_life(world, rng, homes.who[tablet], world.fresh("device", homes.groups)[homes.group[tablet]], "tablet")
    keepers = np.intersect1d(payee, on)
    sells = (world.accounts["sells"][homes.who] > 0) & (world.accounts["sells"][homes.head] > 0)
    family = keepers[sells[keepers]]
    world.resemble(np.union1d(homes.who[family], homes.head[family]), "family")


def dormitories(world: Bazaar, rng: Rng, dorms: Circle) -> None:
    """One address, some computers and wallets borrowed, one handle of the floor's group; they buy together."""
    n = len(dorms.who)
    wear(world, "ship_to", dorms, dorms.only(rng.random(n) < 0.95))
    wear(world, "region", dorms, dorms.only(np.ones(n, np.bool_)))
    on = dorms.only(rng.random(n) < 0.35)
    borrow(world, rng, dorms.who[on], dorms.head[on], "pc", 20.0)
    payer = dorms.only(rng.random(n) < 0.25)
    lend(world, "payer", dorms.who[payer], dorms.head[payer], rng.beta(1, 4, len(payer)))
    group = dorms.only(rng.random(n) < 0.5)
    lend(world, "qr", dorms.who[group], dorms.head[group], 0.5)
    world.accounts["floor"] = np.full(world.options.accounts, NONE)
    world.accounts["floor"][dorms.who] = dorms.group
    world.resemble(dorms.who, "dormitory")


def firms(world: Bazaar, rng: Rng, firms: Circle) -> None:
    """Several shops and staff accounts of one firm: owner, licence, wallet, store, computers, service handle."""
    n = len(firms.who)
    whole = rng.beta(2, 1.2, firms.groups)[firms.group]
    for column, share in (("owner_id", 0.7), ("licence_id", 0.9), ("licence_shown", 0.9), ("payee", 0.95)):
        wear(world, column, firms, firms.only(rng.random(n) < share * whole))
    for column, share in (("ship_from", 0.8), ("main", 0.7), ("phone_id", 0.2), ("display_name_id", 0.12)):
        wear(world, column, firms, firms.only(rng.random(n) < share * whole))
    wear(world, "region", firms, firms.only(rng.random(n) < 0.8))
    on = firms.only(rng.random(n) < whole)
    share_life(world, rng, firms.who[on], firms.head[on], "pc")
    handle = firms.only(rng.random(n) < whole)
    lend(world, "contact", firms.who[handle], firms.head[handle], 0.6)
    world.resemble(firms.who, "firm")


def reopened(world: Bazaar, rng: Rng, pairs: Circle) -> None:
    """A shop closes with its orders done, and the same owner opens another; a few leave an order or two open."""
    a, options = world.accounts, world.options
    old, new = pairs.who[pairs.place == 0], pairs.who[pairs.place == 1]
    closed = options.start + ((options.end - options.start) * rng.uniform(0.15, 0.9, len(old))).astype(np.int64)
    a["registered_at"][old] = np.minimum(a["registered_at"][old], options.start - DAY)
    a["registered_at"][new] = np.minimum(
        closed + (rng.normal(9, 12, len(old)) * DAY).astype(np.int64), options.end - DAY
    )
    a["quiet_at"][[*old, *new]] = FOREVER
    world.leave(old, "cancelled_at", closed)
    for column, share in (("owner_id", 0.85), ("phone_id", 0.6), ("payee", 0.7), ("ship_from", 0.7), ("main", 0.8)):
        wear(world, column, pairs, pairs.only(rng.random(len(pairs.who)) < share))
    wear(world, "licence_id", pairs, pairs.only(rng.random(len(pairs.who)) < 0.6))
    on = rng.random(len(old)) < 0.75
    world.use(new[on], old[on], a["registered_at"][new[on]], options.end, NONE, 40)
    world.resemble(pairs.who, "reopened")


def second_selves(world: Bazaar, rng: Rng, selves: Circle) -> None:
    """One person with an account to buy, one to sell."""
    n = len(selves.who)
    for column, share in (("owner_id", 0.8), ("ship_to", 0.8), ("payee", 0.6), ("payer", 0.6), ("phone_id", 0.3)):
        wear(world, column, selves, selves.only(rng.random(n) < share))
    on = selves.only(rng.random(n) < 0.85)
    share_life(world, rng, selves.who[on], selves.head[on], "phone")


def second_hand(world: Bazaar, rng: Rng, pairs: Circle) -> None:
    """A phone sold: the buyer's first day on it comes after the seller's last, or a little before it."""
    a = world.accounts
    old, new = pairs.who[pairs.place == 0], pairs.who[pairs.place == 1]
    sold = a["moved_at"][old] != FOREVER
    old, new = old[sold], new[sold]
    gap = np.where(rng.random(len(old)) < 0.1, -rng.exponential(2, len(old)), rng.exponential(12, len(old)))
    first = a["moved_at"][old] + (gap * DAY).astype(np.int64)
    there = (first > a["registered_at"][new]) & (first < world.until(new)) & (first > a["registered_at"][old])
    old, new, first = old[there], new[there], first[there]
    world.use(new, old, first, a["quiet_at"][new], word("device_kind", "phone"), 30)
    world.resemble(np.union1d(old, new), "second_hand_phone")


def old_numbers(world: Bazaar, rng: Rng, pairs: Circle) -> None:
    """Phone numbers given out again: the later account bears the number of one that stopped coming."""
    a = world.accounts
    old, new = pairs.who[pairs.place == 0], pairs.who[pairs.place == 1]
    swap = a["registered_at"][old] > a["registered_at"][new]
    old, new = np.where(swap, new, old), np.where(swap, old, new)
    # A hand that found its account asleep would not act at all.
    free = world.honest[old]
    old, new = old[free], new[free]
    half_way = a["registered_at"][old] + (a["registered_at"][new] - a["registered_at"][old]) // 2
    a["quiet_at"][old] = np.where(
        rng.random(len(old)) < 0.8, np.minimum(a["quiet_at"][old], half_way), a["quiet_at"][old]
    )
    a["phone_id"][new] = a["phone_id"][old]


def close_some(world: Bazaar) -> None:
    """Holders who close their account, and the few whom the platform bans without a ring behind it."""
    rng, a = world.stream(4), world.accounts
    staying = np.flatnonzero((a["gone_at"] == FOREVER) & world.honest)
    for column, share in (("cancelled_at", 0.022), ("banned_at", 0.004)):
        who = staying[rng.random(len(staying)) < share]
        low = world.since(who)
        moments = low + ((world.options.end - low) * rng.random(len(who))).astype(np.int64)
        world.leave(who, column, np.maximum(moments, a["registered_at"][who] + DAY))
