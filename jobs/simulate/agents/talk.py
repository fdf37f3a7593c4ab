"""What honest people write: listings, links, handles, payment codes and card codes, and now and then a report."""

from __future__ import annotations

from typing import Any

import numpy as np

from jobs.simulate.agents.town import CARD, CONTACT, ITEM, LISTINGS, PAYMENT, QR, URL, Town
from jobs.simulate.columns import NONE, TEXTS, Bools, Ints, Rng, Rows, word
from jobs.simulate.goods import IS_VIRTUAL
from jobs.simulate.options import DAY

SITES = 150
"""Sites that everybody links to, the first ones most."""
SITE = 1 << 33
"""Those sites are numbered from here, clear of every other host."""
COLUMN = ("host", "qr", "contact", "payment_code")
"""An account's own target of each kind, by the kind's number."""


def own_target(town: Town, kind: Ints, sender: Ints) -> Ints:
    """What these senders send of a kind."""
    return np.select([kind == k for k in range(4)], [town.accounts[column][sender] for column in COLUMN], NONE)


def send(
    town: Town, rng: Rng, sender: Ints, receiver: Ints, moment: Ints, kind: Any, target: Ints, **columns: Any
) -> None:
    """Messages between honest people: the classifier errs, and receivers report what annoys them."""
    if not len(sender):  # most often in a small town; a draw of none would leave the random numbers as they are
        return
    n, kind = len(sender), np.broadcast_to(np.asarray(kind), len(sender))
    outward = (kind != ITEM) & (kind != CARD)
    tag = np.where(rng.random(n) < np.where(outward, 0.02, 0.002), rng.integers(0, len(TEXTS["tag"]), n), NONE)
    reported = rng.random(n) < np.where(outward, 0.010, 0.0008)
    claimed = reported & (rng.random(n) < 0.3)
    told: dict[str, Any] = {
        "tag": tag,
        "reported_at": np.where(reported, moment + rng.integers(600, 2 * DAY, n), NONE),
        "claimed_cny": np.where(claimed, np.round(rng.lognormal(4.6, 1.0, n)).astype(np.int64) * 100, NONE),
    }
    town.say(sender, receiver, moment, kind, target, **(told | columns))


def small_talk(town: Town, rng: Rng, rows: Rows, regular: Bools) -> None:
    """Around these orders: questions about listings, handles to meet or to come back by, and the codes sold."""
    codes(town, rng, rows)
    _please_confirm(town, rng, rows, regular)
    n = len(rows["order_id"])
    at = np.flatnonzero(rng.random(n) < 0.5)
    by_seller = rng.random(len(at)) < 0.55
    buyer, seller = rows["buyer_id"][at], rows["seller_id"][at]
    sender, receiver = np.where(by_seller, seller, buyer), np.where(by_seller, buyer, seller)
    kind = rng.choice([ITEM, URL, CONTACT, QR, PAYMENT], len(at), p=[0.66, 0.12, 0.11, 0.07, 0.04])
    site = SITE + (SITES * rng.random(len(at)) ** 2.5).astype(np.int64)
    elsewhere = (kind == URL) & (rng.random(len(at)) < 0.5)
    target = np.select([kind == ITEM, elsewhere], [rows["item_id"][at], site], own_target(town, kind, sender))
    before = rng.random(len(at)) < 0.4
    wait = np.where(before, 0, rng.integers(60, 2 * DAY, len(at)))
    order = np.where(before, NONE, rows["order_id"][at])
    send(town, rng, sender, receiver, rows["placed_at"][at] + wait, kind, target, order_id=order)
    _let_us_meet(town, rng, rows)


def codes(town: Town, rng: Rng, rows: Rows) -> None:
    """Sellers of codes send them by chat or by the platform; two have had the same from a wholesaler, rarely."""
    a = town.accounts
    sent = IS_VIRTUAL[rows["category"]] & (rows["delivered_at"] != NONE) & a["codes_by_chat"][rows["seller_id"]]
    at = np.flatnonzero(sent)
    code = town.fresh("card_code", len(at))
    again = rng.random(len(at)) < 0.015
    code[again] -= rng.integers(1, 40, int(again.sum()))
    seller, buyer = rows["seller_id"][at], rows["buyer_id"][at]
    send(town, rng, seller, buyer, rows["delivered_at"][at], CARD, code, order_id=rows["order_id"][at])


def _please_confirm(town: Town, rng: Rng, rows: Rows, regular: Bools) -> None:
    """A late seller asks those who trust him to confirm first, and is heard doing so."""
    asks = (town.accounts["late"][rows["seller_id"]] > 0) & (rows["paid_at"] != NONE) & IS_VIRTUAL[rows["category"]]
    at = np.flatnonzero(asks & (rng.random(len(asks)) < np.where(regular, 0.5, 0.15)))
    heard = np.where(rng.random(len(at)) < 0.5, word("tag", "ask_confirm_first"), NONE)
    seller, moment = rows["seller_id"][at], rows["paid_at"][at] + 30
    item, order = rows["item_id"][at], rows["order_id"][at]
    send(town, rng, seller, rows["buyer_id"][at], moment, ITEM, item, order_id=order, tag=heard)


def _let_us_meet(town: Town, rng: Rng, rows: Rows) -> None:
    """Who calls an order off to meet has sent a handle or a code to scan."""
    a, seller = town.accounts, rows["seller_id"]
    off = (rows["cancelled_at"] != NONE) & (rows["paid_at"] != NONE)
    at = np.flatnonzero(off & (rng.random(len(off)) < np.where(a["meets"][seller] > 0.01, 0.8, 0.15)))
    kind = np.where(rng.random(len(at)) < 0.6, CONTACT, QR)
    heard = np.where(rng.random(len(at)) < 0.3, word("tag", "ask_off_platform"), NONE)
    sender = seller[at]
    target = own_target(town, kind, sender)
    moment, order = rows["placed_at"][at] + 60, rows["order_id"][at]
    send(town, rng, sender, rows["buyer_id"][at], moment, kind, target, order_id=order, tag=heard)


def listing(rng: Rng, seller: Ints) -> Ints:
    """A listing of each seller's."""
    return seller * LISTINGS + rng.integers(0, LISTINGS, len(seller))
