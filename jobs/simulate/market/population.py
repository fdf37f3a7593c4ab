"""Everybody as an honest account with its own phone, owner, payment account, address and device.

The last accounts of the count are set aside for rings; they differ in nothing until a ring makes use of them.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Bools, Ints, Rng, word
from jobs.simulate.goods import GOODS, IS_REGULATED, REGION_SHARE, REGIONS
from jobs.simulate.market.world import Crowd, World
from jobs.simulate.options import DAY

SHOP_SHARE = 0.08
AFTER = 400 * DAY
"""How long after the last drop the market still goes on unseen; a moment so late means "never"."""


def populate(world: World, reserved: int) -> None:
    """Fill `world.accounts`, the accounts' own devices, and the crowds to draw honest people from."""
    rng, n = world.stream(1), world.options.accounts
    honest = np.arange(n) < n - reserved
    _accounts(world, rng, n)
    _identities(world, rng, n)
    _habits(world, rng, n, honest)
    _departures(world, rng, honest)
    _own_devices(world, rng, n)


def _accounts(world: World, rng: Rng, n: int) -> None:
    o, a = world.options, world.accounts
    shop = rng.random(n) < SHOP_SHARE
    share = np.array([(g.persons, g.shops) for g in GOODS], float).T
    share = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
    a["account_id"] = np.arange(n)
    a["kind"] = shop.astype(np.int64)
    late = rng.random(n) < 0.12
    before = o.start - (rng.exponential(500, n) * DAY).astype(np.int64) - DAY
    a["registered_at"] = world.at_daytime(
        rng, np.where(late, rng.integers(o.start, o.end, n), np.maximum(before, o.start - 2_500 * DAY))
    )
    u = rng.random(n)
    goods = np.where(shop, np.searchsorted(share[1], u, "right"), np.searchsorted(share[0], u, "right"))
    a["goods"] = np.minimum(goods, len(GOODS) - 1)
    a["region"] = rng.choice(REGIONS, n, p=REGION_SHARE)
    age = (o.end - a["registered_at"]) / (400 * DAY)
    a["credit_level"] = np.clip(np.round(1 + age + rng.normal(0, 1, n)), 0, 5).astype(np.int64)
    for column in ("cancelled_at", "banned_at"):
        a[column] = np.full(n, NONE)
    a["gone_at"] = np.full(n, o.end + AFTER)


