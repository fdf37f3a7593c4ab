"""Ordinary talk: listings, links, handles and codes that honest people send each other."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, TEXTS, Ints, Rng, Rows, word
from jobs.simulate.goods import IS_VIRTUAL
from jobs.simulate.market.world import World
from jobs.simulate.options import DAY

_KINDS = [word("target_kind", k) for k in ("item", "url", "contact", "qr", "payment_code")]
_SHARES = np.cumsum([0.77, 0.10, 0.07, 0.035, 0.025])
POPULAR_DOMAINS = 200
OWN_PAGES = 1 << 32
"""Pages of single senders are numbered from here, clear of every other domain."""
URL, QR, CONTACT, PAYMENT, CARD, ITEM = range(6)


def small_talk(world: World, rng: Rng, rows: Rows) -> None:
    """What is said around these orders, and some talk that leads to none."""
    n, a = len(rows["order_id"]), world.accounts
    _codes(world, rng, rows)
    about = np.flatnonzero(rng.random(n) < 0.3)
    by_seller = rng.random(len(about)) < 0.6
    buyer, seller = rows["buyer_id"][about], rows["seller_id"][about]
    # Some shops have an assistant's account speak for them, and couriers write about anybody's order.
    voice = a["speaker"][seller]
    courier = rng.random(len(about)) < 0.01
    if len(world.groups["couriers"]):
        voice = np.where(courier, rng.choice(world.groups["couriers"], len(about)), voice)
    sender, receiver = np.where(by_seller, voice, buyer), np.where(by_seller, buyer, seller)
    moment = rows["placed_at"][about] + rng.integers(-DAY // 2, DAY, len(about))
    moment = np.clip(moment, np.maximum(a["registered_at"][buyer], a["registered_at"][seller]), None)
    early = (moment < rows["placed_at"][about]) | (rng.random(len(about)) < 0.2)
    order = np.where(early, NONE, rows["order_id"][about])
    chat(world, rng, sender, receiver, moment, order, rows["item_id"][about])


def _codes(world: World, rng: Rng, rows: Rows) -> None:
    """Half of the sellers of codes send them by chat."""
    sent = IS_VIRTUAL[rows["category"]] & (rows["delivered_at"] != NONE) & (rows["seller_id"] % 2 == 0)
    at = np.flatnonzero(sent & (rng.random(len(sent)) < 0.8))
    code = world.fresh("card_code", len(at))
    # A code sold twice is a mistake now and then, even between sellers who have it from one wholesaler.
    twice = rng.random(len(at)) < 0.004
    code[twice] = rng.choice(code, int(twice.sum())) if len(code) else code[twice]
    world.say(
        rows["seller_id"][at],
        rows["buyer_id"][at],
        rows["delivered_at"][at],
        CARD,
        code,
        order_id=rows["order_id"][at],
    )


def chat(world: World, rng: Rng, sender: Ints, receiver: Ints, moment: Ints, order: Ints, item: Ints) -> Rows:
    """Messages about the listing, popular domains, or the sender's own handle, page and payment code."""
    n = len(sender)
    kind = np.array(_KINDS)[np.minimum(np.searchsorted(_SHARES, rng.random(n), "right"), len(_KINDS) - 1)]
    popular = (POPULAR_DOMAINS * rng.random(n) ** 3).astype(np.int64)
    own_page = rng.random(n) < 0.25
    handle = world.accounts["handle"][sender]
    url = np.where(own_page, OWN_PAGES + handle, popular)
    target = np.select([kind == ITEM, kind == URL], [item, url], handle)
    plain = kind == ITEM
    tagged = rng.random(n) < np.where(plain, 0.001, 0.015)
    reported = rng.random(n) < np.where(plain, 0.0003, 0.004)
    claimed = reported & (rng.random(n) < 0.4)
    return world.say(
        sender,
        receiver,
        moment,
        kind,
        target,
        order_id=order,
        tag=np.where(tagged, rng.integers(0, len(TEXTS["tag"]), n), NONE),
        reported_at=np.where(reported, moment + rng.integers(600, 3 * DAY, n), NONE),
        claimed_cny=np.where(claimed, np.round(rng.lognormal(10.5, 1.0, n)).astype(np.int64), NONE),
    )
