"""Innocent crowds: kiosks and cafés, service stations, agencies of streamers, wholesale groups, resellers, campaigns.

Each ties tens or hundreds of strangers through one device, wallet, handle, link or inviter.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar.circles import Circle, borrow, gather, tailed, wear
from jobs.simulate.bazaar.people import lend
from jobs.simulate.bazaar.place import FOREVER, Bazaar, drawn
from jobs.simulate.columns import NONE, Rng, word
from jobs.simulate.goods import NUMBER
from jobs.simulate.options import DAY


def crowd(world: Bazaar) -> None:
    """All innocent crowds."""
    rng, n, a = world.stream(5), world.options.accounts, world.accounts
    everyone = np.arange(n)
    honest = everyone[world.honest]
    cafes(world, rng)
    stations(
        world,
        rng,
        gather(rng, honest[a["kind"][honest] == word("kind", "person")], tailed(rng, max(1, n // 5_000), 8, 45)),
    )
    sellers = honest[a["sells"][honest] > 0]
    agencies(world, rng, gather(rng, sellers, tailed(rng, max(1, n // 2_500), 6, 40)))
    wholesale(world, rng, gather(rng, sellers, tailed(rng, max(1, n // 2_000), 6, 60)))
    resellers(world, rng, gather(rng, sellers, tailed(rng, max(1, n // 2_500), 4, 40)))
    card_dealers(world, rng)
    referrals(world, rng)


def cafes(world: Bazaar, rng: Rng) -> None:
    """Computers in cafés and at repair kiosks: short visits of very many, rings' members among them."""
    n = world.options.accounts
    places = max(2, n // 1_200)
    visits = int(n * 0.07)
    world.kiosks = world.fresh("device", places)
    kiosk = world.kiosks[drawn(rng, rng.pareto(1.2, places) + 0.3, visits)]
    half = visits // 2
    borrow(world, rng, rng.integers(0, n, half), kiosk[:half], "pc", 0.3, 2)
    borrow(world, rng, rng.integers(0, n, visits - half), kiosk[half:], "kiosk", 0.05, 1)


def stations(world: Bazaar, rng: Rng, stations: Circle) -> None:
    """A village's service station: the staff register the villagers in an afternoon, on one device."""
    a, options = world.accounts, world.options
    opened = world.calendar.draw(
        rng, np.full(stations.groups, options.start), np.full(stations.groups, options.end - 9 * DAY)
    )
    a["registered_at"][stations.who] = opened[stations.group] + rng.integers(0, 5 * 3_600, len(stations.who))
    a["quiet_at"][stations.who] = FOREVER
    first = a["registered_at"][stations.who]
    last = first + (rng.exponential(25, len(first)) * DAY).astype(np.int64) + 600
    desk = world.fresh("device", stations.groups)[stations.group]
    world.use(stations.who, desk, first, last, word("device_kind", "kiosk"), 1 + rng.poisson(6, len(first)))
    wear(world, "ship_to", stations, stations.only(rng.random(len(first)) < 0.9))
    wear(world, "region", stations, stations.only(np.ones(len(first), np.bool_)))
    some = stations.only(rng.random(len(first)) < 0.7)
    a["inviter_id"][stations.who[some]] = stations.head[some]
    a["registered_at"][stations.head[stations.place == 0]] -= 40 * DAY
    pays = stations.only(rng.random(len(first)) < 0.4)
    lend(world, "payer", stations.who[pays], stations.head[pays], 0.6)
    a["station"] = np.full(options.accounts, NONE)
    a["station"][stations.who] = stations.group
    world.resemble(stations.who, "station")


def agencies(world: Bazaar, rng: Rng, agencies: Circle) -> None:
    """Streamers under contract: the agency's wallet, studio and handle; `agency` marks who promotes whose sales."""
    a, n = world.accounts, len(agencies.who)
    paid = agencies.only(rng.random(n) < 0.75)
    lend(world, "payee", agencies.who[paid], agencies.head[paid], rng.beta(3, 1.5, len(paid)))
    studio = np.flatnonzero(rng.random(n) < 0.5)
    desk = world.fresh("device", agencies.groups)[agencies.group[studio]]
    borrow(world, rng, agencies.who[studio], desk, "pc", 60.0, 30)
    handle = agencies.only(rng.random(n) < 0.7)
    lend(world, "contact", agencies.who[handle], agencies.head[handle], 0.5)
    a["agency"] = np.full(world.options.accounts, NONE)
    a["agency"][agencies.who] = agencies.head
    a["sells"][agencies.who] *= 2
    world.resemble(agencies.who, "agency")


def wholesale(world: Bazaar, rng: Rng, groups: Circle) -> None:
    """Small sellers around a wholesaler, who sends their parcels; the group's code and handle are on every lip."""
    n = len(groups.who)
    sent = groups.only(rng.random(n) < 0.6)
    lend(world, "ship_from", groups.who[sent], groups.head[sent], rng.beta(2, 1.5, len(sent)))
    for thing, share in (("qr", 0.8), ("contact", 0.4)):
        some = groups.only(rng.random(n) < share)
        lend(world, thing, groups.who[some], groups.head[some], rng.beta(2, 2, len(some)))
    wear(world, "main", groups, groups.only(rng.random(n) < 0.8))
    world.accounts["wholesaler"] = np.full(world.options.accounts, NONE)
    world.accounts["wholesaler"][groups.who] = groups.head
    world.resemble(groups.who, "wholesale")


def resellers(world: Bazaar, rng: Rng, webs: Circle) -> None:
    """Resellers who pass on the same link, earn by it, and are joined by nothing else."""
    n = len(webs.who)
    some = np.flatnonzero(rng.random(n) < 0.85)
    link = world.fresh("url", webs.groups)[webs.group[some]]
    lend(world, "url", webs.who[some], link, rng.beta(3, 1.5, len(some)))
    world.resemble(webs.who, "reseller")


def card_dealers(world: Bazaar, rng: Rng) -> None:
    """Honest dealers in codes who have every buyer confirm before they send, out of old habit."""
    a = world.accounts
    codes = np.isin(a["main"], [NUMBER["virtual_card"], NUMBER["topup_card"], NUMBER["voucher"]])
    who = np.flatnonzero(codes & world.honest & (rng.random(len(codes)) < 0.025))
    a["asks_early"][who] = rng.beta(3, 1.5, len(who))
    a["sells"][who] *= 1.5


def referrals(world: Bazaar, rng: Rng) -> None:
    """Every fourth account was invited; inviters of many invite more, in campaigns, to trees of several levels."""
    a, n = world.accounts, world.options.accounts
    order = np.argsort(a["registered_at"], kind="stable")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    invited = np.flatnonzero((rng.random(n) < 0.24) & (a["inviter_id"] == NONE) & (rank > 20))
    # Friends are of about the same age on the platform; a campaign's heads stand for all times.
    near = order[np.maximum(rank[invited] - 1 - (rng.exponential(n / 12, len(invited))).astype(np.int64), 0)]
    heads = order[rng.integers(0, max(n // 5, 1), max(2, n // 600))]
    famous = heads[drawn(rng, rng.pareto(1.1, len(heads)) + 0.1, len(invited))]
    inviter = np.where(rng.random(len(invited)) < 0.2, famous, near)
    a["inviter_id"][invited] = np.where(a["registered_at"][inviter] < a["registered_at"][invited], inviter, NONE)
