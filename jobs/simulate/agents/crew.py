"""One crew, as its set-up and its ties need it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jobs.simulate.columns import Bools, Floats, Ints, Rng


@dataclass
class Crew:
    """One ring: its members by the day on which they join, their roles, and the days on which it cheats.

    `honest` is about how many orders of its own each member is to make; `closing` the day on which its shop ends, for
    crews whose shops follow each other.
    """

    number: int
    typology: str
    members: Ints
    rng: Rng
    joins: Ints
    days: Ints
    scripts: list[str]
    script_of_day: Ints
    idle: Bools
    honest: Floats = field(default_factory=lambda: np.array([], np.float64))
    closing: Ints | None = None
    roles: dict[int, str] = field(default_factory=dict)
