"""One planted ring while it is being made: its members, its time, its victims, its messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graph.exports import COMPLAINTS
from jobs.simulate.columns import NONE, Bools, Ints, Rng, Rows, word
from jobs.simulate.goods import NUMBER, VIRTUAL_NUMBERS
from jobs.simulate.market.trade import after
from jobs.simulate.market.world import World
from jobs.simulate.options import DAY

BINDINGS = ("device", "payee", "payer", "contact", "phone", "owner", "address", "inviter")
"""Kinds of tie by which a quiet member may hang on another."""


@dataclass
class Gang:
    """`members` are account numbers; `spare` those who barely act; `quiet` is the camouflage in 0..1."""

    world: World
    rng: Rng
    number: int
    typology: str
    members: Ints
    quiet: float
    start: int
    end: int
    spare: Bools
    roles: dict[int, str] = field(default_factory=dict)
    devices: list[int] = field(default_factory=list)

    @property
    def actors(self) -> Ints:
        """Members who act."""
        return self.members[~self.spare]

    def role(self, accounts: Any, role: str) -> None:
        """The role that the truth states; the last word counts."""
        for account in np.atleast_1d(accounts):
            self.roles[int(account)] = role

    def chance(self, n: int, share: float) -> Bools:
        """`n` draws that are true by `share`."""
        return self.rng.random(n) < share

    def times(self, accounts: Ints, low: int, high: int) -> Ints:
        """Each account `low` to `high` times: fewer when the ring is quiet."""
        fewer = 1.0 - 0.35 * self.quiet
        return np.repeat(accounts, np.maximum(1, (self.rng.integers(low, high + 1, len(accounts)) * fewer).astype(int)))

    def moments(self, n: int, first: float = 0.0, last: float = 1.0) -> Ints:
        """Moments in a part of the ring's time, at hours when people trade."""
        span = self.end - self.start
        raw = self.start + (span * self.rng.uniform(first, last, n)).astype(np.int64)
        return np.clip(self.world.at_daytime(self.rng, raw), self.start, None)

    def after(self, moments: Ints, days: float, spread: float = 0.8) -> Ints:
        """Log-normal delays around a median in days, from `moments`."""
        return moments + after(self.rng, len(moments), days, spread)

    def victims(self, n: int) -> Ints:
        """Honest buyers."""
        return self.world.crowds["victims"].draw(self.rng, n)

    def sellers(self, n: int, crowd: str = "shops") -> Ints:
        """Honest sellers."""
        return self.world.crowds[crowd].draw(self.rng, n)

    def virtual(self, n: int) -> Ints:
        """Categories of virtual goods."""
        return self.rng.choice(VIRTUAL_NUMBERS, n)

    def category(self, *names: str) -> int:
        """One of these categories for the whole ring."""
        return NUMBER[str(self.rng.choice(names))]

    def deal(self, buyer: Ints, seller: Ints, placed: Ints, **columns: Any) -> Rows:
        """Orders, of which only the placing has happened."""
        return self.world.deal(self.rng, buyer, seller, placed, **columns)

    def pay(self, rows: Rows) -> None:
        """All of these are paid within minutes."""
        rows["paid_at"] = self.after(rows["placed_at"], 5 / 1440, 1.0)

    def complain(self, rows: Rows, who: Bools, kinds: Any, since: Ints, days: float = 0.5) -> None:
        """The buyers `who` complain of `kinds` (a name, or one number a row) after `since`."""
        number = COMPLAINTS.index(kinds) if isinstance(kinds, str) else kinds
        rows["complained_at"] = np.where(who, self.after(since, days), rows["complained_at"])
        rows["complaint"] = np.where(who, number, rows["complaint"])

    def refund(self, rows: Rows, who: Bools, since: Ints, days: float = 2.0) -> None:
        """The buyers `who` get their money back after `since`.

        What was not confirmed by then never will be.
        """
        rows["refunded_at"] = np.where(who, self.after(since, days, 0.5), rows["refunded_at"])
        undone = who & (rows["confirmed_at"] > rows["refunded_at"])
        rows["confirmed_at"] = np.where(undone, NONE, rows["confirmed_at"])

    def normal(self, rows: Rows) -> None:
        """Paid, delivered and confirmed as honest orders are."""
        n = len(rows["order_id"])
        virtual = np.isin(rows["category"], VIRTUAL_NUMBERS)
        self.pay(rows)
        rows["delivered_at"] = rows["paid_at"] + np.where(
            virtual, after(self.rng, n, 5 / 1440, 1), after(self.rng, n, 1, 0.6)
        )
        wait = np.where(virtual, after(self.rng, n, 0.1, 1), DAY + np.minimum(after(self.rng, n, 3, 0.6), 9 * DAY))
        rows["confirmed_at"] = rows["delivered_at"] + wait

    def say(
        self, sender: Ints, receiver: Ints, at: Ints, kind: Any, target: Any, tag: str = "", **columns: Any
    ) -> Rows:
        """Messages; the upstream classifier tags about 60 % of those that fit a tag."""
        if tag:
            columns["tag"] = np.where(self.chance(len(sender), 0.6), word("tag", tag), NONE)
        return self.world.say(sender, receiver, at, kind, target, **columns)

    def report(self, rows: Rows, share: float, median_cny: float) -> None:
        """A `share` of the receivers report the message, most with a loss of about `median_cny`."""
        n = len(rows["sent_at"])
        told = self.chance(n, share)
        claimed = told & self.chance(n, 0.75)
        loss = np.round(median_cny * np.exp(self.rng.normal(0, 0.7, n))) * 100
        rows["reported_at"] = np.where(told, self.after(rows["sent_at"], 0.8, 1.0), NONE)
        rows["claimed_cny"] = np.where(claimed, loss, NONE)

    def codes(self, rows: Rows, which: Bools, at: Ints, sold_twice: float) -> None:
        """The sellers of `which` orders send codes by chat; a share went to somebody else already."""
        i = np.flatnonzero(which)
        if not len(i):
            return
        code = self.world.fresh("card_code", len(i))
        again = self.chance(len(i), sold_twice)
        code = np.where(again, code[(np.arange(len(i)) * self.rng.random(len(i))).astype(int)], code)
        card = word("target_kind", "card_code")
        self.world.say(rows["seller_id"][i], rows["buyer_id"][i], at[i], card, code, order_id=rows["order_id"][i])

    def register(self, accounts: Any, moments: Any) -> None:
        """These accounts were registered at these moments."""
        self.world.accounts["registered_at"][accounts] = moments

    def close(self, share: float) -> None:
        """A share of the members is closed after the ring's time, by themselves or by the platform."""
        for account in self.members[self.chance(len(self.members), share)]:
            column = "banned_at" if self.rng.random() < 0.6 else "cancelled_at"
            self.world.leave(account, column, self.end + int(self.rng.integers(DAY, 15 * DAY)))

    def open_shops(self, accounts: Ints, licensed: float = 0.8) -> None:
        """These members are shops; a share shows a licence of its own."""
        a, n = self.world.accounts, len(accounts)
        a["kind"][accounts] = word("kind", "shop")
        with_licence = self.chance(n, licensed)
        a["licence_id"][accounts] = np.where(with_licence, accounts, NONE)
        a["licence_shown"][accounts] = with_licence
        a["display_name_id"][accounts] = accounts
