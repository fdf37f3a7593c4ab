"""Ring members' ordinary trade with honest people: a little when loud, most of their orders when quiet."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Bools, Ints, Rng
from jobs.simulate.goods import NUMBER
from jobs.simulate.market.talk import small_talk
from jobs.simulate.market.trade import ordinary
from jobs.simulate.market.world import World
from jobs.simulate.options import DAY

SHARE_LOUD, SHARE_QUIET = 0.08, 0.70
"""Share of a member's orders that are ordinary."""


def add_cover(world: World) -> None:
    """Ordinary orders of every planted account, and those that show a shared payee, payer or address."""
    rng = world.stream(8)
    members = np.array([account for _, _, account, _ in world.truth])
    share = SHARE_LOUD + (SHARE_QUIET - SHARE_LOUD) * world.options.camouflage
    busy = _acts(world)[members]
    wanted = np.maximum(rng.poisson(busy * share / (1 - share)), rng.integers(1, 4, len(members)))
    account = np.repeat(members, wanted)
    sells = world.accounts["kind"][account] == 1
    _trade(world, rng, account, rng.random(len(account)) < np.where(sells, 0.85, 0.35), NONE)
    if world.cover:
        who, selling, real, times = (np.array(column) for column in zip(*world.cover, strict=True))
        goods = NUMBER["household"]
        for shown in (False, True):
            at = real == shown
            _trade(
                world,
                rng,
                np.repeat(who[at], times[at]),
                np.repeat(selling[at], times[at]),
                goods if shown else NONE,
            )


def _acts(world: World) -> Ints:
    """Orders so far of each account on either side; three messages count as one."""
    n = world.options.accounts
    count = np.zeros(n)
    for rows in world.orders:
        count += np.bincount(rows["buyer_id"], minlength=n) + np.bincount(rows["seller_id"], minlength=n)
    for rows in world.chats:
        count += np.bincount(rows["sender_id"], minlength=n) / 3
    return count.astype(np.int64)


def _trade(world: World, rng: Rng, account: Ints, selling: Bools, category: int) -> None:
    """These accounts sell to or buy from people who were there all the time."""
    n, a, o = len(account), world.accounts, world.options
    buyer = np.where(selling, world.crowds["victims"].draw(rng, n), account)
    seller = np.where(selling, account, world.crowds["shops"].draw(rng, n))
    first = np.maximum(a["registered_at"][account] + 3_600, o.start)
    last = np.maximum(np.minimum(a["gone_at"][account] - 3_600, o.end - DAY), first + 3_600)
    placed = first + ((last - first) * rng.random(n)).astype(np.int64)
    fits = buyer != seller
    small_talk(world, rng, ordinary(world, rng, buyer[fits], seller[fits], placed[fits], category=category))
