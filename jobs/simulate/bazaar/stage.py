"""What every scheme is made of: deals struck by members with strangers, words said, cover kept up, accounts closed."""

from __future__ import annotations

from typing import Any

import numpy as np

from jobs.simulate.bazaar.deal import strike
from jobs.simulate.bazaar.hand import Hand
from jobs.simulate.bazaar.people import using
from jobs.simulate.bazaar.place import Bazaar, drawn
from jobs.simulate.bazaar.talk import TAG_SEEN, chat
from jobs.simulate.columns import NONE, Bools, Floats, Ints, Rows, word
from jobs.simulate.goods import NUMBER
from jobs.simulate.options import DAY

AFTERWARDS = (
    "cancelled_at", "refunded_at", "complained_at", "complaint", "seller_complained_at", "seller_complaint",
    "return_kind", "votes_buyer", "votes_seller", "jury_at", "jury_winner", "appealed_at", "appeal_winner",
)  # fmt: skip


class Stage:
    """One hand at work in the market, with the crowds it finds its victims in."""

    def __init__(self, world: Bazaar, hand: Hand, marks: Floats, prey: Floats) -> None:
        self.world, self.hand, self.rng = world, hand, hand.rng
        self._buyers, self._sellers = marks, prey

    def turns(self, who: Ints, times: float = 1.0) -> Ints:
        """Members as often as each acts: around the hand's zeal, heavy-tailed, at least once."""
        acts = 1 + self.rng.poisson(self.hand.zeal * times * self.rng.gamma(2.0, 0.5, len(who)))
        return np.repeat(who, acts)

    def moments(self, who: Ints, others: Ints, after: Ints | int) -> tuple[Ints, Bools]:
        """A moment for each pair within the hand's life and not before `after`, and whether there is one."""
        world = self.world
        low = np.maximum(np.maximum(world.since(who), world.since(others)), np.maximum(after, self.hand.begun))
        high = np.minimum(np.minimum(world.until(who), world.until(others)), self.hand.ended)
        ok = low < high
        return world.calendar.draw(self.rng, np.minimum(low, high), high), ok

    def buyers(self, n: int) -> Ints:
        """Strangers who trust."""
        return drawn(self.rng, self._buyers, n)

    def sellers(self, n: int) -> Ints:
        """Strangers who are careless."""
        return drawn(self.rng, self._sellers, n)

    def sell(
        self, who: Ints, *, category: Any = None, buyers: Ints | None = None, after: Any = 0, **given: Any
    ) -> Rows:
        """One deal each of these members with a stranger who buys; members not there any more do none."""
        other = self.buyers(len(who)) if buyers is None else buyers
        return self._deal(other, who, who, "seller", category, after, given)

    def buy(
        self, who: Ints, *, category: Any = None, sellers: Ints | None = None, after: Any = 0, **given: Any
    ) -> Rows:
        """One deal each of these members with a stranger who sells."""
        other = self.sellers(len(who)) if sellers is None else sellers
        return self._deal(who, other, who, "buyer", category, after, given)

    def _deal(
        self, buyer: Ints, seller: Ints, who: Ints, role: str, category: Any, after: Any, given: dict[str, Any]
    ) -> Rows:
        placed, ok = self.moments(buyer, seller, after)
        ok &= buyer != seller
        if category is not None:
            given["category"] = category
        given = {k: v[ok] if isinstance(v, np.ndarray) else v for k, v in given.items()}
        rows = strike(self.world, self.rng, buyer[ok], seller[ok], placed[ok], **given)
        self.hand.act(who[ok], role)
        if role in {"seller", "buyer"}:
            self.hand.marks.append(np.where(self.world.member[buyer[ok]] == self.hand.number, seller[ok], buyer[ok]))
        return rows

    def some(self, rows: Rows, share: float, mask: Bools | None = None) -> Ints:
        """Places of a share of these orders."""
        chosen = self.rng.random(len(rows["placed_at"])) < share
        return np.flatnonzero(chosen if mask is None else chosen & mask)

    def tell(
        self, sender: Ints, receiver: Ints, sent: Ints, kind: str, target: Any, *,
        tag: str | None = None, order: Any = NONE, reported: float = 0.0, loss: Any = NONE,
    ) -> Rows:  # fmt: skip
        """Messages of the scheme; `tag` is seen on some, a share `reported` of receivers reports, some with a loss."""
        rng, n = self.rng, len(sender)
        told = rng.random(n) < reported
        seen = (rng.random(n) < TAG_SEEN) if tag else np.zeros(n, np.bool_)
        claimed = np.where(told & (rng.random(n) < 0.7), loss, NONE)
        return self.world.say(
            sender, receiver, sent, word("target_kind", kind), target, order_id=order,
            tag=np.where(seen, word("tag", tag) if tag else NONE, NONE),
            reported_at=np.where(told, sent + (rng.lognormal(0.5, 1.0, n) * DAY).astype(np.int64), NONE),
            claimed_cny=claimed,
        )  # fmt: skip

    def handle(self, who: Ints, thing: str) -> Ints:
        """The handle, code or link that each member gives out in the scheme: the shared one if it has one."""
        a = self.world.accounts
        shared = a[f"{thing}_2_share"][who] > 0
        return np.where(
            shared & (self.rng.random(len(who)) < 0.8), a[f"{thing}_2"][who], using(self.world, self.rng, thing, who)
        )

    def hand_out(self, rows: Rows) -> None:
        """Members who share a handle, code or link give it to some of their buyers, whatever else they do."""
        a = self.world.accounts
        for thing in ("contact", "qr", "url"):
            shares = (a[f"{thing}_2_share"] > 0) & (self.world.member == self.hand.number)
            at = self.some(rows, 0.15, shares[rows["seller_id"]])
            sender = rows["seller_id"][at]
            sent = soon(self.rng, rows["placed_at"][at], 1.0)
            self.tell(sender, rows["buyer_id"][at], sent, thing, self.handle(sender, thing), order=rows["order_id"][at])

    def close(self, who: Ints, column: str, moments: Ints) -> None:
        """Members leave; a moment after the market's end is never seen."""
        self.world.leave(who, column, np.maximum(moments, self.world.accounts["registered_at"][who] + 3_600))

    def cover(self, rows: Rows) -> None:
        """Ordinary deals beside the scheme's, some multiple of them, on the sides where members act."""
        sells = self.world.member[rows["seller_id"]] == self.hand.number
        n = round(len(sells) * self.hand.cover)
        if not n:
            return
        own = (
            self.rng.choice(rows["seller_id"][sells], round(n * sells.mean())) if sells.any() else np.empty(0, np.int64)
        )
        bought = self.rng.choice(rows["buyer_id"][~sells], n - len(own)) if (~sells).any() else np.empty(0, np.int64)
        roles = dict(self.hand.roles)
        for side, who in (("sell", own), ("buy", bought)):
            if len(who):
                before = len(self.hand.marks)
                batch = getattr(self, side)(who)
                del self.hand.marks[before:]
                chat(self.world, self.rng, batch)
        self.hand.roles = roles


def undo(rows: Rows, at: Ints) -> None:
    """Take back what followed delivery: the scheme tells another story of these orders."""
    for column in AFTERWARDS:
        rows[column][at] = NONE


def codes(rng: np.random.Generator, n: int) -> Ints:
    """Categories of card codes."""
    kinds = [NUMBER["virtual_card"], NUMBER["topup_card"], NUMBER["voucher"]]
    return rng.choice(np.array(kinds), n, p=[0.45, 0.35, 0.2])


def goods(rng: np.random.Generator, n: int, *names: str) -> Ints:
    """Categories out of these names."""
    return rng.choice(np.array([NUMBER[name] for name in names]), n)


def soon(rng: np.random.Generator, moments: Ints, hours: float, spread: float = 0.9) -> Ints:
    """Some hours later, log-normal; at least seconds."""
    wait = np.maximum(3_600 * hours * rng.lognormal(0, spread, len(moments)), 20)
    return moments + wait.astype(np.int64)
