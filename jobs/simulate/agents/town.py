"""The town while its days go by: its people as columns, whom to draw today, how an order is written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jobs.simulate.columns import NONE, Floats, Ints, Rng, Rows, word
from jobs.simulate.goods import IS_VIRTUAL, MEDIAN, SPREAD
from jobs.simulate.ledger import Ledger
from jobs.simulate.options import DAY

LISTINGS = 24
"""Listings of one seller; the last four lie outside its main category."""

SHOP = word("kind", "shop")
URL, QR, CONTACT, PAYMENT, CARD, ITEM = range(6)
"""Kinds of chat targets, by their numbers."""

WAKING = np.cumsum([1, 1, 0, 0, 0, 0, 1, 3, 5, 6, 7, 8, 10, 9, 7, 7, 7, 7, 8, 9, 12, 13, 11, 5]).astype(float)
MEMORY = 10
"""Days that a buyer, a courier or a thief of order data still has an order at hand."""


@dataclass
class Town(Ledger):
    """The second world.

    An account has, besides the contract's columns, its `payee` (`payee_next` from `payee_from` on), `payer`,
    `address`, `goods`, its own chat targets (`contact`, `host`, `qr`, `payment_code`), its manners (columns
    written by `people`), and `crew`, the number of its ring or NONE. `casts` names who plays which part,
    `recent` holds the orders of the last days, day by day, `stock` the code that each crew has last got hold of,
    `mates` the members of all crews by crew and day of joining (`mate_keys`), `sources` from whom a crew has its
    leaked orders, `kiosks` the PC rooms' machines, `played` counts the acts of every script. `promised` are ties
    that an order or a message must still show: (column or "say", accounts, days of joining, target kinds, things).
    """

    casts: dict[str, Ints] = field(default_factory=dict)
    weights: dict[str, Floats] = field(default_factory=dict)
    recent: list[list[Rows]] = field(default_factory=list)
    mates: Ints = field(default_factory=lambda: np.array([], np.int64))
    mate_keys: Ints = field(default_factory=lambda: np.array([], np.int64))
    sources: dict[int, int] = field(default_factory=dict)
    kiosks: Ints = field(default_factory=lambda: np.array([], np.int64))
    promised: list[tuple[str, Ints, Ints, Ints, Ints]] = field(default_factory=list)
    stock: Ints = field(default_factory=lambda: np.array([], np.int64))
    played: Counter[str] = field(default_factory=Counter)
    favourites: Ints = field(default_factory=lambda: np.array([], np.int64))
    fame: Floats = field(default_factory=lambda: np.array([], np.float64))

    @property
    def days(self) -> int:
        """Days of trade up to the last drop's."""
        return (self.options.end + 1 - self.options.start) // DAY

    def moment(self, day: Any) -> Any:
        """The first second of a day, or of several."""
        return self.options.start + day * DAY

    def hours(self, rng: Rng, day: Any, n: int) -> Ints:
        """Moments of a day at which people are awake."""
        hour = np.searchsorted(WAKING, rng.random(n) * WAKING[-1], side="right")
        return np.asarray(self.moment(day) + hour * 3_600 + rng.integers(0, 3_600, n), np.int64)

    def draw(self, rng: Rng, crowd: str, n: int) -> Ints:
        """`n` accounts out of today's crowd by weight, with repetition."""
        total = self.weights[crowd]
        return np.asarray(np.searchsorted(total, rng.random(n) * total[-1], side="right"), np.int64)

    def order(self, rng: Rng, buyer: Ints, seller: Ints, placed: Ints, **columns: Any) -> Rows:
        """Orders just placed, one a row, that nothing has become of yet; `columns` override."""
        a, n = self.accounts, len(buyer)
        listing = np.minimum(rng.geometric(0.12, n) - 1, LISTINGS - 1)
        odd = (listing >= LISTINGS - 4) & ~IS_VIRTUAL[a["goods"][seller]]
        item = seller * LISTINGS + listing
        category = np.where(odd, 3 + item % (len(MEDIAN) - 3), a["goods"][seller])
        category = np.broadcast_to(columns.pop("category", category), n)
        real = ~IS_VIRTUAL[category]
        present = np.where(rng.random(n) < 0.04, rng.permutation(buyer), buyer)
        rows: dict[str, Any] = {
            "order_id": self.fresh("order", n),
            "buyer_id": buyer,
            "seller_id": seller,
            "payee_id": np.where(placed >= a["payee_from"][seller], a["payee_next"][seller], a["payee"][seller]),
            "payer_id": a["payer"][buyer],
            "item_id": item,
            "category": category,
            "amount": self._price(rng, item, category),
            "channel": 0,
            "placed_at": placed,
            "ship_from_region": a["region"][seller],
            "ship_to_region": a["region"][present],
            "ship_from_id": np.where(real, a["address"][seller], NONE),
            "ship_to_id": np.where(real, a["address"][present], NONE),
            "handler_id": self._handler(rng, seller),
            "buyer_warned": rng.random(n) < 0.02 + 0.10 * (a["credit_level"][seller] == 0),
        }
        return self.book(rows | columns, n)

    def _price(self, rng: Rng, item: Ints, category: Ints) -> Ints:
        """A listing's own price, rounded as people round, now and then after haggling."""
        draw = ((item * 40_503) % 9_973 + 0.5) / 9_973
        yuan = MEDIAN[category] / 100 * np.exp(SPREAD[category] * np.log(draw / (1 - draw)) * 0.55)
        yuan *= np.where(rng.random(len(item)) < 0.2, rng.choice([0.8, 0.9, 0.95], len(item)), 1.0)
        return np.where(yuan < 20, np.maximum(np.round(yuan * 10), 1) * 10, np.round(yuan) * 100).astype(np.int64)

    def _handler(self, rng: Rng, seller: Ints) -> Ints:
        """Staff work in teams by seller, half of the orders need nobody, and one busy person takes a twentieth."""
        staff, u = max(8, self.options.accounts // 400), rng.random(len(seller))
        team = (seller * 40_503 // 64 + rng.integers(0, 4, len(seller))) % (staff - 1) + 1
        return np.select([u < 0.05, u < 0.5], [0, team], NONE)

    def remember(self, rows: Rows) -> None:
        """Keep what others may later know of these orders."""
        kept = ("order_id", "buyer_id", "seller_id", "handler_id", "placed_at", "category", "item_id")
        self.recent[-1].append({column: rows[column].copy() for column in kept})

    def recently(self) -> Rows:
        """The remembered orders of the last days, oldest first."""
        batches = [rows for day in self.recent for rows in day]
        return {column: np.concatenate([rows[column] for rows in batches]) for column in batches[0]}
