"""The bazaar's ledger: the common one, with a calendar, crowds to draw from, and a note of who only looks guilty."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jobs.simulate.bazaar.calendar import Calendar
from jobs.simulate.columns import Bools, Floats, Ints, Rng
from jobs.simulate.ledger import Ledger

FOREVER = 1 << 60
"""After all time, with room to add days to it."""


@dataclass
class Bazaar(Ledger):
    """A ledger whose `accounts` also hold traits in 0..1, weights of trade, and habits (`people.settle`).

    `member[account]` is the number of the account's hand, -1 for the honest; `kiosks` are the devices
    of cafés and repair shops, which anybody may use.
    """

    calendar: Calendar = field(init=False)
    member: Ints = field(init=False)
    kiosks: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.calendar = Calendar(self.options)
        self.kiosks = np.empty(0, np.int64)
        self.member = np.full(self.options.accounts, -1)

    @property
    def honest(self) -> Bools:
        """Which accounts no hand controls."""
        mask: Bools = self.member < 0
        return mask

    def until(self, accounts: Ints) -> Ints:
        """The last moment at which each account can still trade within the market's time."""
        a = self.accounts
        last: Ints = np.minimum(np.minimum(a["gone_at"][accounts], a["quiet_at"][accounts]), self.options.end)
        return last

    def since(self, accounts: Ints) -> Ints:
        """The first moment at which each account can trade within the market's time."""
        first: Ints = np.maximum(self.accounts["registered_at"][accounts] + 600, self.options.start)
        return first

    def resemble(self, accounts: Ints, kind: str) -> None:
        """Note accounts that only look guilty."""
        self.lookalikes.extend((int(account), kind) for account in accounts)


def drawn(rng: Rng, weights: Floats, n: int) -> Ints:
    """`n` places with chances in proportion to their weights, with repeats."""
    mass = np.cumsum(weights)
    places: Ints = np.minimum(np.searchsorted(mass, rng.random(n) * mass[-1], side="right"), len(mass) - 1)
    return places
