"""What some crews must set up before they can begin: successions, trees, bursts, sources, licences."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from jobs.simulate.agents.crew import Crew
from jobs.simulate.agents.town import SHOP, Town
from jobs.simulate.columns import NONE, Ints
from jobs.simulate.options import DAY

STAFF_SHARE = 400
"""Accounts of the town for each of its staff."""


def _register(town: Town, members: Ints, moments: Ints) -> None:
    """New dates of registration; who has invited them must have been there before."""
    a = town.accounts
    a["registered_at"][members] = moments
    inviter = a["inviter_id"][members]
    late = (inviter != NONE) & (a["registered_at"][np.maximum(inviter, 0)] >= moments)
    a["inviter_id"][members[late]] = NONE


def reborn(town: Town, crew: Crew) -> None:
    """One shop after the other: each opens about when the one before it has taken the money and gone."""
    a, rng, n = town.accounts, crew.rng, len(crew.members)
    life = np.maximum(rng.integers(24, 50, n), 16)
    begin = int(rng.integers(-20, max(town.days - int(life.sum()), -10)))
    opened = begin + np.concatenate([[0], np.cumsum(life)[:-1]]) + rng.integers(-4, 6, n)
    opened[0] = begin
    closed = opened + life
    a["kind"][crew.members] = np.where(rng.random(n) < 0.8, SHOP, a["kind"][crew.members])
    a["licence_shown"][crew.members] = np.where(a["kind"][crew.members] == SHOP, 0, NONE)
    _register(town, crew.members, town.hours(rng, np.minimum(opened, town.days - 2), n))
    crew.joins, crew.closing, crew.idle = opened.clip(0, town.days - 2), closed, np.zeros(n, np.bool_)
    crew.roles = dict.fromkeys(crew.members.tolist(), "seller")
    a["appeal"][crew.members] *= 3
    end = town.hours(rng, closed, n)
    a["stops_at"][crew.members] = end - DAY
    how = {"closes": "cancelled_at", "is_banned": "banned_at"}.get(crew.scripts[0].removeprefix("takes_money_and_"))
    if how:
        town.leave(crew.members, how, end)


def pyramid(town: Town, crew: Crew) -> None:
    """A tree: each is invited by somebody who was there before, and pays upwards."""
    a, rng, n = town.accounts, crew.rng, len(crew.members)
    day = np.sort(crew.joins[0] - 3 + np.floor((crew.days[-1] - crew.joins[0]) * 0.8 * rng.random(n) ** 1.5))
    day[0] -= 20
    moments = np.sort(town.hours(rng, day.astype(np.int64), n))
    _register(town, crew.members, moments)
    parent = np.maximum(np.arange(n) - rng.geometric(0.22, n), rng.integers(0, 3, n))
    parent = np.minimum(parent, np.maximum(np.arange(n) - 1, 0))
    upline = crew.members[parent]
    a["inviter_id"][crew.members[1:]] = upline[1:]
    a["upline"][crew.members] = upline
    crew.joins = (moments - town.options.start) // DAY + 1
    below = np.bincount(parent[1:], minlength=n)
    crew.roles = {
        m: "promoter" if b > 1 else "both" if b else "buyer" for m, b in zip(crew.members.tolist(), below, strict=True)
    }
    crew.roles[int(crew.members[0])] = "organiser"
    crew.idle[:] = False
    if crew.scripts[0] == "fee_through_a_shop":
        a["kind"][crew.members[0]] = SHOP


def farm(town: Town, crew: Crew) -> None:
    """Signed up within hours, in one burst or two, on the devices that the crew's ties name."""
    rng, n = crew.rng, len(crew.members)
    start = (
        town.hours(rng, crew.joins[0] - rng.integers(4, 20), 1)[0] + rng.integers(0, 2, n) * rng.integers(1, 4) * DAY
    )
    _register(town, crew.members, np.asarray(start + rng.integers(0, 7_200, n), np.int64))


def leak(town: Town, crew: Crew) -> None:
    """From whom the orders come: a big seller's account, a handler among the staff, or a service desk's account."""
    a, rng, source = town.accounts, crew.rng, int(crew.members[0])
    # One stranger alone would be no ring beside its source.
    crew.idle[:3] = False
    crew.roles |= dict.fromkeys(crew.members[:3].tolist(), "seller")
    if crew.scripts[0] == "quotes_a_handlers_orders":
        town.sources[crew.number] = int(rng.integers(1, max(8, town.options.accounts // STAFF_SHARE)))
        return
    crew.roles[source] = "source"
    crew.idle[0] = True
    a["registered_at"][source] = min(int(a["registered_at"][source]), int(town.moment(-40)))
    town.sources[crew.number] = source
    if crew.scripts[0] == "quotes_a_sellers_orders":
        a["kind"][source] = SHOP
        a["appeal"][source] = a["appeal"].sum() / 250


def buyback(town: Town, crew: Crew) -> None:
    """One or two shops take the money; the others stream and recruit."""
    rng, n = crew.rng, len(crew.members)
    shops = 1 + (n > 6)
    for place, member in enumerate(crew.members.tolist()):
        if not crew.idle[place]:
            crew.roles[member] = "seller" if place < shops else "promoter"
    talks = crew.members[shops:]
    town.accounts["appeal"][talks] *= 0.4
    town.accounts["buys"][talks] *= 1 + rng.random(len(talks))


def licences(town: Town, crew: Crew) -> None:
    """No licence, none shown, or one hung in every shop."""
    a, rng, members = town.accounts, crew.rng, crew.members
    a["kind"][members] = SHOP
    a["appeal"][members] *= 1.6
    if crew.scripts[0] == "one_licence_for_all":
        a["licence_id"][members], a["licence_shown"][members] = members[0], 1
        return
    hidden = rng.random(len(members)) < 0.4
    a["licence_id"][members] = np.where(hidden, members, NONE)
    a["licence_shown"][members] = 0


def counterfeit(town: Town, crew: Crew) -> None:
    """Mostly shops with licences of their own."""
    a, rng, members = town.accounts, crew.rng, crew.members
    a["kind"][members] = np.where(rng.random(len(members)) < 0.7, SHOP, a["kind"][members])
    a["appeal"][members] *= 1.3
    a["doubted"][members] = 0.03


def harvest(town: Town, crew: Crew) -> None:
    """Some close their account when the campaign is over; the rest go on as if nothing had been."""
    rng, n = crew.rng, len(crew.members)
    gone = (rng.random(n) < 0.35) & (np.arange(n) > 0)
    who, end = crew.members[gone], crew.days[-1] + 1
    town.leave(who, "cancelled_at", town.hours(rng, end + rng.integers(0, 6, len(who)), len(who)))


Plot = Callable[[Town, Crew], None]
PLOTS: MappingProxyType[str, Plot] = MappingProxyType(
    {
        "reborn_shop": reborn,
        "pyramid": pyramid,
        "account_farm": farm,
        "leak_source": leak,
        "buyback_live": buyback,
        "unlicensed_operator": licences,
        "counterfeit_network": counterfeit,
        "unpaid_harvest": harvest,
    }
)
