"""Who is there: accounts with continuous traits, so that nobody is simply good or bad at anything.

Every trait is a number in 0..1 (logistic-normal; conscientious people are more punctual *and* more careful), every
weight of trade is heavy-tailed. Careless, hasty, quarrelsome people are the honest far end of these.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar.place import FOREVER, Bazaar, drawn
from jobs.simulate.columns import NONE, Floats, Ints, Rng, word
from jobs.simulate.goods import GOODS, REGION_SHARE, REGIONS
from jobs.simulate.options import DAY

CATALOGUE = 12
"""Listings an account can have."""

TRAITS = {
    # trait: logit of the middle, spread, weight of conscientiousness
    "punctual": (1.6, 1.0, 0.7),
    "careful": (1.5, 1.0, 0.7),
    "quality": (1.9, 1.0, 0.4),
    "resolve": (1.2, 0.9, 0.3),
    "trust": (0.3, 1.0, 0.0),
    "haste": (-2.6, 1.2, -0.3),
    "fussy": (-1.9, 1.1, 0.1),
    "litigious": (-1.3, 1.1, 0.0),
    "talkative": (-0.8, 1.0, 0.0),
    "lends": (-1.5, 1.2, -0.2),
}
SECONDS = ("payee", "payer", "ship_from", "ship_to", "contact", "qr", "url")
"""Things of which an account has its own and may use a second one for a share of its trade."""


def settle(world: Bazaar) -> None:
    """Fill `world.accounts`: the contract's columns, traits, weights, habits."""
    rng, n, a = world.stream(1), world.options.accounts, world.accounts
    everyone = np.arange(n)
    a["account_id"] = everyone
    a["kind"] = np.where(rng.random(n) < 0.08, word("kind", "shop"), word("kind", "person"))
    _traits(world, rng)
    a["registered_at"] = _registered(world, rng)
    a["cancelled_at"], a["banned_at"] = np.full(n, NONE), np.full(n, NONE)
    a["gone_at"] = np.full(n, FOREVER)
    a["quiet_at"] = _quiet(world, rng)
    a["region"] = rng.choice(REGIONS, n, p=REGION_SHARE)
    _papers(world, rng)
    _trade(world, rng)
    for thing in SECONDS:
        a[thing] = everyone.copy()
        a[f"{thing}_2"], a[f"{thing}_2_share"] = everyone.copy(), np.zeros(n)
    _own_seconds(world, rng)


def _traits(world: Bazaar, rng: Rng) -> None:
    n = world.options.accounts
    conscience = rng.normal(size=n)
    for trait, (middle, spread, weight) in TRAITS.items():
        own = np.sqrt(1 - weight**2) * rng.normal(size=n) + weight * conscience
        world.accounts[trait] = 1 / (1 + np.exp(-(middle + spread * own)))


def _registered(world: Bazaar, rng: Rng) -> Ints:
    """Most long ago, many in the market's own time."""
    n, start, end = world.options.accounts, world.options.start, world.options.end
    old = start - (1_500 * DAY * rng.beta(1.1, 1.6, n)).astype(np.int64)
    new = world.calendar.draw(rng, np.full(n, start), np.full(n, end - DAY))
    return np.where(rng.random(n) < 0.24, new, old)


def _quiet(world: Bazaar, rng: Rng) -> Ints:
    """Some stop coming without a word; some shops among them leave orders open."""
    n, end = world.options.accounts, world.options.end
    since = np.maximum(world.accounts["registered_at"], world.options.start)
    stop = since + ((end - since) * rng.beta(1.5, 1.0, n)).astype(np.int64)
    return np.where(rng.random(n) < 0.16, stop, FOREVER)


def _papers(world: Bazaar, rng: Rng) -> None:
    """Identity, phone, licence, name, credit."""
    a, n = world.accounts, world.options.accounts
    everyone = np.arange(n)
    shop = a["kind"] == word("kind", "shop")
    a["owner_id"] = np.where(rng.random(n) < np.where(shop, 0.02, 0.14), NONE, everyone)
    a["phone_id"] = everyone.copy()
    a["licence_id"] = np.where(shop & (rng.random(n) < 0.92), everyone, NONE)
    a["licence_shown"] = np.where(shop, (a["licence_id"] != NONE) & (rng.random(n) < 0.93), NONE).astype(np.int64)
    a["display_name_id"] = np.where(shop, everyone, NONE)
    common = np.flatnonzero(shop & (rng.random(n) < 0.04))
    a["display_name_id"][common] = rng.choice(common, len(common)) if len(common) else common
    tenure = np.clip((world.options.end - a["registered_at"]) / (700 * DAY), 0, 1.4)
    a["credit_level"] = np.clip(np.rint(1.2 + 2 * tenure + a["quality"] + rng.normal(0, 0.7, n)), 0, 5).astype(np.int64)
    a["inviter_id"] = np.full(n, NONE)


def _trade(world: Bazaar, rng: Rng) -> None:
    """How much each buys and sells, what, and how a shop is staffed."""
    a, n = world.accounts, world.options.accounts
    shop = a["kind"] == word("kind", "shop")
    a["buys"] = rng.lognormal(0.0, 1.1, n) * np.where(shop, 0.35, 1.0)
    person_sells = (rng.random(n) < 0.42) * rng.lognormal(-0.9, 1.1, n)
    a["sells"] = np.where(shop, rng.lognormal(1.9, 1.1, n), person_sells)
    for column, of in (("main", shop), ("main", ~shop)):
        weights = np.array([g.shops if of is shop else g.persons for g in GOODS], np.float64)
        a[column] = np.where(of, drawn(rng, weights, n), a.get(column, 0))
    a["staff"] = np.where(shop, 1 + rng.poisson(1.2, n), 0)
    a["texts_codes"] = rng.beta(0.5, 1.0, n)
    a["asks_early"] = np.where(rng.random(n) < 0.012, rng.beta(2, 1.5, n), 0.0)
    world.fresh("item", n * CATALOGUE)


def _own_seconds(world: Bazaar, rng: Rng) -> None:
    """Honest people have a second wallet, a second address, a second handle too."""
    n = world.options.accounts
    for thing, share in (("payee", 0.05), ("payer", 0.1), ("ship_to", 0.2), ("contact", 0.06)):
        kind = {"payee": "payment", "payer": "payment", "ship_to": "address"}.get(thing, thing)
        who = np.flatnonzero(rng.random(n) < share)
        lend(world, thing, who, world.fresh(kind, len(who)), rng.beta(1.2, 2.5, len(who)))


def lend(world: Bazaar, thing: str, who: Ints, which: Ints | int, share: Floats | float) -> None:
    """From now on `who` use `which` (numbers of that thing) for a share of their trade."""
    world.accounts[f"{thing}_2"][who] = which
    world.accounts[f"{thing}_2_share"][who] = share


def using(world: Bazaar, rng: Rng, thing: str, who: Ints) -> Ints:
    """Which of its own and its second thing each account uses this time."""
    a = world.accounts
    second = rng.random(len(who)) < a[f"{thing}_2_share"][who]
    found: Ints = np.where(second, a[f"{thing}_2"][who], a[thing][who])
    return found
