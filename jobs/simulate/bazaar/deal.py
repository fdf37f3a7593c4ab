"""A deal between two accounts as honest people strike it: what is bought, through which wallets and addresses.

Schemes strike their deals here as well and then change a few columns, so that everything else about a planted order is
as ordinary as any.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jobs.simulate.bazaar.course import run
from jobs.simulate.bazaar.people import CATALOGUE, using
from jobs.simulate.bazaar.place import Bazaar, drawn
from jobs.simulate.columns import NONE, Ints, Rng, Rows, word
from jobs.simulate.goods import GOODS, IS_VIRTUAL, MEDIAN, SPREAD

LOCKER, DESK = 0.14, 0.05
"""Shares of parcels that go to a region's locker, and of orders handled by the platform's own desk."""

LOCKERS = 7
"""Lockers a region has, numbered by region code; one of them is the busiest."""

LOCKER_BASE, STAFF_BASE = 1 << 34, 1 << 33
"""Numbers no account's own address or staff reaches."""

DESKS = 9


def strike(world: Bazaar, rng: Rng, buyer: Ints, seller: Ints, placed: Ints, **given: Any) -> Rows:
    """Orders, one a row, each with its ordinary course; `given` columns are as given.

    Returns the batch, which is part of the market and may still be changed in place.
    """
    n = len(buyer)
    rows: dict[str, Any] = {
        "order_id": world.fresh("order", n),
        "buyer_id": buyer,
        "seller_id": seller,
        "placed_at": placed,
        **_goods(world, rng, seller, given),
    }
    virtual = IS_VIRTUAL[rows["category"]]
    rows |= _ways(world, rng, buyer, seller, virtual) | given
    batch = world.book(rows, n)
    run(world, rng, batch)
    return batch


def _goods(world: Bazaar, rng: Rng, seller: Ints, given: dict[str, Any]) -> dict[str, Any]:
    """Mostly the seller's main category, at a price around the category's."""
    a, n = world.accounts, len(seller)
    other = drawn(rng, np.array([g.persons + g.shops for g in GOODS], np.float64), n)
    shop = a["kind"][seller] == word("kind", "shop")
    category = np.broadcast_to(
        given.get("category", np.where(rng.random(n) < np.where(shop, 0.1, 0.3), other, a["main"][seller])), n
    )
    listing = np.minimum((rng.pareto(1.1, n) * 1.5).astype(np.int64), CATALOGUE - 1)
    # A listing keeps about its price; the hash of its number says how dear it is.
    dear = np.sin((seller * CATALOGUE + listing) * 12.9898) * 1.3
    price = MEDIAN[category] * np.exp(SPREAD[category] * dear + 0.08 * rng.normal(size=n))
    return {
        "category": category,
        "item_id": world.options.accounts + seller * CATALOGUE + listing,
        "amount": np.maximum(100, np.where(rng.random(n) < 0.4, np.rint(price / 100) * 100, price)).astype(np.int64),
    }


def _ways(world: Bazaar, rng: Rng, buyer: Ints, seller: Ints, virtual: Any) -> dict[str, Any]:
    """Wallets, addresses, staff, channel and warning."""
    a, n = world.accounts, len(buyer)
    region = a["region"][buyer]
    locker = LOCKER_BASE + region * 100 + np.minimum((rng.pareto(0.8, n)).astype(np.int64), LOCKERS - 1)
    home = np.where(rng.random(n) < LOCKER, locker, using(world, rng, "ship_to", buyer))
    staff = a["staff"][seller]
    own = STAFF_BASE + seller * 8 + rng.integers(0, np.clip(staff, 1, 8))
    desk = STAFF_BASE // 2 + rng.integers(0, DESKS, n)
    handled = np.where(rng.random(n) < DESK, desk, np.where((staff > 0) & (rng.random(n) < 0.6), own, NONE))
    new = world.since(seller) > world.options.end - 60 * 86_400
    return {
        "payee_id": using(world, rng, "payee", seller),
        "payer_id": using(world, rng, "payer", buyer),
        "ship_from_region": a["region"][seller],
        "ship_to_region": region,
        "ship_from_id": np.where(virtual, NONE, using(world, rng, "ship_from", seller)),
        "ship_to_id": np.where(virtual, NONE, home),
        "handler_id": handled,
        "channel": np.where(rng.random(n) < 0.012, word("channel", "external"), word("channel", "listing")),
        "buyer_warned": rng.random(n) < np.where(virtual, 0.05, 0.02) + 0.03 * new,
    }
