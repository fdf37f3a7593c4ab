"""The market while it is being made: its people, whom to draw from among them, and how two of them trade."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from jobs.simulate.columns import NONE, Floats, Ints, Rng, Rows
from jobs.simulate.goods import IS_VIRTUAL, MEDIAN, SPREAD
from jobs.simulate.ledger import Ledger

ITEMS = 16
"""Listings of one seller; the last three are outside its main category."""

_HOURS = np.array([6, 3, 2, 1, 1, 1, 2, 4, 6, 8, 9, 9, 10, 9, 8, 8, 8, 8, 9, 11, 13, 14, 13, 10], float)
HOUR_SHARE = np.cumsum(_HOURS / _HOURS.sum())


@dataclass(frozen=True)
class Crowd:
    """Accounts to draw from, some oftener than others."""

    accounts: Ints
    cumulative: Floats

    @classmethod
    def of(cls, accounts: Ints, weights: Floats) -> Crowd:
        """Raises ValueError when nobody has weight."""
        kept = weights > 0
        if not kept.any():
            raise ValueError("an empty crowd")
        total = np.cumsum(weights[kept])
        return cls(accounts[kept], total / total[-1])

    def draw(self, rng: Rng, n: int) -> Ints:
        """`n` accounts by weight, with repetition."""
        return self.accounts[np.searchsorted(self.cumulative, rng.random(n), side="right")]


@dataclass
class World(Ledger):
    """The first world: people as weights to draw from, and what becomes of them.

    An account has, besides the contract's columns, its own `payee`, `payer`, `address`, `handle` (contact),
    `goods` (main category), `speaker` (who writes for it), `gone_at`, and its usual rates. `acquainted` are
    pairs (buyers, sellers) of honest people who know each other; `cover` is what a ring must be seen doing:
    (account, sells, real goods, times).
    """

    cover: list[tuple[int, bool, bool, int]] = field(default_factory=list)
    acquainted: list[tuple[Ints, Ints]] = field(default_factory=list)
    crowds: dict[str, Crowd] = field(default_factory=dict)
    groups: dict[str, Ints] = field(default_factory=dict)

    def at_daytime(self, rng: Rng, moments: Ints) -> Ints:
        """The same days, at hours when people trade."""
        hour = np.searchsorted(HOUR_SHARE, rng.random(len(moments)), side="right")
        return moments // 86_400 * 86_400 + hour * 3_600 + rng.integers(0, 3_600, len(moments))

    def deal(self, rng: Rng, buyer: Ints, seller: Ints, placed: Ints, **columns: Any) -> Rows:
        """One order a row, in everything as these two usually trade; `columns` override.

        Returns the batch, which is already part of the market; events not given are NULL.
        """
        account, n = self.accounts, len(buyer)
        item = seller * ITEMS + (ITEMS * rng.random(n) ** 2).astype(np.int64)
        own = item % ITEMS < ITEMS - 3
        category = np.where(own, account["goods"][seller], rng.integers(3, len(MEDIAN), n))
        category = np.broadcast_to(columns.pop("category", category), n)
        switched = placed >= account["payee_switch_at"][seller]
        real = ~IS_VIRTUAL[category]
        gift = rng.random(n) < 0.03
        receiver = np.where(gift, self.crowds["buyers"].draw(rng, n), buyer) if "buyers" in self.crowds else buyer
        rows: dict[str, Any] = {
            "order_id": self.fresh("order", n),
            "buyer_id": buyer,
            "seller_id": seller,
            "payee_id": np.where(switched, account["payee_later"][seller], account["payee"][seller]),
            "payer_id": account["payer"][buyer],
            "item_id": item,
            "category": category,
            "amount": self._price(rng, item, category),
            "channel": 0,
            "placed_at": placed,
            "ship_from_region": account["region"][seller],
            "ship_to_region": account["region"][receiver],
            "ship_from_id": np.where(real, account["address"][seller], NONE),
            "ship_to_id": np.where(real, account["address"][receiver], NONE),
            "handler_id": np.where(rng.random(n) < 0.55, self._handler(rng, n), NONE),
            "buyer_warned": rng.random(n) < 0.03,
        }
        rows |= columns
        return self.book(rows, n)

    def _price(self, rng: Rng, item: Ints, category: Ints) -> Ints:
        deviate = _deviates(self.options.seed)[item * 2_654_435_761 % 65_536]
        haggle = np.where(rng.random(len(item)) < 0.3, rng.uniform(0.85, 1.0, len(item)), 1.0)
        price = MEDIAN[category] * np.exp(SPREAD[category] * deviate) * haggle
        return np.maximum(np.where(price > 2_000, np.round(price / 100) * 100, np.round(price)), 1).astype(np.int64)

    def _handler(self, rng: Rng, n: int) -> Ints:
        staff = max(6, self.options.accounts // 500)
        return (staff * rng.random(n) ** 1.5).astype(np.int64)


@lru_cache(maxsize=4)
def _deviates(seed: int) -> Floats:
    """How far a listing's price lies from its category's, so that a listing keeps its price."""
    return np.random.default_rng([seed, 0]).standard_normal(65_536)
