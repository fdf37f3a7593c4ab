"""An analyst's verdict on a ring or an account, kept where every later night finds it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from graph.tables import TYPOLOGIES
from jobs import verdict_journal
from jobs.door.personal import holds_raw
from jobs.errors import UsageError
from jobs.screen import escape
from jobs.settings import Settings
from jobs.warehouse import Warehouse

RING = re.compile(r"R-[a-z0-9]{6,16}")


def label(
    subject: str,
    verdict: str,
    warehouse: Path,
    decided_at: datetime | None,
    settings: Settings,
    **more: str | None,
) -> None:
    """Record a verdict; `more` holds `note`, `typology`, `analyst`, `action_taken`.

    Raises UsageError for a subject that the warehouse does not know, a decision of the future, and a text with a raw
    personal number in it.
    """
    now = datetime.now(ZoneInfo(settings.exports.zone)).replace(tzinfo=None, microsecond=0)
    at = decided_at or now
    if at > now:
        raise UsageError(f"--decided-at {at:%Y-%m-%d %H:%M}: that is to come; it is {now:%Y-%m-%d %H:%M} there now")
    if more.get("typology") not in (None, *TYPOLOGIES):
        raise UsageError(f"--typology: unknown. Known: {', '.join(TYPOLOGIES)}")
    if any(holds_raw(text) for text in (subject, *more.values()) if text):
        raise UsageError("a text holds what looks like a phone, identity or card number. Say it without; none is kept")
    with Warehouse.open(warehouse, read_only=True) as db:
        if not _known(db, subject):
            kind = "ring" if RING.fullmatch(subject) else "account"
            raise UsageError(f"{subject}: the warehouse {warehouse} knows no such {kind}")
    verdict_journal.append(warehouse, {"subject_id": subject, "verdict": verdict, "decided_at": at.isoformat(), **more})
    Console().print(f"{escape(subject)}: {verdict}, {at:%Y-%m-%d %H:%M}. Nights from that day on take it into account")


def _known(db: Warehouse, subject: str) -> bool:
    there = db.tables()
    places = (
        ("register_rows", "ring_id = $id OR account_id = $id"),
        ("accounts_rows", "account_id = $id OR inviter_id = $id"),
        ("orders_rows", "seller_id = $id OR buyer_id = $id OR promoter_id = $id"),
        ("devices_rows", "account_id = $id"),
        ("chat_links_rows", "sender_id = $id OR receiver_id = $id"),
    )
    return any(
        db.rows(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1", id=subject)
        for table, condition in places
        if table in there
    )
