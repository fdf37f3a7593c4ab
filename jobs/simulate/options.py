"""What a market is asked to be, and its calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from jobs.errors import UsageError

FileFormat = Literal["csv", "parquet", "mixed"]
WorldName = Literal["market", "agents", "bazaar"]

DAY = 86_400
"""Seconds in a day; all times inside the simulator are seconds since 1970 on the platform's clock."""

HISTORY_DAYS = 180
"""Days of trade that the first drop holds."""

FEWEST_ACCOUNTS = 1_000
"""One ring of each typology takes some 150 accounts; a smaller market would be mostly rings."""


def seconds(day: date) -> int:
    """Seconds since 1970 at the start of `day`, without a zone."""
    return int((datetime(day.year, day.month, day.day) - datetime(1970, 1, 1)).total_seconds())


@dataclass(frozen=True)
class Options:
    """The arguments of `simulate`, checked; raises UsageError when one is out of its range."""

    accounts: int
    seed: int
    nights: int = 1
    camouflage: float = 0.0
    mute: float = 0.0
    dirt: bool = False
    file_format: FileFormat = "csv"
    until: date = date(2025, 6, 30)
    every_days: int = 7

    def __post_init__(self) -> None:
        for wrong, what in (
            (self.accounts < FEWEST_ACCOUNTS, f"accounts must be {FEWEST_ACCOUNTS} or more"),
            (self.seed < 0, "seed must not be negative"),
            (self.nights < 1 or self.every_days < 1, "nights and the days between them must be 1 or more"),
            (not 0 <= self.camouflage <= 1, "camouflage must lie in 0..1"),
            (not 0 <= self.mute <= 1, "mute must lie in 0..1"),
            (self.file_format not in ("csv", "parquet", "mixed"), "the format must be csv, parquet or mixed"),
            (self.dirt and self.file_format == "parquet", "dirt needs text files: choose csv or mixed"),
        ):
            if wrong:
                raise UsageError(what)

    @property
    def drops(self) -> list[date]:
        """Dates of the drops, oldest first."""
        return [self.until - timedelta(days=self.every_days * n) for n in reversed(range(self.nights))]

    @property
    def start(self) -> int:
        """When trade begins."""
        return seconds(self.drops[0] - timedelta(days=HISTORY_DAYS - 1))

    @property
    def end(self) -> int:
        """The last second of the last drop's day; the market goes on after it, unseen."""
        return seconds(self.until) + DAY - 1
