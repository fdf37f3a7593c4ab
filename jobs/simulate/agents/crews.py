"""The crews: how many, who is recruited, when they cheat and by which script, and what else their members do.

A member is somebody of the town who goes on buying and selling like others; the crew adds to that, in campaigns.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from jobs.simulate.agents.crew import Crew
from jobs.simulate.agents.people import NEVER
from jobs.simulate.agents.plots import PLOTS
from jobs.simulate.agents.scripts import SCRIPTS
from jobs.simulate.agents.town import Town
from jobs.simulate.columns import NONE, Floats, Ints, Rng
from jobs.simulate.goods import NUMBER, REGULATED
from jobs.simulate.options import DAY

RING_SHARE = 0.0035
"""Rings for each account of the town."""
FEWEST_ACTS = 9
"""Of a whole crew."""

SELLERS, BUYERS, BOTH = "seller", "buyer", "both"
SIDE = {
    "confirm_first": SELLERS,
    "unpaid_harvest": BUYERS,
    "off_platform_lure": SELLERS,
    "two_way": BOTH,
    "swap_return": BUYERS,
    "jury_gaming": BUYERS,
    "reborn_shop": SELLERS,
    "counterfeit_network": SELLERS,
    "buyback_live": SELLERS,
    "pyramid": BOTH,
    "leak_source": SELLERS,
    "unlicensed_operator": SELLERS,
    "account_farm": BUYERS,
    "brushing": BOTH,
}
"""On which side a member of such a crew acts."""
GOODS = {
    "confirm_first": ("virtual_card", "topup_card", "voucher"),
    "off_platform_lure": ("virtual_card", "phone", "membership"),
    "two_way": ("phone", "cosmetics", "virtual_card"),
    "reborn_shop": ("phone", "jewellery", "household"),
    "counterfeit_network": ("cosmetics", "clothing", "liquor", "jewellery"),
    "buyback_live": ("jewellery", "liquor", "health_food"),
    "pyramid": ("membership",),
}
SIZES = {"pyramid": (20, 60, 0.8), "account_farm": (6, 20, 1.5), "reborn_shop": (3, 6, 1.0), "brushing": (4, 14, 1.6)}
"""Fewest and most members, and how strongly small crews prevail; else 3 to 20."""


def recruit(town: Town) -> list[Crew]:
    """All crews; their members' columns and the truth are written."""
    rng, o = town.stream(120), town.options
    names = list(SCRIPTS)
    count = max(len(names), round(RING_SHARE * o.accounts))
    kinds = [names[i % len(names)] for i in range(count)]
    sizes = [_size(rng, kind) for kind in kinds]
    whom = _candidates(town, rng)
    crews, first = [], 0
    for number, (kind, size) in enumerate(zip(kinds, sizes, strict=True)):
        members = whom[first : first + size]
        first += size
        crew = _form(town, number, kind, members, number // len(names))
        _enlist(town, crew)
        if kind in PLOTS:
            PLOTS[kind](town, crew)
        town.truth += [(number, kind, int(m), crew.roles[int(m)]) for m in members]
        crews.append(crew)
    town.stock = np.full(count, NONE)
    _introduce(town, crews)
    return crews


def _introduce(town: Town, crews: list[Crew]) -> None:
    """Who is whose mate, from which day on."""
    crew = np.concatenate([np.full(len(c.members), c.number) for c in crews])
    keys = crew * 10_000 + np.concatenate([c.joins for c in crews])
    order = np.argsort(keys, kind="stable")
    town.mate_keys, town.mates = keys[order], np.concatenate([c.members for c in crews])[order]


def _size(rng: Rng, kind: str) -> int:
    low, high, skew = SIZES.get(kind, (3, 20, 2.6))
    return int(low + np.floor((high - low + 1) * rng.random() ** skew))


def _candidates(town: Town, rng: Rng) -> Ints:
    """Anybody who stays, but for those with a job; nobody notices beforehand who will cheat."""
    a = town.accounts
    working = ("streamer", "courier", "assistant", "group_buyer", "late_code", "returner", "quarreller")
    free = a["gone_at"] == NEVER
    free[np.concatenate([town.casts[part] for part in working])] = False
    return rng.permutation(np.flatnonzero(free))


def _form(town: Town, number: int, kind: str, members: Ints, turn: int) -> Crew:
    rng, n = town.stream(121, number), len(members)
    scripts = list(SCRIPTS[kind])
    main = scripts[turn % len(scripts)]
    # A leak has one source, and each script another kind of source.
    more = 0.0 if kind == "leak_source" else 0.25
    used = [main, *(s for s in scripts if s != main and rng.random() < more)]
    windows = _windows(town, rng, kind)
    days = np.concatenate([np.arange(begin, end) for begin, end in windows])
    script_of_day = np.concatenate([np.full(e - b, i % len(used)) for i, (b, e) in enumerate(windows)])
    joins = np.full(n, windows[0][0])
    late = (np.arange(n) > 1) & (rng.random(n) < 0.25)
    joins[late] = rng.integers(windows[0][0], max(days[-1] - 3, windows[0][0] + 1), int(late.sum()))
    idle = (np.arange(n) > 1) & (rng.random(n) < 0.05 + 0.15 * town.options.camouflage)
    order = np.argsort(joins, kind="stable")
    return Crew(number, kind, members, rng, joins[order], days, used, script_of_day, idle)


def _windows(town: Town, rng: Rng, kind: str) -> list[tuple[int, int]]:
    """Campaigns of days to weeks that do not overlap, one of them often around the festival of June."""
    last = town.days
    if kind in ("pyramid", "unlicensed_operator", "brushing"):
        begin = int(rng.integers(8, last - 70))
        return [(begin, min(begin + int(rng.integers(45, 110)), last))]
    count = int(rng.integers(1, 4))
    begins = np.sort(rng.integers(10, last - 12, count))
    festival = [d for d in range(10, last - 8) if _is_festival_eve(town, d)]
    if festival and rng.random() < 0.3:
        begins[-1] = festival[-1]
    windows: list[tuple[int, int]] = []
    for begin in np.sort(begins).tolist():
        start = max(begin, windows[-1][1] + 2 if windows else 0)
        if start < last - 4:
            windows.append((start, min(start + int(rng.integers(5, 26)), last)))
    return windows


def _is_festival_eve(town: Town, day: int) -> bool:
    date = datetime(1970, 1, 1) + timedelta(seconds=int(town.moment(day)))
    return (date.month, date.day) == (6, 8)


def _enlist(town: Town, crew: Crew) -> None:
    """Members get their dates, their goods, and a life beside the crew."""
    a, rng, members, n = town.accounts, crew.rng, crew.members, len(crew.members)
    quiet = town.options.camouflage
    a["crew"][members] = crew.number
    fresh = rng.random(n) < 0.7 - 0.5 * quiet
    # Orders and messages before the day of registration would betray the simulator.
    young = town.hours(rng, crew.joins - rng.integers(2, 40, n), n)
    old = np.minimum(a["registered_at"][members], town.hours(rng, crew.joins - rng.integers(15, 200, n), n))
    a["registered_at"][members] = np.where(fresh, young, old)
    a["credit_level"][members[fresh]] = rng.integers(0, 3, int(fresh.sum()))
    inviter = a["inviter_id"][members]
    late = (inviter != NONE) & (a["registered_at"][np.maximum(inviter, 0)] >= a["registered_at"][members])
    a["inviter_id"][members[late]] = NONE
    _side(town, crew)
    if crew.typology in GOODS:
        goods = np.array([NUMBER[name] for name in GOODS[crew.typology]])
        common = rng.choice(goods)
        a["goods"][members] = np.where(rng.random(n) < 0.75, common, rng.choice(goods, n))
    if crew.typology == "unlicensed_operator":
        a["goods"][members] = np.where(rng.random(n) < 0.7, rng.choice(REGULATED), rng.choice(REGULATED, n))


def _side(town: Town, crew: Crew) -> None:
    """Which side each acts on, and how much honest trade it has on it."""
    a, rng, members, n = town.accounts, crew.rng, crew.members, len(crew.members)
    side = SIDE[crew.typology]
    sells = np.full(n, side != BUYERS)
    if side == SELLERS and crew.typology not in ("unlicensed_operator", "counterfeit_network", "reborn_shop"):
        sells = (np.arange(n) == 0) | (rng.random(n) < 0.85)
    for place, member in enumerate(members.tolist()):
        crew.roles[member] = "holder" if crew.idle[place] else side
    days = town.days - np.maximum((a["registered_at"][members] - town.options.start) // DAY, 0)
    # As uneven as everybody's, else the members would be known by how busy they are.
    crew.honest = 2 + rng.gamma(1.4, 6.0, n) + 6 * town.options.camouflage
    rate = crew.honest / np.maximum(days, 20)
    a["buys"][members] = rate * np.where(sells, 0.35, 0.95)
    orders_a_day = max(a["buys"].sum(), 1.0)
    a["appeal"][members] = np.where(
        sells, 0.55 * rate / orders_a_day * a["appeal"].sum(), a["appeal"][members].clip(0, 1)
    )
    a["stuck_from"][members], a["slips_from"][members], a["dither"][members] = NEVER, NEVER, 0.05


def acts_of(town: Town, crew: Crew) -> tuple[Ints, Ints, Ints]:
    """(day, number of the script among the crew's, member), one row an act."""
    rng, who = crew.rng, np.repeat(np.arange(len(crew.members)), _how_often(town, crew))
    if crew.closing is not None:
        # A shop runs off before its own end, whatever the others do.
        day = crew.closing[who] - rng.integers(1, 12, len(who))
        kept = (day < town.days) & (day > crew.joins[who])
        return day[kept], np.zeros(int(kept.sum()), np.int64), crew.members[who[kept]]
    days, script = crew.days, crew.script_of_day
    heat: Floats = np.cumsum(rng.exponential(1.0, len(days)) ** 2)
    low = np.searchsorted(days, crew.joins[who])
    floor = np.where(low > 0, heat[np.maximum(low - 1, 0)], 0.0)
    at = np.searchsorted(heat, floor + (heat[-1] - floor) * rng.random(len(who)), side="right")
    kept = (low < len(days)) & (at < len(days))
    at = at[kept]
    return days[at], script[at], crew.members[who[kept]]


def _how_often(town: Town, crew: Crew) -> Ints:
    """Acts of each member: loud crews cheat in a third to more than half of their orders, quiet ones in a tenth to a
    quarter."""
    rng, n, quiet = crew.rng, len(crew.members), town.options.camouflage
    share = rng.uniform(0.35 - 0.25 * quiet, 0.6 - 0.35 * quiet, n)
    count = np.clip(rng.poisson(crew.honest * share / (1 - share)), 1, 40)
    if crew.typology == "pyramid":
        # Nobody pays the fee ten times.
        count = 1 + rng.binomial(2, 0.4, n)
    # Who has hardly done anything is no ring yet that anybody could know.
    count = np.maximum(count, FEWEST_ACTS // max(int((~crew.idle).sum()), 1) + 1)
    count[crew.idle] = 0
    return np.asarray(count, np.int64)
