"""Ordinary trade: who buys from whom, and what becomes of an order.

Every surface of fraud occurs here too at a low rate: confirming before delivery, a code sent before payment,
a disputed return, an order forgotten. A method that takes one such event for guilt drowns in these.
"""

from __future__ import annotations

import numpy as np

from graph.exports import COMPLAINTS
from jobs.simulate.columns import NONE, Bools, Floats, Ints, Rng, Rows, word
from jobs.simulate.goods import CATEGORIES, IS_VIRTUAL
from jobs.simulate.market.talk import small_talk
from jobs.simulate.market.world import Crowd, World
from jobs.simulate.options import DAY

CHUNK = 500_000
"""Orders made at a time: keeps the temporary arrays of a large market small."""

UNPAID, CALLED_OFF, FORGOTTEN = 0.08, 0.025, 0.004

_WEIGHTS = {  # of the complaint kinds in contract order: virtual goods, other goods
    True: (35, 30, 1, 12, 1, 5, 3, 13),
    False: (24, 1, 10, 30, 20, 4, 1, 10),
}
_KINDS = {v: np.cumsum(np.array(w, float) / sum(w)) for v, w in _WEIGHTS.items()}
VOUCHER = CATEGORIES.index("voucher")
LIVE = np.array([CATEGORIES.index(c) for c in ("cosmetics", "clothing", "jewellery", "liquor")])


