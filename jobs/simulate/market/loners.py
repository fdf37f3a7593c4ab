"""Lone bad actors.

Their acts are a ring's acts, but they stand alone, so they are no ring and not in the truth.
"""

from __future__ import annotations

import numpy as np

from graph.exports import COMPLAINTS
from jobs.simulate.columns import NONE, Ints, Rng, word
from jobs.simulate.market.talk import CONTACT, QR, URL
from jobs.simulate.market.trade import after
from jobs.simulate.market.world import World
from jobs.simulate.options import DAY


def choose_loners(world: World, honest: Ints) -> None:
    """Sloppy shops and serial returners: raise their rates before the market trades."""
    rng, n, a = world.stream(4), world.options.accounts, world.accounts
    seller = honest[a["selling"][honest] > 0]
    sloppy = rng.choice(seller, max(3, n // 800), replace=False)
    a["complaint_rate"][sloppy] = rng.uniform(0.1, 0.3, len(sloppy))
    a["selling"][sloppy] = np.maximum(a["selling"][sloppy], 15)
    returner = rng.choice(honest, max(3, n // 800), replace=False)
    a["return_rate"][returner] = rng.uniform(0.25, 0.6, len(returner))
    a["buying"][returner] = np.maximum(a["buying"][returner], 5)
    world.groups["sloppy"], world.groups["returners"] = sloppy, returner


def add_loners(world: World, honest: Ints) -> None:
    """Failed shops that leave paid orders open, and lone senders of lures."""
    rng, n, a, o = world.stream(5), world.options.accounts, world.accounts, world.options
    tied = ("agencies", "reopened", "renewed", "families", "friends", "couples", "second_hand")
    grouped = np.unique(np.concatenate([world.groups[name] for name in tied]))
    free = np.setdiff1d(honest, grouped)
    free = free[(a["registered_at"][free] < o.start) & (a["gone_at"][free] > o.end)]
    count = max(1, n // 5_000)
    shops = free[a["kind"][free] == word("kind", "shop")]
    world.groups["failed_shops"] = rng.choice(shops, min(count, len(shops)), replace=False)
    for shop in world.groups["failed_shops"]:
        _fail(world, rng, int(shop))
    world.groups["lone_lures"] = rng.choice(np.setdiff1d(free, shops), 2 * count, replace=False)
    for sender in world.groups["lone_lures"]:
        _lure(world, rng, int(sender))


def _fail(world: World, rng: Rng, shop: int) -> None:
    """Bankrupt, not fraudulent: the last fortnight's orders stay open."""
    o = world.options
    closed = int(rng.integers(o.start + 60 * DAY, o.end - 5 * DAY))
    n = int(rng.integers(8, 25))
    placed = world.at_daytime(rng, rng.integers(closed - 15 * DAY, closed - DAY, n))
    rows = world.deal(rng, world.crowds["victims"].draw(rng, n), np.full(n, shop), placed)
    rows["paid_at"] = placed + after(rng, n, 6 / 1440, 1.0)
    said = np.where(rng.random(n) < 0.6, placed + after(rng, n, 8, 0.4), NONE)
    rows["complained_at"] = said
    kind = np.where(rng.random(n) < 0.5, COMPLAINTS.index("vanished_seller"), COMPLAINTS.index("not_received"))
    rows["complaint"] = np.where(said == NONE, NONE, kind)
    repaid = (said != NONE) & (rng.random(n) < 0.3)
    rows["refunded_at"] = np.where(repaid, said + after(rng, n, 4, 0.5), NONE)
    world.leave(shop, "cancelled_at" if rng.random() < 0.5 else "banned_at", closed)


def _lure(world: World, rng: Rng, sender: int) -> None:
    n, o = int(rng.integers(10, 30)), world.options
    begin = int(rng.integers(o.start, o.end - 20 * DAY))
    sent = world.at_daytime(rng, rng.integers(begin, begin + 20 * DAY, n))
    reported = np.where(rng.random(n) < 0.3, sent + rng.integers(3_600, 4 * DAY, n), NONE)
    claimed = (reported != NONE) & (rng.random(n) < 0.6)
    world.say(
        np.full(n, sender),
        world.crowds["victims"].draw(rng, n),
        sent,
        rng.choice([URL, QR, CONTACT]),
        world.one("handle"),
        tag=np.where(rng.random(n) < 0.4, word("tag", "ask_off_platform"), NONE),
        reported_at=reported,
        claimed_cny=np.where(claimed, rng.integers(5_000, 200_000, n), NONE),
    )
