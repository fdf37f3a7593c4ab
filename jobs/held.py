"""What was handed over is held: the nights, drops and people that an entry of the hand-over log cites stay until the
entry's `keep_until`. A bundle that cannot be checked against what it was made from is no evidence."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from jobs import published
from jobs.case import handover
from jobs.errors import RingwatchError, UsageError
from jobs.settings import Settings
from jobs.warehouse import Warehouse

_DROP = re.compile(r"(\d{4}-\d{2}-\d{2})/.*", re.DOTALL)


@dataclass(frozen=True)
class Release:
    """One entry of the log that is still to be kept."""

    case_id: str
    ring_id: str
    night: date
    keep_until: date
    file: str


def today(watchlists: Path) -> date:
    """The newest published night, or the clock's day if that is earlier: neither a wrong clock nor an odd drop alone
    ends a term. Raises UsageError without a night."""
    nights = published.dates(watchlists)
    if not nights:
        raise UsageError(f"--watchlists {watchlists}: no published night")
    return min(nights[-1], date.today())


def releases(cases: Path | None, settings: Settings, day: date) -> list[Release]:
    """Entries of the log to be kept on that day, oldest first.

    Raises UsageError where nobody says which log: a log that is overlooked holds nothing; TamperedError where its
    chain is broken.
    """
    if cases and not cases.is_dir():
        raise UsageError(
            f"--cases {cases}: no such folder. Name the --out of ringwatch case; an empty one if never used"
        )
    log = settings.case.log or (cases / "handover.jsonl" if cases else None)
    if log is None:
        raise UsageError(
            "where is the hand-over log? What was handed over is held: name --cases, the --out of ringwatch case, or"
            " set case.log"
        )
    if not log.exists():
        if settings.case.log or (cases and any(cases.glob("*.zip*"))):
            raise UsageError(f"{log}: the hand-over log is not there. Put it back, for what it cites is held")
        return []
    entries = handover.check(log)
    kept = [
        Release(
            e["case_id"],
            e["ring_id"],
            date.fromisoformat(e["run_date"]),
            date.fromisoformat(e["keep_until"]),
            e["file"],
        )
        for e in entries
    ]
    return [release for release in kept if release.keep_until >= day]


def drops_cited(watchlists: Path, held: Collection[Release]) -> dict[date, Release]:
    """Dates of the drops that the evidence of the releases was read from, each with one that cites it.

    Raises RingwatchError where a cited night is not there: what it leans on cannot be known.
    """
    found = {}
    for release in held:
        for file in _evidence(watchlists, release)["file"].unique():
            if name := _DROP.fullmatch(file):
                found[date.fromisoformat(name[1])] = release
    return found


def holding(account: str, watchlists: Path, db: Warehouse, held: Collection[Release]) -> Release | None:
    """The release, if any, whose ring the account is on, or whose cited orders, messages and devices name it."""
    for release in held:
        (rings,) = published.tables(published.folder_of(watchlists, release.night), "rings")
        members = rings.filter(ring_id=release.ring_id).explode("accounts")["accounts"]
        evidence = _evidence(watchlists, release)
        if account in {*members, *evidence["account_id"]} or _party(account, db, evidence):
            return release
    return None


def _evidence(watchlists: Path, release: Release) -> pl.DataFrame:
    if release.night not in published.dates(watchlists):
        raise RingwatchError(
            f"the night of {release.night}, which the bundle {release.case_id} was made from, is not published: what is"
            " held cannot be known. Put the night back from the backup"
        )
    (evidence,) = published.tables(published.folder_of(watchlists, release.night), "evidence")
    return evidence.filter(ring_id=release.ring_id)


def _party(account: str, db: Warehouse, evidence: pl.DataFrame) -> bool:
    db.put("held_lines", evidence.select("table", "key"))
    found = db.rows(
        "SELECT 1 FROM orders_rows WHERE $account IN (buyer_id, seller_id, promoter_id) AND order_id IN"
        " (SELECT key FROM held_lines WHERE \"table\" = 'orders') UNION ALL"
        " SELECT 1 FROM chat_links_rows WHERE $account IN (sender_id, receiver_id) AND message_id IN"
        " (SELECT key FROM held_lines WHERE \"table\" = 'chat_links') LIMIT 1",
        account=account,
    )
    db.drop("held_lines")
    return bool(found)
