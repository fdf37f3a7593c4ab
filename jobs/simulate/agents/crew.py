"""One crew, as its set-up and its ties need it."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.simulate.columns import Bools, Ints, Rng


@dataclass
class Crew:
    """One ring: its members by the day on which they join, their roles, and the days on which it cheats.

    `closing` holds the day on which each member's shop ends, for crews whose shops follow each other.
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
    closing: Ints | None = None
    roles: dict[int, str] = field(default_factory=dict)
