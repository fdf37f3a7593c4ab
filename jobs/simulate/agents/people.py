"""The cast: who lives in the town, what they buy and sell, and with which manners.

Manners are clumped: most people have none of the bad ones, a few have one of them often. That is how surface
features of fraud come to lie among the honest.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.agents.town import SHOP, Town
from jobs.simulate.columns import NONE, Ints, Rng
from jobs.simulate.goods import GOODS, IS_REGULATED, IS_VIRTUAL, REGION_SHARE, REGIONS
from jobs.simulate.options import DAY

NEVER = 1 << 40
"""A moment that does not come."""

PARTS = {  # part: share of the persons who play it
    "reseller": 0.020,
    "late_code": 0.004,
    "streamer": 0.003,
    "affiliate": 0.006,
    "courier": 0.004,
    "assistant": 0.004,
    "group_buyer": 0.003,
    "returner": 0.005,
    "quarreller": 0.006,
    "gamer": 0.010,
    "dealer": 0.006,
}


def settle(town: Town) -> None:
    """Fill `town.accounts` and `town.casts`."""
    rng, n = town.stream(101), town.options.accounts
    a = town.accounts
    a["account_id"], a["crew"] = np.arange(n), np.full(n, NONE)
    a["kind"] = np.where(rng.random(n) < 0.07, SHOP, 0)
    a["registered_at"] = _arrivals(town, rng, n)
    a["region"] = rng.choice(REGIONS, n, p=REGION_SHARE)
    share = np.array([(g.persons, g.shops) for g in GOODS], float).T
    goods = [rng.choice(len(GOODS), n, p=row / row.sum()) for row in share]
    a["goods"] = np.where(a["kind"] == SHOP, goods[1], goods[0])
    for column in ("cancelled_at", "banned_at"):
        a[column] = np.full(n, NONE)
    a["gone_at"], a["stops_at"] = np.full(n, NEVER), np.full(n, NEVER)
    _parts(town, rng)
    _papers(town, rng)
    _rates(town, rng)
    _manners(town, rng)
    _departures(town, rng)
    town.favourites = np.full((n, 3), NONE)
    town.fame = np.zeros(n)


def _arrivals(town: Town, rng: Rng, n: int) -> Ints:
    """Years of slow growth, a trickle during the months we see, and days on which an advertisement draws crowds."""
    before = -rng.gamma(1.3, 450, n)
    within = rng.uniform(0, town.days, n)
    fairs = rng.integers(-60, town.days, 6)
    drawn = fairs[rng.integers(0, len(fairs), n)] + rng.exponential(1.0, n)
    u = rng.random(n)
    day = np.select([u < 0.85, u < 0.95], [np.maximum(before, -2_800), within], np.minimum(drawn, town.days - 1))
    return town.hours(rng, np.floor(day).astype(np.int64), n)


def _parts(town: Town, rng: Rng) -> None:
    a = town.accounts
    persons = rng.permutation(np.flatnonzero(a["kind"] != SHOP))
    counts = [max(3, round(share * len(persons))) for share in PARTS.values()]
    cut = np.split(persons, np.cumsum(counts))
    town.casts |= dict(zip(PARTS, cut, strict=False))
    a["goods"][town.casts["late_code"]] = rng.integers(0, 3, len(town.casts["late_code"]))
    # Who talks for a living is there all the time, else parcels and streams would break off.
    steady = np.concatenate([town.casts[part] for part in ("streamer", "courier", "assistant", "late_code")])
    a["registered_at"][steady] = np.minimum(a["registered_at"][steady], town.options.start - 30 * DAY)


def _papers(town: Town, rng: Rng) -> None:
    a, n = town.accounts, town.options.accounts
    own, shop, regulated = np.arange(n), a["kind"] == SHOP, IS_REGULATED[a["goods"]]
    a["owner_id"] = np.where(rng.random(n) < 0.10, NONE, own)
    a["phone_id"] = np.where(rng.random(n) < 0.03, NONE, own)
    a["licence_id"] = np.where(shop & (rng.random(n) < np.where(regulated, 0.95, 0.75)), own, NONE)
    # New shops take weeks to hang it up, and some never think of it.
    new = a["registered_at"] > town.options.end - 45 * DAY
    shown = (a["licence_id"] != NONE) & (rng.random(n) < np.where(new, 0.4, np.where(regulated, 0.9, 0.75)))
    a["licence_shown"] = np.where(shop, shown.astype(np.int64), NONE)
    common = town.fresh("name", max(6, n // 150))
    name = np.where(rng.random(n) < 0.08, rng.choice(common, n), own)
    a["display_name_id"] = np.where(rng.random(n) < 0.7, name, NONE)
    years = (town.options.end - a["registered_at"]) / (365 * DAY)
    a["credit_level"] = np.clip(np.round(0.5 + years + rng.normal(0, 1.1, n)), 0, 5).astype(np.int64)
    a["inviter_id"] = np.full(n, NONE)
    for column in ("payee", "payer", "address", "contact", "host", "qr", "payment_code"):
        a[column] = own.copy()
    moved = rng.random(n) < 0.03
    a["payee_next"] = own.copy()
    a["payee_next"][moved] = town.fresh("payment", int(moved.sum()))
    a["payee_from"] = np.where(moved, town.moment(rng.integers(0, town.days, n)), NEVER)


def _rates(town: Town, rng: Rng) -> None:
    """`buys` a day, and `appeal`, a weight among sellers."""
    a, n = town.accounts, town.options.accounts
    shop = a["kind"] == SHOP
    a["buys"] = 0.018 * rng.gamma(0.7, 1.4, n) * np.where(shop, 0.3, 1.0)
    sells = shop | (rng.random(n) < 0.28)
    appeal = np.where(shop, 6 * np.minimum(rng.pareto(1.4, n) + 0.3, 60), rng.gamma(0.6, 1.2, n))
    a["appeal"] = np.where(sells, appeal, 0.0)
    for part, low, high in (("reseller", 8, 60), ("late_code", 10, 60), ("dealer", 5, 25), ("streamer", 5, 20)):
        a["appeal"][town.casts[part]] = rng.uniform(low, high, len(town.casts[part]))
    a["buys"][town.casts["dealer"]] += 0.1
    a["buys"][town.casts["returner"]] += 0.1
    a["buys"][town.casts["quarreller"]] += 0.05
    a["appeal"] = np.minimum(a["appeal"], a["appeal"].sum() / 40)


def _manners(town: Town, rng: Rng) -> None:
    a, n, casts = town.accounts, town.options.accounts, town.casts
    a["late"] = np.zeros(n)
    a["late"][casts["late_code"]] = rng.uniform(0.3, 1.5, len(casts["late_code"]))
    a["grumble"] = np.minimum(0.006 * rng.lognormal(0, 1.2, n), 0.3)
    a["grumble"][casts["quarreller"]] = rng.uniform(0.2, 0.5, len(casts["quarreller"]))
    a["sloppy"] = np.minimum(rng.lognormal(0, 0.9, n), 12)
    a["doubted"] = (rng.random(n) < 0.05) * rng.uniform(0.02, 0.10, n)
    a["returns"] = np.minimum(0.012 * rng.lognormal(0, 1.0, n), 0.2)
    a["returns"][casts["returner"]] = rng.uniform(0.25, 0.6, len(casts["returner"]))
    a["haste"] = np.where(rng.random(n) < 0.02, rng.uniform(0.1, 0.6, n), 0.003)
    a["dither"] = np.minimum(0.07 * rng.lognormal(0, 0.7, n), 0.7)
    for column, share, low, high in (("stuck", 0.03, 15, 50), ("slips", 0.08, 30, 120)):
        a[f"{column}_from"] = np.where(rng.random(n) < share, town.moment(rng.integers(0, town.days, n)), NEVER)
        a[f"{column}_to"] = a[f"{column}_from"] + rng.integers(low, high, n) * DAY
    a["meets"] = np.where(rng.random(n) < 0.06, rng.uniform(0.05, 0.3, n), 0.004)
    a["codes_by_chat"] = rng.random(n) < 0.55
    town.casts["stuck"] = np.flatnonzero((a["stuck_from"] < NEVER) & (a["kind"] == SHOP))
    town.casts["slipping"] = np.flatnonzero((a["slips_from"] < NEVER) & IS_VIRTUAL[a["goods"]])


def _departures(town: Town, rng: Rng) -> None:
    """Some leave, a few are thrown out, and some shops close when their supply has collapsed."""
    a, n = town.accounts, town.options.accounts
    for column, share in (("cancelled_at", 0.03), ("banned_at", 0.004)):
        who = np.flatnonzero(rng.random(n) < share)
        moment = town.hours(rng, rng.integers(0, town.days + 30, len(who)), len(who))
        kept = moment > a["registered_at"][who] + 30 * DAY
        town.leave(who[kept], column, moment[kept])
    broke = town.casts["stuck"][rng.random(len(town.casts["stuck"])) < 0.3]
    town.leave(broke, "cancelled_at", a["stuck_to"][broke] + 7 * DAY)
    a["stops_at"] = np.where(a["gone_at"] < NEVER, a["gone_at"] - 20 * DAY, NEVER)
    a["stops_at"][broke] = a["stuck_to"][broke]
