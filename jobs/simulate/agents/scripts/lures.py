"""Scripts about messages: lures off the platform, buyback streams, and strangers who know one's order."""

from __future__ import annotations

import numpy as np

from jobs.simulate.agents import course
from jobs.simulate.agents.town import ITEM, PAYMENT, QR, Town
from jobs.simulate.agents.turn import Turn
from jobs.simulate.columns import NONE, Bools, Ints, Rows, word
from jobs.simulate.options import DAY


def qr_then_cancelled(turn: Turn) -> None:
    """The victim orders, is sent a code to scan, and the order is called off: what follows happens elsewhere."""
    rows = turn.sale()
    course.pay(turn.rng, rows, turn.some(0.5))
    sent = turn.whisper(rows["buyer_id"], rows["placed_at"] + 120, "ask_off_platform", order_id=rows["order_id"])
    turn.report(sent, 0.4, 600)
    course.put(rows, "cancelled_at", turn.some(0.9), sent["sent_at"] + course.later(turn.rng, turn.n, 0.08, 1.0))
    both = (rows["cancelled_at"] != NONE) & (rows["paid_at"] != NONE)
    # Whoever was still to pay when the order was called off never did.
    unpaid = both & (rows["paid_at"] > rows["cancelled_at"])
    rows["paid_at"][unpaid] = NONE
    course.refund(turn.rng, rows, both & ~unpaid, 0.02, "cancelled_at")
    course.complain(turn.rng, rows, turn.some(0.12), "off_platform", 2.0, "placed_at")


def lured_without_an_order(turn: Turn) -> None:
    """A message out of the blue; some victims report it with what they have lost, a few lose the account itself."""
    receiver, moment = turn.victims(), turn.moments()
    turn.report(turn.whisper(receiver, moment, "ask_off_platform"), 0.35, 900)
    taken = np.flatnonzero(turn.some(0.03))
    start = moment[taken] + 3_600
    turn.town.use(receiver[taken], turn.who[taken], start, start + 2 * DAY, word("device_kind", "phone"), 2)


def ordered_by_an_outside_link(turn: Turn) -> None:
    """The victim comes back from elsewhere by the crew's link, pays here, and gets nothing."""
    receiver, moment = turn.victims(), turn.moments()
    sent = turn.whisper(receiver, moment, "ask_off_platform", 0.4)
    turn.report(sent, 0.15, 500)
    rows = turn.town.order(turn.rng, receiver, turn.who, moment + 1_800, channel=word("channel", "external"))
    course.pay(turn.rng, rows, turn.everyone())
    course.confirm(turn.rng, rows, turn.some(0.4), 0.5, since="paid_at")
    angry = turn.some(0.5)
    kind = np.where(turn.some(0.6), word("complaint", "off_platform"), word("complaint", "not_received"))
    course.complain(turn.rng, rows, angry, kind, 2.0, "paid_at")
    course.refund(turn.rng, rows, turn.some(0.15), 6.0, "paid_at")


def _streamed(turn: Turn, buyer: Ints, moment: Ints) -> Rows:
    """A viewer buys from the crew's shop what the streamer praises, and gets it."""
    rows = turn.town.order(
        turn.rng, buyer, turn.front(), moment, channel=word("channel", "livestream"), promoter_id=turn.who
    )
    rows["amount"] *= 4
    course.pay(turn.rng, rows, turn.everyone())
    course.hand_over(turn.rng, rows, turn.everyone(), 1.2)
    course.confirm(turn.rng, rows, turn.some(0.9), 4.0)
    return rows


def _silence(turn: Turn, rows: Rows, share: float) -> None:
    """Weeks later nobody buys anything back."""
    angry = turn.some(share)
    kind = np.where(turn.some(0.6), word("complaint", "vanished_seller"), word("complaint", "not_as_described"))
    course.complain(turn.rng, rows, angry, kind, 18.0, "delivered_at")


