"""What honest people send each other: listings, well-known domains, their own handle, a group's QR code, card codes.

Upstream's tags are seldom right and seldom given; receivers report some harmless messages too.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar.people import using
from jobs.simulate.bazaar.place import Bazaar, drawn
from jobs.simulate.columns import NONE, Ints, Rng, Rows, word
from jobs.simulate.goods import IS_VIRTUAL
from jobs.simulate.options import DAY

KINDS = ("item", "url", "contact", "qr", "payment_code")
SHARES = np.array([0.62, 0.15, 0.13, 0.08, 0.02])
DOMAINS = 60
"""Domains that everybody uses; few of them have most of the traffic."""

DOMAIN_BASE = 1 << 34
TAG_SEEN = 0.4
"""Share of messages with a story in them that upstream's classifier tags."""


def chat(world: Bazaar, rng: Rng, rows: Rows, share: float = 0.24) -> None:
    """Messages about some of these orders, and the codes that sellers send by chat."""
    seller, buyer = rows["seller_id"], rows["buyer_id"]
    n = len(seller)
    at = np.flatnonzero(rng.random(n) < 2.6 * share * world.accounts["talkative"][seller])
    by_seller = rng.random(len(at)) < 0.75
    sender = np.where(by_seller, seller[at], buyer[at])
    receiver = np.where(by_seller, buyer[at], seller[at])
    kind = np.where(by_seller, rng.choice(len(KINDS), len(at), p=SHARES), rng.choice(3, len(at), p=[0.85, 0.1, 0.05]))
    sent = np.maximum(
        rows["placed_at"][at] + (rng.normal(0.1, 1.0, len(at)) * DAY).astype(np.int64), world.options.start
    )
    order = np.where(sent >= rows["placed_at"][at], rows["order_id"][at], NONE)
    say(world, rng, sender, receiver, sent, kind, rows["item_id"][at], order_id=order)
    _codes(world, rng, rows)


def say(
    world: Bazaar, rng: Rng, sender: Ints, receiver: Ints, sent: Ints, kind: Ints, item: Ints, order_id: Ints
) -> None:
    """Ordinary messages; `kind` is a place in KINDS."""
    a, n = world.accounts, len(sender)
    domain = DOMAIN_BASE + np.minimum(rng.pareto(0.6, n), DOMAINS - 1).astype(np.int64)
    own_url = (a["url_2_share"][sender] > 0) | (rng.random(n) < 0.08)
    url = np.where(own_url, using(world, rng, "url", sender), domain)
    targets = (item, url, using(world, rng, "contact", sender), using(world, rng, "qr", sender), sender)
    target = np.choose(kind, targets)
    report = np.where((kind > 0) & (rng.random(n) < 0.012), sent + rng.integers(600, 2 * DAY, n), NONE)
    claimed = np.where((report != NONE) & (rng.random(n) < 0.15), rng.lognormal(9.5, 1.0, n), NONE)
    world.say(
        sender, receiver, sent, np.array([word("target_kind", k) for k in KINDS])[kind], target,
        order_id=order_id, tag=_tags(rng, kind), reported_at=report, claimed_cny=claimed.astype(np.int64),
    )  # fmt: skip


def _tags(rng: Rng, kind: Ints) -> Ints:
    """A classifier's false alarms, and honest people who really ask for it."""
    tags = ("ask_off_platform", "ask_confirm_first", "promise_buyback", "recruit", "knows_order")
    tag = rng.choice([word("tag", t) for t in tags], len(kind), p=[0.45, 0.15, 0.1, 0.2, 0.1])
    found: Ints = np.where(rng.random(len(kind)) < np.where(kind > 0, 0.02, 0.001), tag, NONE)
    return found


def _codes(world: Bazaar, rng: Rng, rows: Rows) -> None:
    """Some sellers type the code into the chat; a few send the same one twice by mistake."""
    seller = rows["seller_id"]
    able = IS_VIRTUAL[rows["category"]] & (rows["delivered_at"] != NONE)
    at = np.flatnonzero(able & (rng.random(len(seller)) < world.accounts["texts_codes"][seller]))
    code = world.fresh("card_code", len(at))
    order = np.lexsort((rows["delivered_at"][at], seller[at]))
    at = at[order]
    same = np.flatnonzero((seller[at][1:] == seller[at][:-1]) & (rng.random(max(len(at) - 1, 0)) < 0.012)) + 1
    code[same] = code[same - 1]
    send_codes(world, rows, at, code)


def gifts(world: Bazaar, rng: Rng) -> None:
    """Vouchers are passed on: who bought a code sends it to a third person, or sells it again, honestly."""
    code = word("target_kind", "card_code")
    for said in list(world.chats):
        at = np.flatnonzero((said["target_kind"] == code) & (rng.random(len(said["sent_at"])) < 0.015))
        giver, taker = said["receiver_id"][at], drawn(rng, world.accounts["buys"], len(at))
        sent = said["sent_at"][at] + (rng.exponential(9, len(at)) * DAY).astype(np.int64) + 900
        ok = (giver != taker) & (sent < np.minimum(world.until(giver), world.until(taker)))
        world.say(giver[ok], taker[ok], sent[ok], code, said["target_id"][at[ok]])


def send_codes(world: Bazaar, rows: Rows, at: Ints, code: Ints) -> None:
    """The codes of these orders, at the moment of delivery."""
    world.say(
        rows["seller_id"][at], rows["buyer_id"][at], rows["delivered_at"][at], word("target_kind", "card_code"), code,
        order_id=rows["order_id"][at],
    )  # fmt: skip


def gossip(world: Bazaar, rng: Rng, n: int) -> None:
    """Messages with no order: talkative strangers, mostly about listings."""
    a = world.accounts
    sender, receiver = drawn(rng, a["talkative"] * (a["sells"] + 0.2), n), drawn(rng, a["buys"], n)
    low = np.maximum(world.since(sender), world.since(receiver))
    high = np.minimum(world.until(sender), world.until(receiver))
    ok = (low < high) & (sender != receiver)
    sender, receiver, low, high = sender[ok], receiver[ok], low[ok], high[ok]
    kind = rng.choice(len(KINDS), len(sender), p=SHARES)
    item = world.options.accounts + sender * 12
    say(world, rng, sender, receiver, world.calendar.draw(rng, low, high), kind, item, np.full(len(sender), NONE))
