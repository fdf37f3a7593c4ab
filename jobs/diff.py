"""What changed over the last nights, ring by ring, as one reads it in the morning."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
from rich.console import Console

from jobs import published
from jobs.errors import UsageError
from jobs.register_store import PLACE
from jobs.screen import escape

_SIGNS = {"new": "+", "joined": "+", "left": "-", "gone": "-", "cleared": "-", "score": "~"}
_COLOURS = {"+": "red", "-": "green", "~": "yellow"}


def diff(watchlists: Path, since: date | None, run_date: date | None) -> None:
    """Print the changes of every night after `since` (the night before the newest, if not given).

    Raises UsageError where there is no such night.
    """
    newest = date.fromisoformat(published.night(watchlists, run_date).name.removeprefix("run_date="))
    nights = [night for night in published.dates(watchlists) if night <= newest]
    if since and since >= newest:
        raise UsageError(f"--since {since}: there is no night after it; the newest is {newest}")
    wanted = [night for night in nights if night > since] if since else nights[-1:]
    changes = pl.concat(
        published.tables(published.folder_of(watchlists, night), "changes")[0].with_columns(
            pl.lit(night).alias("night")
        )
        for night in wanted
    )
    rings = published.tables(published.folder_of(watchlists, newest), "rings")[0]
    screen = Console()
    before = _told_against(watchlists, wanted[0], nights)
    screen.print(f"[bold]{before or 'the beginning'} → {newest}[/]: {_counted(changes)}", highlight=False)
    for line in _lines(changes, rings, dated=len(wanted) > 1):
        screen.print(line, highlight=False)


def _told_against(watchlists: Path, night: date, nights: list[date]) -> date | None:
    """The newest night before it that was published before it: one that was filled in later it could not know."""

    def place(day: date) -> int:
        return int(published.run(published.folder_of(watchlists, day)).get(PLACE, 0))

    its = place(night)
    return next((day for day in reversed(nights) if day < night and place(day) <= its), None)


def _counted(changes: pl.DataFrame) -> str:
    counts = changes.group_by("change").len().sort("len", "change", descending=[True, False])
    return ", ".join(f"{n} {change}" for change, n in counts.iter_rows()) or "nothing changed"


def _lines(changes: pl.DataFrame, rings: pl.DataFrame, *, dated: bool) -> list[str]:
    """A heading a ring, best first and those that are gone last, and a line a change."""
    heads = {
        row[
            "ring_id"
        ]: f"rank {row['rank']} · score {row['score']:.2f} · {row['typology']} · {row['n_accounts']} accounts"
        for row in rings.sort("rank").iter_rows(named=True)
    }
    order = {ring: n for n, ring in enumerate(heads)}
    out = []
    groups = {str(key[0]): frame for key, frame in changes.group_by("ring_id")}
    for ring in sorted(groups, key=lambda r: (order.get(r, len(order)), r)):
        out.append(f"\n[bold]{ring}[/] {heads.get(ring, 'no longer on the list')}")
        for row in groups[ring].sort("night", "change", "account_id", "detail").iter_rows(named=True):
            sign = _SIGNS.get(row["change"], "~")
            who = f" {escape(row['account_id'])}" if row["account_id"] else ""
            when = f"{row['night']} " if dated else ""
            out.append(f"  [{_COLOURS[sign]}]{sign}[/] {when}{row['change']}{who}: {escape(row['detail'])}")
    return out