def _identities(world: World, rng: Rng, n: int) -> None:
    a, own = world.accounts, np.arange(n)
    shop = a["kind"] == word("kind", "shop")
    a["owner_id"] = np.where(rng.random(n) < 0.12, NONE, own)
    a["phone_id"] = np.where(rng.random(n) < 0.02, NONE, own)
    regulated = IS_REGULATED[a["goods"]]
    licensed = shop & (rng.random(n) < np.where(regulated, 0.97, 0.8))
    a["licence_id"] = np.where(licensed, own, NONE)
    shown = licensed & (rng.random(n) < np.where(regulated, 0.95, 0.8))
    a["licence_shown"] = np.where(shop, shown.astype(np.int64), NONE)
    # People choose the same nicknames: a shared name alone says little.
    common = world.fresh("name", max(5, n // 200))
    named = np.where(rng.random(n) < 0.06, rng.choice(common, n), own)
    a["display_name_id"] = np.where(shop | (rng.random(n) < 0.5), named, NONE)
    guess = rng.integers(0, n, n)
    invited = (rng.random(n) < 0.18) & (a["registered_at"][guess] < a["registered_at"])
    a["inviter_id"] = np.where(invited, guess, NONE)


def _habits(world: World, rng: Rng, n: int, honest: Bools) -> None:
    o, a, own = world.options, world.accounts, np.arange(n)
    for column in ("payee", "payer", "handle"):
        a[column] = own.copy()
    moved = rng.random(n) < 0.025
    a["payee_later"] = own.copy()
    a["payee_later"][moved] = world.fresh("payment", int(moved.sum()))
    a["payee_switch_at"] = np.where(moved, rng.integers(o.start, o.end, n), o.end + AFTER)
    # A parcel station takes in the parcels of hundreds.
    stations = world.fresh("address", max(2, n // 600))
    a["address"] = np.where(rng.random(n) < 0.25, rng.choice(stations, n), own)
    shop = a["kind"] == word("kind", "shop")
    # And a hired warehouse ships the goods of dozens of shops.
    warehouses = world.fresh("address", max(2, n // 4_000))
    world.groups["stations"] = np.concatenate([stations, warehouses])
    a["address"] = np.where(shop & (rng.random(n) < 0.2), rng.choice(warehouses, n), a["address"])
    sells = shop | (rng.random(n) < 0.4)
    buying = rng.lognormal(0, 1.1, n) * np.where(shop, 0.15, 1.0)
    selling = np.where(sells & honest, rng.lognormal(0, 1.1, n) * np.where(shop, 9 * rng.pareto(1.8, n) + 3, 1.0), 0.0)
    # No shop comes near a thirtieth of the market, however small the market is.
    most = selling.sum() / 30
    a["buying"], a["selling"] = np.where(honest, buying, 0.0), selling * most / (selling + most)
    a["complaint_rate"] = rng.lognormal(-4.3, 0.7, n)
    a["return_rate"] = rng.lognormal(-4.0, 0.7, n)
    a["early_rate"] = np.minimum(rng.lognormal(-5.0, 1.0, n), 0.3)
    a["speaker"] = own.copy()


def _departures(world: World, rng: Rng, honest: Bools) -> None:
    o, n = world.options, len(honest)
    for column, share in (("cancelled_at", 0.02), ("banned_at", 0.003)):
        who = np.flatnonzero(honest & (rng.random(n) < share))
        moment = world.at_daytime(rng, rng.integers(o.start, o.end + 30 * DAY, len(who)))
        later = moment > world.accounts["registered_at"][who] + 10 * DAY
        world.leave(who[later], column, moment[later])


def _own_devices(world: World, rng: Rng, n: int) -> None:
    """Each has a phone; some replaced it; a third has a second device."""
    a, o = world.accounts, world.options
    account, far, born = np.arange(n), o.end + AFTER, a["registered_at"]
    kind = np.where(rng.random(n) < 0.05, NONE, word("device_kind", "phone"))
    kind[rng.random(n) < 0.004] = word("device_kind", "emulator")
    swap = np.maximum(born + ((o.end + 20 * DAY - born) * rng.random(n)).astype(np.int64), born + DAY)
    idle = np.maximum(far - (rng.exponential(600, n) * DAY).astype(np.int64), born + DAY)
    replaced = rng.random(n) < 0.08
    last = np.maximum(np.minimum(np.where(replaced, swap, idle), a["gone_at"]), born + 600)
    world.use(account, account, born, last, kind, rng.geometric(0.02, n))
    again = account[replaced & (swap < a["gone_at"])]
    phone, sessions = world.fresh("device", len(again)), rng.geometric(0.03, len(again))
    world.use(again, phone, swap[again], a["gone_at"][again], kind[again], sessions)
    _second_devices(world, rng, account[rng.random(n) < 0.3])


def _second_devices(world: World, rng: Rng, who: Ints) -> None:
    a, m = world.accounts, len(who)
    first = a["registered_at"][who] + (rng.random(m) * 200 * DAY).astype(np.int64)
    kinds = rng.choice([word("device_kind", k) for k in ("pc", "tablet", "phone")], m, p=[0.6, 0.25, 0.15])
    last = np.minimum(first + (rng.random(m) * 400 * DAY).astype(np.int64), a["gone_at"][who])
    kept, device = last > first, world.fresh("device", m)
    world.use(who[kept], device[kept], first[kept], last[kept], kinds[kept], rng.geometric(0.05, m)[kept])


def gather_crowds(world: World) -> None:
    """Whom to draw.

    All honest buyers and sellers, and the steady ones (there throughout), by whom rings find their victims.
    """
    a, o = world.accounts, world.options
    everybody: Ints = a["account_id"]
    steady = (a["registered_at"] < o.start) & (a["gone_at"] > o.end)
    world.crowds["buyers"] = Crowd.of(everybody, a["buying"])
    world.crowds["sellers"] = Crowd.of(everybody, a["selling"])
    world.crowds["victims"] = Crowd.of(everybody, np.sqrt(a["buying"]) * steady)
    world.crowds["shops"] = Crowd.of(everybody, np.sqrt(a["selling"]) * steady)
    virtual = np.isin(a["goods"], [0, 1, 2])
    world.crowds["code_sellers"] = Crowd.of(everybody, np.sqrt(a["selling"]) * steady * virtual)
    goods = np.isin(a["goods"], [3, 4, 5, 7])
    world.crowds["return_sellers"] = Crowd.of(everybody, np.sqrt(a["selling"]) * steady * goods)