def promised_and_silent(turn: Turn) -> None:
    """The promise is made in the stream's chat, with a code to scan for the group."""
    buyer, moment = turn.victims(), turn.moments()
    sent = turn.whisper(buyer, moment, "promise_buyback", 0.5)
    _silence(turn, _streamed(turn, buyer, moment + 900), 0.4)
    turn.report(sent, 0.15, 3_000)


def bought_back_once(turn: Turn) -> None:
    """The first small things are really bought back, so that people dare the large ones."""
    early, later = turn.half(0.25)
    viewer = early.victims()
    back = turn.town.order(turn.rng, early.who, viewer, early.moments())
    course.pay(turn.rng, back, early.everyone())
    course.hand_over(turn.rng, back, early.everyone(), 1.0)
    course.confirm(turn.rng, back, early.everyone(), 2.0)
    promised_and_silent(later)


def sold_in_a_group(turn: Turn) -> None:
    """No stream: the promise goes round by message, payment by the crew's code, an order for some."""
    buyer, moment = turn.victims(), turn.moments()
    turn.report(turn.whisper(buyer, moment, "promise_buyback", 0.5), 0.3, 2_500)
    ordered = turn.some(0.6)
    some = Turn(turn.town, turn.rng, turn.day, turn.who[ordered])
    rows = _streamed(some, buyer[ordered], moment[ordered] + 1_200)
    rows["channel"][:] = word("channel", "external")
    _silence(some, rows, 0.4)


def _quoted(turn: Turn, chosen: Bools, pick: Ints, past: Rows) -> None:
    """A stranger writes to the buyer about that very order: a refund, a parcel lost, scan here."""
    who = Turn(turn.town, turn.rng, turn.day, turn.who[chosen])
    at = pick[chosen]
    moment = np.maximum(who.moments(), past["placed_at"][at] + 3_600)
    sent = who.whisper(past["buyer_id"][at], moment, "knows_order", 0.5, order_id=past["order_id"][at])
    who.report(sent, 0.35, 1_800)


def _of_source(turn: Turn, column: str) -> None:
    """Orders of the last days whose `column` is the crew's source."""
    past = turn.town.recently()
    order = np.argsort(past[column], kind="stable")
    key = past[column][order]
    source = np.array([turn.town.sources.get(c, NONE) for c in turn.column("crew").tolist()], np.int64)
    low, high = np.searchsorted(key, source), np.searchsorted(key, source, side="right")
    found = (source != NONE) & (high > low)
    pick = order[(low + ((high - low) * turn.rng.random(turn.n)).astype(np.int64)).clip(0, len(order) - 1)]
    # Nobody quotes his own purchase, and a mate's is no prey.
    found &= turn.town.accounts["crew"][past["buyer_id"][pick]] == NONE
    _quoted(turn, found, pick, past)


def quotes_a_sellers_orders(turn: Turn) -> None:
    """The shop sells its own order data."""
    _of_source(turn, "seller_id")


def quotes_a_handlers_orders(turn: Turn) -> None:
    """Somebody on the staff sells what passes over the desk."""
    _of_source(turn, "handler_id")


def quotes_an_insiders_orders(turn: Turn) -> None:
    """A service desk's account writes about the orders of its shops, as it should; then strangers do."""
    past, a = turn.town.recently(), turn.town.accounts
    pick = turn.rng.integers(0, len(past["order_id"]), turn.n)
    insider = np.array([turn.town.sources.get(c, NONE) for c in turn.column("crew").tolist()], np.int64)
    found = (insider != NONE) & (a["crew"][past["buyer_id"][pick]] == NONE)
    at, voice = pick[found], insider[found]
    asked = np.maximum(past["placed_at"][at] + 1_800, a["registered_at"][voice] + 60)
    buyer, order = past["buyer_id"][at], past["order_id"][at]
    turn.town.say(voice, buyer, asked, ITEM, past["item_id"][at], order_id=order)
    _quoted(turn, found, pick, past)


def lure_of(town: Town, kind: int) -> int:
    """A new target of a kind for a crew to send."""
    return town.one({QR: "qr", PAYMENT: "payment_code"}.get(kind, "url" if kind == 0 else "contact"))
