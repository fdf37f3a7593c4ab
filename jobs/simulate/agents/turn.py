"""One script's turn on one day: who acts, upon whom, with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jobs.simulate.agents import course
from jobs.simulate.agents.town import CARD, ITEM, Town
from jobs.simulate.columns import NONE, Bools, Ints, Rng, Rows, word
from jobs.simulate.options import DAY


@dataclass
class Turn:
    """`who` acts today, once for each time it is named; accounts of all crews that play this script together."""

    town: Town
    rng: Rng
    day: int
    who: Ints

    @property
    def n(self) -> int:
        """Acts."""
        return len(self.who)

    def column(self, name: str) -> Ints:
        """What the actors have in a column of accounts."""
        return self.town.accounts[name][self.who]

    def half(self, share: float) -> tuple[Turn, Turn]:
        """The same turn for some of the acts and for the others."""
        some = self.rng.random(self.n) < share
        first, second = (Turn(self.town, self.rng, self.day, self.who[part]) for part in (some, ~some))
        return first, second

    def moments(self) -> Ints:
        """When today."""
        return self.town.hours(self.rng, self.day, self.n)

    def victims(self) -> Ints:
        """Honest buyers."""
        return self.town.draw(self.rng, "victims", self.n)

    def mates(self) -> Ints:
        """For each actor another member of its crew that has joined and is still there, else the actor itself."""
        t, crew = self.town, self.column("crew")
        low = np.searchsorted(t.mate_keys, crew * 10_000)
        high = np.searchsorted(t.mate_keys, crew * 10_000 + self.day, side="left")
        other = t.mates[(low + ((high - low) * self.rng.random(self.n)).astype(np.int64)).clip(0, len(t.mates) - 1)]
        now = t.moment(self.day)
        here = (t.accounts["registered_at"][other] < now) & (t.accounts["gone_at"][other] > now + DAY)
        return np.where((high > low) & here, other, self.who)

    def front(self) -> Ints:
        """The account that sells for the crew."""
        return self.column("front")

    def sale(self, seller: Ints | None = None, **columns: Any) -> Rows:
        """Victims order from the actors, or from `seller`."""
        seller = self.who if seller is None else seller
        return self.town.order(self.rng, self.victims(), seller, self.moments(), **columns)

    def purchase(self, crowd: str, **columns: Any) -> Rows:
        """The actors order from honest sellers."""
        seller = self.town.draw(self.rng, crowd, self.n)
        return self.town.order(self.rng, self.who, seller, self.moments(), **columns)

    def give_code(self, rows: Rows, mask: Bools, code: Ints) -> None:
        """Seller to buyer, when delivered; the code sticks with the crew of whoever has it now."""
        at = np.flatnonzero(mask)
        seller, buyer, order = rows["seller_id"][at], rows["buyer_id"][at], rows["order_id"][at]
        self.town.say(seller, buyer, rows["delivered_at"][at], CARD, code[at], order_id=order)

    def keep_code(self, mask: Bools, code: Ints) -> None:
        """The crew has got hold of these codes."""
        self.town.stock[self.column("crew")[mask]] = code[mask]

    def stocked_code(self, share: float) -> Ints:
        """For each act the code that the crew had last, or, else and without `share`, a new one."""
        old, new = self.town.stock[self.column("crew")], self.town.fresh("card_code", self.n)
        return np.where((old != NONE) & (self.rng.random(self.n) < share), old, new)

    def whisper(self, receiver: Ints, moment: Ints, tag: str, heard: float = 0.6, **columns: Any) -> Rows:
        """The crew's link, handle or code to scan; the classifier hears a share of what is asked."""
        tags = np.where(self.rng.random(self.n) < heard, word("tag", tag), NONE)
        kind, target = self.column("lure_kind"), self.column("lure_target")
        return self.town.say(self.who, receiver, moment, kind, target, tag=tags, **columns)

    def ask(self, rows: Rows, tag: str, heard: float = 0.6) -> None:
        """A plain request beside the listing."""
        tags = np.where(self.rng.random(self.n) < heard, word("tag", tag), NONE)
        self.town.say(
            rows["seller_id"],
            rows["buyer_id"],
            np.maximum(rows["placed_at"], rows["paid_at"]) + 20,
            ITEM,
            rows["item_id"],
            order_id=rows["order_id"],
            tag=tags,
        )

    def report(self, messages: Rows, share: float, loss: float) -> None:
        """Receivers report a share of the messages; most name what they have lost, around `loss` CNY."""
        told = self.rng.random(self.n) < share
        moment = messages["sent_at"] + course.later(self.rng, self.n, 1.0, 1.0)
        messages["reported_at"] = np.where(told, moment, NONE)
        claim = np.round(self.rng.lognormal(np.log(loss), 0.9, self.n)).astype(np.int64) * 100
        messages["claimed_cny"] = np.where(told & (self.rng.random(self.n) < 0.75), claim, NONE)

    def everyone(self) -> Bools:
        """All acts."""
        return np.ones(self.n, np.bool_)

    def some(self, share: Any) -> Bools:
        """Each act with its probability."""
        return np.asarray(self.rng.random(self.n) < share)
