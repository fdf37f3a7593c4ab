"""Groups of honest accounts, drawn at once: who is in which, and who its first member is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jobs.simulate.bazaar.place import Bazaar
from jobs.simulate.columns import Bools, Floats, Ints, Rng, word
from jobs.simulate.options import DAY


class Circle(NamedTuple):
    """One row a member: the account, the number of its group, the group's first account, and its place in it."""

    who: Ints
    group: Ints
    head: Ints
    place: Ints

    @property
    def groups(self) -> int:
        """How many groups."""
        return int(self.group[-1]) + 1 if len(self.group) else 0

    def only(self, mask: Bools) -> Ints:
        """Members but the first, where `mask` holds."""
        return np.flatnonzero(mask & (self.place > 0))


def gather(rng: Rng, pool: Ints, sizes: Ints) -> Circle:
    """Groups of these sizes out of `pool`, no account twice; as many as the pool has room for."""
    pool = rng.permutation(pool)
    sizes = sizes[np.cumsum(sizes) <= len(pool)]
    group = np.repeat(np.arange(len(sizes)), sizes)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    who = pool[: len(group)]
    return Circle(who, group, who[first], np.arange(len(group)) - first)


def tailed(rng: Rng, n: int, low: int, high: int, alpha: float = 1.6) -> Ints:
    """`n` sizes from `low` to `high`, heavy-tailed."""
    sizes: Ints = np.minimum(low + (low * 0.8 * rng.pareto(alpha, n)).astype(np.int64), high)
    return sizes


def wear(world: Bazaar, column: str, circle: Circle, rows: Ints) -> None:
    """These members bear what the first of their group bears."""
    world.accounts[column][circle.who[rows]] = world.accounts[column][circle.head[rows]]


def borrow(
    world: Bazaar, rng: Rng, who: Ints, device: Any, kind: str, days: float | Floats, sessions: float = 8
) -> None:
    """Each account is on a device for some days within its life, at a time of its own."""
    low, high = world.since(who), world.until(who)
    first = low + ((high - low) * rng.random(len(who))).astype(np.int64)
    last = first + (days * DAY * rng.exponential(1.0, len(who))).astype(np.int64) + 900
    world.use(who, device, first, last, word("device_kind", kind), 1 + rng.poisson(sessions, len(who)))


def share_life(world: Bazaar, rng: Rng, who: Ints, device: Any, kind: str) -> None:
    """Each account is on a device for most of its life."""
    low, high = world.accounts["registered_at"][who], world.until(who)
    first = low + ((high - low) * rng.beta(1, 4, len(who))).astype(np.int64)
    world.use(who, device, first, high, word("device_kind", kind), 3 + rng.poisson(40, len(who)))
