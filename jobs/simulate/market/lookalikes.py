"""Innocent groups that look like rings: they share what rings share, and trade honestly.

Families, kiosks and campus machines, second-hand phones, agencies with one payee, shops that close and
lawfully reopen, referral trees, group leaders with one address, friends with one handle. Their accounts never
stand in the truth.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Ints, Rng, word
from jobs.simulate.market.population import AFTER
from jobs.simulate.market.world import World
from jobs.simulate.options import DAY


def add_lookalikes(world: World, honest: Ints) -> None:
    """Give honest accounts things in common. `world.groups` keeps who was in which kind of group."""
    rng, n = world.stream(2), world.options.accounts
    shop = world.accounts["kind"][honest] == word("kind", "shop")
    persons, shops = rng.permutation(honest[~shop]), rng.permutation(honest[shop])
    families, persons = np.split(persons, [int(0.12 * n)])
    _families(world, rng, families)
    couples, persons = np.split(persons, [int(0.02 * n) // 2 * 2])
    _couples(world, rng, couples)
    resold, persons = np.split(persons, [int(0.03 * n) // 2 * 2])
    _second_hand(world, rng, resold)
    leaders, persons = np.split(persons, [max(1, n // 3_000)])
    _group_leaders(world, rng, leaders, persons)
    _referral_trees(world, rng, persons)
    _kiosks(world, rng, persons)
    agency, shops = np.split(shops, [int(0.2 * len(shops))])
    _agencies(world, rng, agency)
    reopened, shops = np.split(shops, [max(2, n // 1_000 * 2)])
    _reopened(world, rng, reopened, "reopened")
    renewed, persons = np.split(persons, [max(2, n // 400 * 2)])
    _reopened(world, rng, renewed, "renewed")
    _speakers(world, rng, shops, persons)
    friends = np.concatenate([shops[: len(shops) // 10 * 2], persons[: int(0.02 * n)]])
    _friends(world, rng, rng.permutation(friends))


def _grouped(rng: Rng, members: Ints, low: int, high: int) -> Ints:
    """A group number for each member; groups have `low` to `high` members, the last may have a few more."""
    sizes = rng.integers(low, high + 1, max(1, len(members) // low))
    groups = np.repeat(np.arange(len(sizes)), sizes)[: len(members)]
    return np.pad(groups, (0, len(members) - len(groups)), mode="edge")


def _span(world: World, rng: Rng, who: Ints, days: float) -> tuple[Ints, Ints]:
    """When these accounts used a thing that was there for a while.

    A stretch of about `days` within their life.
    """
    a, o = world.accounts, world.options
    first = np.maximum(a["registered_at"][who], o.start - 60 * DAY)
    room = np.maximum(np.minimum(a["gone_at"][who], o.end) - first, 2 * DAY)
    first = first + (room * 0.8 * rng.random(len(who))).astype(np.int64)
    return first, first + 600 + (days * DAY * rng.exponential(1, len(who))).astype(np.int64)


def _families(world: World, rng: Rng, who: Ints) -> None:
    """A tablet, often the address, sometimes one payer, now and then one phone number."""
    a, group = world.accounts, _grouped(rng, who, 2, 4)
    count = int(group.max()) + 1
    first_of = who[np.searchsorted(group, np.arange(count))]
    tablet = world.fresh("device", count)[group]
    kind = np.where(rng.random(count) < 0.7, word("device_kind", "tablet"), word("device_kind", "pc"))[group]
    world.use(
        who,
        tablet,
        a["registered_at"][who] + DAY,
        a["gone_at"][who] + DAY,
        kind,
        rng.geometric(0.05, len(who)),
    )
    for column, share in (("address", 0.6), ("payer", 0.5), ("phone_id", 0.08), ("region", 0.9)):
        together = (rng.random(count) < share)[group]
        a[column][who[together]] = a[column][first_of[group[together]]]
    invites = (rng.random(len(who)) < 0.3) & (a["registered_at"][first_of[group]] < a["registered_at"][who])
    a["inviter_id"][who[invites]] = first_of[group[invites]]
    world.groups["families"] = who


def _couples(world: World, rng: Rng, who: Ints) -> None:
    """One person with two accounts: the same owner, often phone, payee and device."""
    a, (one, two) = world.accounts, (who[0::2], who[1::2])
    a["owner_id"][two] = a["owner_id"][one]
    for column, share in (
        ("phone_id", 0.5),
        ("payee", 0.6),
        ("payer", 0.6),
        ("address", 0.7),
        ("handle", 0.4),
    ):
        same = rng.random(len(one)) < share
        a[column][two[same]] = a[column][one[same]]
    same = rng.random(len(one)) < 0.7
    life = np.maximum(a["registered_at"][one], a["registered_at"][two])[same] + DAY
    world.use(
        two[same],
        one[same],
        life,
        a["gone_at"][two][same] + DAY,
        word("device_kind", "phone"),
        rng.geometric(0.05, int(same.sum())),
    )
    world.groups["couples"] = who


def _second_hand(world: World, rng: Rng, who: Ints) -> None:
    """A phone changes hands: its spans do not overlap."""
    a, o = world.accounts, world.options
    one, two = who[0::2], who[1::2]
    begin = np.maximum(a["registered_at"][two], a["registered_at"][one] + 30 * DAY)
    begin = begin + (np.maximum(o.end - begin, 0) * rng.random(len(one))).astype(np.int64)
    sold = begin - DAY - (20 * DAY * rng.random(len(one))).astype(np.int64)
    fits = (sold > a["registered_at"][one]) & (begin < o.end) & (begin < a["gone_at"][two]) & (sold < a["gone_at"][one])
    one, two, sold, begin = one[fits], two[fits], sold[fits], begin[fits]
    phone = world.fresh("device", len(one))
    kind = word("device_kind", "phone")
    world.use(one, phone, a["registered_at"][one], sold, kind, rng.geometric(0.03, len(one)))
    world.use(two, phone, begin, a["gone_at"][two], kind, rng.geometric(0.03, len(one)))
    world.groups["second_hand"] = np.concatenate([one, two])


def _group_leaders(world: World, rng: Rng, leaders: Ints, persons: Ints) -> None:
    """Neighbours order from the leader and to the leader's address, and some came by the leader's invitation."""
    a = world.accounts
    for leader in leaders:
        around = rng.choice(persons, min(int(rng.integers(15, 60)), len(persons) // 8), replace=False)
        a["address"][around] = a["address"][leader]
        buyers = np.repeat(around, rng.integers(0, 4, len(around)))
        world.acquainted.append((buyers, np.full(len(buyers), leader)))
        younger = around[(a["registered_at"][around] > a["registered_at"][leader]) & (rng.random(len(around)) < 0.5)]
        a["inviter_id"][younger] = leader
    world.groups["group_leaders"] = leaders


def _referral_trees(world: World, rng: Rng, persons: Ints) -> None:
    """Those who like the place bring friends, who bring friends.

    In order of registration, no money involved.
    """
    a, n = world.accounts, world.options.accounts
    for _ in range(max(1, n // 4_000)):
        tree = rng.choice(persons, min(int(rng.integers(20, 80)), len(persons) // 8), replace=False)
        tree = tree[np.argsort(a["registered_at"][tree], kind="stable")]
        parent = (np.arange(len(tree)) * rng.random(len(tree)) ** 2).astype(np.int64)
        a["inviter_id"][tree[1:]] = tree[parent[1:]]


def _kiosks(world: World, rng: Rng, persons: Ints) -> None:
    """Tens to hundreds of strangers on one machine; on a campus many sign up in the same days."""
    a, o, n = world.accounts, world.options, world.options.accounts
    users = []
    for number in range(max(2, n // 3_000)):
        who = rng.choice(persons, min(int(rng.integers(30, 250)), len(persons) // 6), replace=False)
        kind = (word("device_kind", "kiosk"), word("device_kind", "pc"), NONE)[number % 3]
        first, last = _span(world, rng, who, 25)
        if number % 4 == 1:
            week = int(rng.integers(o.start, o.end - 10 * DAY))
            fresh = who[(a["registered_at"][who] >= o.start) & (a["gone_at"][who] > o.end + 30 * DAY)]
            a["registered_at"][fresh] = world.at_daytime(rng, rng.integers(week, week + 5 * DAY, len(fresh)))
            young = np.isin(who, fresh)
            first[young] = a["registered_at"][who[young]]
            last[young] = first[young] + rng.integers(600, 40 * DAY, int(young.sum()))
        world.use(who, world.one("device"), first, last, kind, rng.geometric(0.3, len(who)))
        users.append(who)
    world.groups["kiosks"] = np.unique(np.concatenate(users))


def _agencies(world: World, rng: Rng, shops: Ints) -> None:
    """One agency runs dozens of licensed shops: one payee, often one service handle and one machine."""
    a, o, group = world.accounts, world.options, _grouped(rng, shops, 10, 40)
    for number in range(int(group.max(initial=-1)) + 1):
        who = shops[group == number]
        a["payee"][who] = a["payee_later"][who] = world.one("payment")
        a["licence_id"][who], a["licence_shown"][who] = who, 1
        if rng.random() < 0.6:
            a["handle"][who] = world.one("handle")
        if rng.random() < 0.5:
            world.use(
                who,
                world.one("device"),
                a["registered_at"][who],
                o.end + AFTER,
                word("device_kind", "pc"),
                rng.geometric(0.02, len(who)),
            )
        if rng.random() < 0.4:
            a["address"][who] = world.one("address")
    world.groups["agencies"] = shops


def _reopened(world: World, rng: Rng, shops: Ints, name: str) -> None:
    """A shop settles its orders, closes, and its owner opens another; persons come back with a new account too.

    Same owner, licence, name, payee, often the same phone.
    """
    a, o = world.accounts, world.options
    old, new = shops[0::2], shops[1::2]
    old = old[: len(new)]
    closed = world.at_daytime(rng, rng.integers(o.start + 50 * DAY, o.end - 20 * DAY, len(old)))
    a["registered_at"][old] = np.minimum(a["registered_at"][old], o.start - DAY)
    world.leave(old, "cancelled_at", closed)
    a["registered_at"][new] = closed + rng.integers(DAY, 20 * DAY, len(old))
    a["cancelled_at"][new] = a["banned_at"][new] = NONE
    a["gone_at"][new] = o.end + AFTER
    a["owner_id"][old] = old
    for column in (
        "owner_id",
        "licence_id",
        "display_name_id",
        "payee",
        "address",
        "region",
        "goods",
        "licence_shown",
    ):
        a[column][new] = a[column][old]
    a["inviter_id"][new] = NONE
    for column, share in (("phone_id", 0.8), ("handle", 0.7), ("payer", 0.7)):
        same = rng.random(len(old)) < share
        a[column][new[same]] = a[column][old[same]]
    same = rng.random(len(old)) < 0.6
    world.use(
        new[same],
        old[same],
        a["registered_at"][new[same]],
        o.end + AFTER,
        word("device_kind", "phone"),
        rng.geometric(0.05, int(same.sum())),
    )
    world.groups[name] = shops


def _speakers(world: World, rng: Rng, shops: Ints, persons: Ints) -> None:
    """Accounts that quote orders to which they are no party: a shop's assistant, and couriers."""
    with_help = shops[rng.random(len(shops)) < 0.06]
    world.accounts["speaker"][with_help] = rng.choice(persons, len(with_help))
    world.groups["assistants"] = world.accounts["speaker"][with_help]
    world.groups["couriers"] = rng.choice(persons, max(1, len(persons) // 4_000), replace=False)


def _friends(world: World, rng: Rng, who: Ints) -> None:
    """Small sellers who send customers to a wholesaler's or a friend's handle, or are paid through it."""
    a, group = world.accounts, _grouped(rng, who, 2, 6)
    first_of = who[np.searchsorted(group, np.arange(int(group.max()) + 1))]
    a["handle"][who] = a["handle"][first_of[group]]
    same = (rng.random(int(group.max()) + 1) < 0.2)[group]
    a["payee"][who[same]] = a["payee"][first_of[group[same]]]
    world.groups["friends"] = who
    some = rng.random(len(who)) < 0.5
    world.acquainted.append((who[some], first_of[group[some]]))
