"""The second world: agents who follow scripts day by day.

People buy and sell by habit, remember whom they like and make sellers famous; others have jobs (couriers, service
desks, streamers, affiliates); crews of ordinary people cheat in campaigns by one of several scripts a typology.
Nothing here is taken from the first world's trade, look-alikes or rings: a method that passes in both has learned
something about fraud and not about a generator.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.agents.circles import gather
from jobs.simulate.agents.crews import acts_of, recruit
from jobs.simulate.agents.events import events
from jobs.simulate.agents.honest import dawn, trade
from jobs.simulate.agents.people import settle
from jobs.simulate.agents.scripts import SCRIPTS, Script
from jobs.simulate.agents.ties import keep_promises, tie
from jobs.simulate.agents.town import Town
from jobs.simulate.agents.turn import Turn
from jobs.simulate.columns import NONE, Ints
from jobs.simulate.options import Options

__all__ = ["build"]

Plan = dict[tuple[int, str], Ints]


def build(options: Options) -> Town:
    """The whole town with everything that happens in it, before anybody knows of it."""
    town, plan = found(options)
    live(town, plan)
    keep_promises(town)
    return town


def found(options: Options) -> tuple[Town, Plan]:
    """The town on the eve of its first day, and who is to cheat when: accounts by day and script, one an act."""
    town = Town(options)
    settle(town)
    for column in ("front", "upline", "lure_kind", "lure_target"):
        town.accounts[column] = np.full(options.accounts, NONE)
    crews = recruit(town)
    gather(town)
    plan: dict[tuple[int, str], list[Ints]] = {}
    for crew in crews:
        tie(town, crew)
        days, scripts, who = acts_of(town, crew)
        for day, script in sorted(set(zip(days.tolist(), scripts.tolist(), strict=True))):
            plan.setdefault((day, crew.scripts[script]), []).append(who[(days == day) & (scripts == script)])
    return town, {key: np.concatenate(parts) for key, parts in plan.items()}


def live(town: Town, plan: Plan) -> None:
    """Day after day: who is about, what the honest do, then every crooked script whose day it is."""
    scripts: dict[str, Script] = {name: script for family in SCRIPTS.values() for name, script in family.items()}
    a = town.accounts
    for day in range(town.days):
        dawn(town, day)
        trade(town, day)
        events(town, day)
        for number, (name, script) in enumerate(scripts.items()):
            who = plan.get((day, name))
            if who is None:
                continue
            now = town.moment(day)
            who = who[(a["registered_at"][who] < now) & (a["gone_at"][who] > now)]
            if len(who):
                script(Turn(town, town.stream(140, day, number), day, who))
                town.played[name] += len(who)