def trade(world: World, orders: int) -> None:
    """About `orders` orders between honest accounts, each within the life of its buyer and its seller."""
    rng = world.stream(3)
    promoters = world.crowds["sellers"].draw(rng, max(3, world.options.accounts // 400))
    live = Crowd.of(np.unique(promoters), rng.pareto(1.2, len(np.unique(promoters))) + 0.1)
    for buyers, sellers in world.acquainted:
        placed, fits = moments(world, rng, buyers, sellers)
        small_talk(world, rng, ordinary(world, rng, buyers[fits], sellers[fits], placed[fits]))
    _flash_sales(world, rng)
    for n in [CHUNK] * (orders // CHUNK) + [orders % CHUNK]:
        buyer, seller = world.crowds["buyers"].draw(rng, n), world.crowds["sellers"].draw(rng, n)
        # Some come back to a seller whom they know.
        loyal = rng.random(n) < 0.1
        before = (np.arange(n) * rng.random(n)).astype(np.int64)
        buyer, seller = np.where(loyal, buyer[before], buyer), np.where(loyal, seller[before], seller)
        placed, fits = moments(world, rng, buyer, seller)
        rows = ordinary(world, rng, buyer[fits], seller[fits], placed[fits], promoter=live)
        small_talk(world, rng, rows)


def _flash_sales(world: World, rng: Rng) -> None:
    """A shop's promotion: dozens of strangers buy the same voucher at the same price within the hour."""
    o = world.options
    for seller in world.crowds["code_sellers"].draw(rng, max(1, o.accounts // 2_500)):
        n = int(rng.integers(20, 90))
        buyer, start = world.crowds["victims"].draw(rng, n), int(rng.integers(o.start, o.end - DAY))
        placed = start + rng.integers(0, 5_400, n)
        apart = buyer != seller
        rows = ordinary(world, rng, buyer[apart], np.full(n, seller)[apart], placed[apart], category=VOUCHER)
        rows["amount"][:] = rng.choice([990, 1_990, 4_990, 9_900])


def moments(world: World, rng: Rng, buyer: Ints, seller: Ints) -> tuple[Ints, Bools]:
    """When such orders are placed, and which pairs can trade at all."""
    a, o = world.accounts, world.options
    first = np.maximum(np.maximum(a["registered_at"][buyer], a["registered_at"][seller]), o.start)
    # Who leaves has settled first; a shop that closes lawfully has no order open.
    settled = np.minimum(a["gone_at"][buyer] - 16 * DAY, a["gone_at"][seller] - 30 * DAY)
    last = np.minimum(settled, o.end)
    span = np.maximum(last - first, 0)
    rough = first + (span * rng.random(len(buyer))).astype(np.int64)
    placed = world.at_daytime(rng, rough)
    placed = np.where((placed >= first) & (placed <= last), placed, rough)
    return placed, (span > 3_600) & (buyer != seller)


def ordinary(
    world: World,
    rng: Rng,
    buyer: Ints,
    seller: Ints,
    placed: Ints,
    promoter: Crowd | None = None,
    category: int = NONE,
) -> Rows:
    """Orders that go as orders go, added to the market.

    `category` NONE leaves it to the seller's listings.
    """
    rows = world.deal(rng, buyer, seller, placed, **({} if category == NONE else {"category": category}))
    n, virtual, u = len(buyer), IS_VIRTUAL[rows["category"]], rng.random(len(buyer))
    paid = u >= UNPAID
    called_off = paid & (u < UNPAID + CALLED_OFF)
    forgotten = paid & ~called_off & (u < UNPAID + CALLED_OFF + FORGOTTEN)
    rows["paid_at"] = np.where(paid, placed + after(rng, n, 6 / 1440, 1.3), NONE)
    _unpaid(world, rng, rows, ~paid, virtual)
    called = rows["paid_at"] + after(rng, n, 0.2, 1.0)
    rows["cancelled_at"] = np.where(called_off, called, rows["cancelled_at"])
    rows["refunded_at"] = np.where(called_off, called + after(rng, n, 0.05, 1.0), NONE)
    give_up = forgotten & (rng.random(n) < 0.85)
    rows["refunded_at"] = np.where(give_up, rows["paid_at"] + after(rng, n, 6, 0.4), rows["refunded_at"])
    going = paid & ~called_off & ~forgotten
    _deliver(rng, rows, going, virtual, world.accounts["early_rate"][seller])
    _complain(world, rng, rows, going | forgotten, virtual)
    _return(world, rng, rows, going & ~virtual)
    _channel(rng, rows, promoter)
    return rows


def after(rng: Rng, n: int, days: float, spread: float) -> Ints:
    """Log-normal delays in seconds around a median in days."""
    return np.maximum(days * DAY * np.exp(spread * rng.standard_normal(n)), 5).astype(np.int64)


def _unpaid(world: World, rng: Rng, rows: Rows, unpaid: Bools, virtual: Bools) -> None:
    """Most lapse; now and then a seller takes "拍下" for paid and sends the code by mistake."""
    n, placed = len(unpaid), rows["placed_at"]
    lapse = np.where(rng.random(n) < 0.6, placed + DAY, placed + after(rng, n, 0.1, 1.2))
    rows["cancelled_at"] = np.where(unpaid & (rng.random(n) < 0.8), lapse, NONE)
    slip = unpaid & virtual & (rng.random(n) < 0.02)
    sent = placed + after(rng, n, 10 / 1440, 0.8)
    rows["delivered_at"] = np.where(slip, sent, NONE)
    angry = slip & (rng.random(n) < 0.5)
    rows["seller_complained_at"] = np.where(angry, sent + after(rng, n, 0.2, 0.8), NONE)
    rows["seller_complaint"] = np.where(angry, word("seller_complaint", "unpaid_code_taken"), NONE)


def _deliver(rng: Rng, rows: Rows, going: Bools, virtual: Bools, early_rate: Floats) -> None:
    n = len(going)
    fast = after(rng, n, 4 / 1440, 1.0)
    manual = after(rng, n, 0.12, 1.0)
    fast = np.where(rng.random(n) < 0.2, manual, fast)
    delivered = rows["paid_at"] + np.where(virtual, fast, after(rng, n, 0.9, 0.7))
    rows["delivered_at"] = np.where(going, delivered, rows["delivered_at"])
    soon = np.minimum(after(rng, n, 0.08, 1.2), DAY)
    transit = np.minimum(DAY + after(rng, n, 3.0, 0.5), 10 * DAY)
    transit = np.where(rng.random(n) < 0.25, 10 * DAY, transit)
    confirmed = delivered + np.where(virtual, soon, transit)
    # Impatient or mistaken buyers click early, and some sellers of codes have got into the habit of asking for it.
    early = rng.random(n) < early_rate * np.where(virtual, 1.0, 0.3)
    clicked = rows["paid_at"] + ((delivered - rows["paid_at"]) * rng.random(n)).astype(np.int64)
    rows["confirmed_at"] = np.where(going, np.where(early, clicked, confirmed), NONE)


def _complain(world: World, rng: Rng, rows: Rows, going: Bools, virtual: Bools) -> None:
    n = len(going)
    unhappy = going & (
        rng.random(n)
        < np.where(going & (rows["delivered_at"] == NONE), 0.5, world.accounts["complaint_rate"][rows["seller_id"]])
    )
    u = rng.random(n)
    kind = np.where(virtual, np.searchsorted(_KINDS[True], u, "right"), np.searchsorted(_KINDS[False], u, "right"))
    never = going & (rows["delivered_at"] == NONE)
    kind = np.where(
        never,
        np.where(u < 0.85, 0, COMPLAINTS.index("vanished_seller")),
        np.minimum(kind, len(COMPLAINTS) - 1),
    )
    base = np.where(never, rows["paid_at"] + 3 * DAY, rows["delivered_at"] + np.where(virtual, 600, 2 * DAY))
    moment = base + after(rng, n, 0.5, 1.0)
    rows["complained_at"] = np.where(unhappy, moment, NONE)
    rows["complaint"] = np.where(unhappy, kind, NONE)
    settled = unhappy & (rng.random(n) < 0.45) & (rows["refunded_at"] == NONE)
    # Money goes back before the seller gets it, or the order was confirmed and stays so.
    held = settled & (rows["confirmed_at"] > moment)
    rows["confirmed_at"] = np.where(held, NONE, rows["confirmed_at"])
    rows["refunded_at"] = np.where(settled, moment + after(rng, n, 1.5, 0.7), rows["refunded_at"])
    jury(rng, rows, unhappy & (rng.random(n) < 0.15))


def jury(rng: Rng, rows: Rows, disputed: Bools) -> None:
    """Seventeen users vote on a complaint; a close vote may be appealed."""
    n = len(disputed)
    votes = rng.binomial(17, rng.beta(3, 2.5, n))
    buyer_wins = votes >= 9
    moment = rows["complained_at"] + DAY + after(rng, n, 1.5, 0.5)
    appeal = disputed & (np.abs(2 * votes - 17) <= 4) & (rng.random(n) < 0.25)
    overturned = rng.random(n) < 0.25
    winner = np.where(buyer_wins, 0, 1)
    for column, value in (
        ("votes_buyer", votes),
        ("votes_seller", 17 - votes),
        ("jury_winner", winner),
        ("jury_at", moment),
    ):
        rows[column] = np.where(disputed, value, rows[column])
    final = np.where(overturned, 1 - winner, winner)
    rows["appealed_at"] = np.where(appeal, moment + after(rng, n, 1.0, 0.5), NONE)
    rows["appeal_winner"] = np.where(appeal, final, NONE)
    repaid = disputed & (np.where(appeal, final, winner) == 0) & (rows["refunded_at"] == NONE)
    rows["refunded_at"] = np.where(
        repaid, np.maximum(moment, rows["appealed_at"]) + after(rng, n, 0.5, 0.5), rows["refunded_at"]
    )
    rows["confirmed_at"] = np.where(repaid & (rows["confirmed_at"] > rows["complained_at"]), NONE, rows["confirmed_at"])


def _return(world: World, rng: Rng, rows: Rows, delivered: Bools) -> None:
    n, rate = len(delivered), world.accounts["return_rate"][rows["buyer_id"]]
    back = delivered & (rows["refunded_at"] == NONE) & (rng.random(n) < rate)
    back &= rows["complained_at"] == NONE
    refused = rng.random(n) < 0.2
    moment = rows["delivered_at"] + DAY + after(rng, n, 4.0, 0.5)
    rows["refunded_at"] = np.where(back, moment, rows["refunded_at"])
    rows["confirmed_at"] = np.where(back, NONE, rows["confirmed_at"])
    rows["return_kind"] = np.where(back, np.where(refused, 0, 1), NONE)
    # A buyer known for returns is also the one whose returns sellers dispute.
    wrong = back & (rng.random(n) < np.clip(rate * 2, 0.03, 0.5))
    other = (rng.random(n) < 0.001) & delivered & ~wrong
    said = np.where(wrong, moment + after(rng, n, 0.7, 0.7), rows["delivered_at"] + after(rng, n, 2, 0.7))
    rows["seller_complained_at"] = np.where(wrong | other, said, rows["seller_complained_at"])
    kind = np.where(wrong, word("seller_complaint", "return_mismatch"), word("seller_complaint", "other"))
    rows["seller_complaint"] = np.where(wrong | other, kind, rows["seller_complaint"])
    claim = back & (rng.random(n) < 0.35)
    rows["complained_at"] = np.where(claim, rows["delivered_at"] + after(rng, n, 1.0, 0.6), rows["complained_at"])
    rows["complaint"] = np.where(claim, np.where(rng.random(n) < 0.4, 4, 3), rows["complaint"])


def _channel(rng: Rng, rows: Rows, promoter: Crowd | None) -> None:
    n = len(rows["order_id"])
    rows["channel"][rng.random(n) < 0.015] = word("channel", "external")
    if promoter is not None:
        live = rng.random(n) < np.where(np.isin(rows["category"], LIVE), 0.12, 0.01)
        rows["channel"][live] = word("channel", "livestream")
        rows["promoter_id"][live] = promoter.draw(rng, int(live.sum()))
