"""Links, QR codes and handles that move buyers to a purchase elsewhere; most leave no order here."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, word
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.market.talk import CONTACT, PAYMENT, QR, URL


def plant(gang: Gang) -> None:
    """All members send; the ring has few targets, and each member uses one or two of them."""
    bind(gang)
    gang.role(gang.actors, "seller")
    sender, a = gang.times(gang.actors, 8, 22), gang.world.accounts
    n = len(sender)
    receiver, sent = gang.victims(n), gang.moments(n)
    kind = gang.rng.choice([URL, QR, CONTACT, PAYMENT], n, p=[0.45, 0.25, 0.2, 0.1])
    # The loud use one set of pages; the quiet their own handle's.
    pages = gang.world.fresh("handle", 3)
    shared = gang.chance(n, 1 - 0.7 * gang.quiet)
    target = np.where(shared, gang.rng.choice(pages, n), a["handle"][sender])
    order = _orders(gang, sender, receiver, sent)
    rows = gang.say(sender, receiver, sent, kind, target, "ask_off_platform", order_id=order)
    gang.report(rows, 0.4, 800)
    gang.close(0.4)


def _orders(gang: Gang, sender: np.ndarray, receiver: np.ndarray, sent: np.ndarray) -> np.ndarray:
    """A third ordered here first; most of those cancel, some came by an outside link and pay for nothing."""
    n = len(sender)
    which = np.flatnonzero(gang.chance(n, 0.35))
    placed = sent[which] - gang.rng.integers(600, 20_000, len(which))
    rows = gang.deal(receiver[which], sender[which], placed)
    external = gang.chance(len(which), 0.3)
    rows["channel"] = np.where(external, word("channel", "external"), rows["channel"])
    rows["paid_at"] = np.where(external, gang.after(sent[which], 0.02), NONE)
    rows["confirmed_at"] = np.where(external, gang.after(rows["paid_at"], 0.05), NONE)
    rows["cancelled_at"] = np.where(external, NONE, gang.after(sent[which], 0.1))
    angry = gang.chance(len(which), 0.45)
    gang.complain(rows, angry, "off_platform", sent[which] + 7_200)
    order = np.full(n, NONE)
    order[which] = rows["order_id"]
    return order
