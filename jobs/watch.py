"""How the job is, for whoever watches it: the last good night, its age, its gates and sizes, and refused nights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jobs import gates, published, runs


@dataclass(frozen=True)
class Kept:
    """A night, published or refused, by its date, its run.json and the bytes of its folder; `damaged` says what is
    wrong with a run.json that is then empty here."""

    run_date: date
    run: dict[str, Any]
    bytes: int
    damaged: str | None = None

    @property
    def gates(self) -> list[dict[str, str]]:
        """What each gate said; nothing of a night from before there were gates."""
        found: list[dict[str, str]] = self.run.get(gates.KEY, {}).get("verdicts", [])
        return found

    @property
    def exports(self) -> dict[str, dict[str, Any]]:
        """Figures of the newest drop read, by export."""
        found: dict[str, dict[str, Any]] = self.run.get(gates.KEY, {}).get("figures", {}).get("exports", {})
        return found

    @property
    def rows(self) -> dict[str, int]:
        """Rows by watchlist."""
        return {output["table"]: output["rows"] for output in self.run["outputs"]}

    @property
    def finished(self) -> datetime:
        """When its run ended, with its offset."""
        return datetime.fromisoformat(self.run["finished_at"])

    def age(self, now: datetime) -> int:
        """Days since its date, on the platform's calendar."""
        return (now.astimezone(ZoneInfo(self.run["settings"]["exports"]["zone"])).date() - self.run_date).days


def last_good(out: Path) -> Kept | None:
    """The newest published night."""
    dates = published.dates(out)
    return _kept(dates[-1], published.folder_of(out, dates[-1])) if dates else None


def refused(out: Path) -> list[Kept]:
    """Nights that a gate refused and that were not published since, oldest first. Nothing leans on them, so one that is
    damaged is no reason to be silent about the last good night."""
    found = []
    for day in runs.refused_dates(out):
        folder = runs.refused_folder(out, day)
        try:
            found.append(_kept(day, folder))
        except published.DamagedError as damaged:
            found.append(Kept(day, {}, _bytes(folder), str(damaged)))
    return found


def _kept(day: date, folder: Path) -> Kept:
    return Kept(day, published.run(folder), _bytes(folder))


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
