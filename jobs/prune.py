"""Retention: what is older than the settings say goes, but not what was handed over, and never the newest.

Each thing first gets a hidden name and then goes, so that a killed run leaves nothing half there; the next takes up
where it stopped.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from jobs import held, parts, pruned, published, runs
from jobs.door import store
from jobs.door.discover import drops
from jobs.errors import RingwatchError, UsageError
from jobs.held import Release
from jobs.pruned import Pruned
from jobs.settings import Settings
from jobs.warehouse import Warehouse

_HIDDEN = ".building-pruned-"
"""Of a night on its way out; what begins with `.building-` goes at the start of any run."""
_GOING = ".pruned-"
_NIGHT_TABLES = ("register_nights", "register_rows", "register_things", "register_promises")


@dataclass(frozen=True)
class Plan:
    """What goes, and what would but is held: its date or path, and the release that holds it."""

    nights: list[date]
    drops: list[date]
    bundles: list[Path]
    held: list[tuple[str, Release]]
    last_seen: dict[str, int]
    """Table -> keys that only the drops that go have told of."""


def prune(
    watchlists: Path, warehouse: Path, exports: Path | None, cases: Path | None, settings: Settings, *, dry_run: bool
) -> Plan:
    """Take away what `settings.retention` says, and say what that was; with `dry_run` only say.

    Without `exports` no drop goes, for its rows would come back; without `cases` no bundle. Raises UsageError for terms
    shorter than the method leans on, BusyError while a run holds anything, RingwatchError where something cannot go.
    """
    _check_terms(settings)
    terms = settings.retention
    if not any(terms.model_dump().values()):
        return Plan([], [], [], [], {})
    with runs.shelf(watchlists), Warehouse.open(warehouse, **settings.engine.limits()) as db, parts.at_hand(db):
        day = held.today(watchlists)
        kept = held.releases(cases, settings, day)
        cited = held.drops_cited(watchlists, kept)
        nights, why = _split(
            published.dates(watchlists)[:-1], _before(day, terms.nights_days), {r.night: r for r in kept}
        )
        there = [drop.date for drop in drops(exports) if drop.date] if exports and terms.drops_days else []
        gone, why_drops = _split(there[:-1], _before(day, terms.drops_days), cited)
        bundles, why_bundles = _bundles(cases, day, terms.bundles_days, {r.file: r for r in kept})
        plan = Plan(nights, gone, bundles, [*why, *why_drops, *why_bundles], _last_seen(db, gone))
        if not dry_run:
            _carry_out(plan, db, watchlists, exports)
    return plan


def _check_terms(settings: Settings) -> None:
    least = {
        "drops_days": (settings.method.ties.window_days, "method.ties.window_days: younger rows make ties"),
        "nights_days": (settings.method.verdicts.days, "method.verdicts.days: verdicts lean on what a night had seen"),
    }
    for name, (days, why) in least.items():
        term = getattr(settings.retention, name)
        if term is not None and term < days:
            raise UsageError(f"settings: retention.{name}: {term} is less than the {days} of {why}")


def _before(day: date, days: int | None) -> date:
    return day - timedelta(days=days) if days else date.min


def _split(
    dates: Iterable[date], before: date, holds: Mapping[date, Release]
) -> tuple[list[date], list[tuple[str, Release]]]:
    old = sorted(day for day in dates if day < before)
    return [day for day in old if day not in holds], [(str(day), holds[day]) for day in old if day in holds]


def _bundles(
    cases: Path | None, day: date, days: int | None, holds: Mapping[str, Release]
) -> tuple[list[Path], list[tuple[str, Release]]]:
    """Bundles and their lists of what is to be resolved, by the day that they were written; the log always stays."""
    if not cases or not days:
        return [], []
    found = sorted(
        p for p in cases.iterdir() if p.is_file() and p.name.endswith((".zip", ".zip.age", ".to_resolve.csv"))
    )
    old = [p for p in found if date.fromtimestamp(p.stat().st_mtime) < _before(day, days)]
    by = {path: next((r for file, r in holds.items() if _case(file) == _case(path.name)), None) for path in old}
    return [path for path in old if not by[path]], [(path.name, release) for path, release in by.items() if release]


def _case(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _last_seen(db: Warehouse, gone: Collection[date]) -> dict[str, int]:
    there = db.tables()
    counted = {}
    for table, key in (("accounts_rows", "account_id"), ("devices_rows", "account_id, device_id")):
        if gone and table in there:
            counted[table.removesuffix("_rows")] = int(
                db.rows(
                    f"SELECT count(*) FROM (SELECT {key} FROM {table} GROUP BY ALL"
                    " HAVING count(*) FILTER (WHERE drop_date NOT IN $gone) = 0)",
                    gone=sorted(gone),
                )[0][0]
            )
    return counted


def _carry_out(plan: Plan, db: Warehouse, watchlists: Path, exports: Path | None) -> None:
    before = pruned.read(watchlists)
    gone = Pruned(before.nights | set(plan.nights), before.drops | set(plan.drops))
    if gone != before:
        pruned.write(watchlists, gone)  # first: --catch-up must not bring back what a killed run has half removed
    for night in plan.nights:
        _remove(published.folder_of(watchlists, night), watchlists / f"{_HIDDEN}{night}")
    runs.forget_refused(watchlists, until=max(plan.nights, default=date.min))
    if exports:
        for leftover in exports.glob(f"{_GOING}*"):
            shutil.rmtree(leftover)
        for day in plan.drops:
            _remove(exports / str(day), exports / f"{_GOING}{day}")
    for bundle in plan.bundles:
        bundle.unlink()
    there = {str(drop.date) for drop in drops(exports)} if exports else {str(day) for day in gone.drops}
    _forget(
        db, sorted(gone.nights - set(published.dates(watchlists))), sorted(d for d in gone.drops if str(d) not in there)
    )


def _remove(folder: Path, hidden: Path) -> None:
    if folder.is_symlink():
        raise RingwatchError(f"{folder}: a link, not a folder. What it leads to is somebody else's; remove it yourself")
    try:
        folder.rename(hidden)
        shutil.rmtree(hidden)
    except OSError as failure:
        raise RingwatchError(f"{folder}: cannot be removed ({failure.strerror}). Run again when it can") from failure


def _forget(db: Warehouse, nights: list[date], days: list[date]) -> None:
    """Rows of what has gone, in one transaction; then the file anew, for DuckDB keeps deleted rows' bytes."""
    there = db.tables()
    with db.transaction():
        touched = sum(
            int(db.rows(f"DELETE FROM {table} WHERE {column} IN $dates", dates=dates)[0][0])
            for tables, column, dates in ((_NIGHT_TABLES, "run_date", nights), (store.TABLES, "drop_date", days))
            for table in tables
            if table in there and dates
        )
    db.stale = bool(touched)
