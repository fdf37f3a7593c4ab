"""The bazaar: a market made to judge by, apart from the other two.

First comes a population with heavy-tailed innocent structure: homes, dormitories, firms, agencies, cafés, wholesale
groups, campaigns, phones and numbers that change hands. Behaviour comes from continuous traits, so nobody is simply
honest or not in any single column. Then come hands, who control several accounts with partial care; most of what their
accounts do is ordinary, and every trace they leave occurs among the honest too. What only looks guilty is noted beside
the truth.
"""

from __future__ import annotations

from jobs.simulate.bazaar.bonds import bind, close_some
from jobs.simulate.bazaar.bystanders import relatives, victims
from jobs.simulate.bazaar.crowds import crowd
from jobs.simulate.bazaar.demand import trade
from jobs.simulate.bazaar.hand import SCRIPTS, Hand, recruit
from jobs.simulate.bazaar.people import settle
from jobs.simulate.bazaar.place import Bazaar
from jobs.simulate.bazaar.schemes import play
from jobs.simulate.bazaar.ties import knit
from jobs.simulate.options import Options

__all__ = ["SCRIPTS", "build", "peopled"]


def build(options: Options) -> Bazaar:
    """A whole market."""
    return peopled(options)[0]


def peopled(options: Options) -> tuple[Bazaar, list[Hand]]:
    """A whole market, and the hands in it."""
    world = Bazaar(options)
    settle(world)
    hands = recruit(world)
    bind(world)
    crowd(world)
    for hand in hands:
        knit(world, hand)
    relatives(world, hands)
    close_some(world)
    play(world, hands)
    victims(world, hands)
    trade(world)
    return world, hands
