"""When people trade: hours of the day, days of the week, and the seasons of a market.

Evenings and weekends are busy, the sixth month's sale (6.18) and its autumn sister are rushes, the Spring Festival is a
lull. A rush does to honest people what fraud does: bursts, late parcels, open orders.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from jobs.simulate.columns import Floats, Ints, Rng
from jobs.simulate.options import DAY, Options

HOUR = 3_600
OF_DAY = np.array(
    [
        2.2,
        1.2,
        0.7,
        0.4,
        0.3,
        0.5,
        1.2,
        2.4,
        3.6,
        4.6,
        5.4,
        5.2,
        5.0,
        4.8,
        4.6,
        4.7,
        4.9,
        5.0,
        5.6,
        7.0,
        8.4,
        8.8,
        7.0,
        4.4,
    ]
)
SEASONS = (((6, 13), (6, 20), 2.6), ((11, 4), (11, 12), 2.4), ((3, 5), (3, 8), 1.5), ((1, 24), (2, 9), 0.5))
"""First day, last day, how busy against an ordinary day."""


def busy(day: datetime) -> float:
    """How busy a day is against an ordinary one."""
    for first, last, times in SEASONS:
        if first <= (day.month, day.day) <= last:
            return times
    return 1.0


class Calendar:
    """The market's clock: draws moments that crowd where people do."""

    def __init__(self, options: Options) -> None:
        self.start, self.end = options.start, options.end
        days = (self.end - self.start) // DAY + 1
        first = datetime.fromtimestamp(self.start, UTC)
        self.rush: Floats = np.array([busy(first + timedelta(days=n)) for n in range(days)])
        week = np.array([1.2 if (first + timedelta(days=n)).weekday() >= 5 else 1.0 for n in range(days)])
        growth = np.linspace(0.8, 1.2, days)
        hours = np.outer(self.rush * week * growth, OF_DAY).ravel()
        self._edges = self.start + HOUR * np.arange(len(hours) + 1)
        self._mass = np.concatenate([[0.0], np.cumsum(hours)])

    def draw(self, rng: Rng, low: Ints, high: Ints) -> Ints:
        """One moment each between `low` and `high` (seconds, both within the market's time)."""
        a, b = np.interp(low, self._edges, self._mass), np.interp(high, self._edges, self._mass)
        found: Ints = np.interp(a + (b - a) * rng.random(len(a)), self._mass, self._edges).astype(np.int64)
        return found

    def rush_at(self, moments: Ints) -> Floats:
        """How busy the day of each moment is."""
        rush: Floats = self.rush[np.clip((moments - self.start) // DAY, 0, len(self.rush) - 1)]
        return rush
