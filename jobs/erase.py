"""Erasure of a person's account: out of the warehouse, the published nights, the verdicts and the register.

The order makes a killed erasure safe to repeat, and nothing comes back meanwhile: first the tombstone, which every
later load obeys; then nights and verdicts; then the warehouse; then the record that it is done.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from graph.tables import WATCHLISTS
from jobs import held, parts, published, runs, tombstones, verdict_journal
from jobs.errors import RingwatchError, UsageError
from jobs.register_store import recall
from jobs.settings import Settings
from jobs.tombstones import GONE
from jobs.warehouse import Warehouse

NOTE = "erasures"
"""Key of run.json: when tables were rewritten, on which basis, how many rows went, and the hashes before."""


@dataclass(frozen=True)
class Erased:
    """What was touched: rows by table of the warehouse, tables by night, verdicts."""

    rows: dict[str, int]
    nights: dict[str, int]
    verdicts: int


def erase(
    account: str, warehouse: Path, watchlists: Path, basis: str, cases: Path | None, settings: Settings
) -> Erased:
    """Take an account out of everything but the drops and the bundles, and leave a tombstone.

    Raises UsageError for an account that nobody knows, BusyError while a run holds anything, RingwatchError where the
    account is in evidence that was handed over and is still to be kept.
    """
    pattern = _whole(account)
    if not basis.strip() or pattern.search(basis):
        raise UsageError("--basis: say on which ground, without the id: the record of an erasure must not name anybody")
    if not warehouse.is_file():
        raise UsageError(f"--warehouse {warehouse}: no such file")
    with runs.shelf(watchlists), Warehouse.open(warehouse, **settings.engine.limits()) as db, parts.at_hand(db):
        nights = published.dates(watchlists)
        if nights:
            recall(db, watchlists, nights[-1])  # the register as published, and its tables
            _check_not_held(account, watchlists, cases, settings, db)
        theirs = {night: _without(account, watchlists, night) for night in nights}
        touched = {night: tables for night, tables in theirs.items() if tables}
        if not (touched or _known(db, account) or _begun(warehouse, account)):
            raise UsageError("no warehouse row, night or verdict names this account: nothing was done")
        stone = tombstones.tombstone(warehouse, account)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        tombstones.append(warehouse, {"at": at, "event": "begun", "tombstone": stone, "basis": basis})
        verdicts = verdict_journal.forget(warehouse, account, pattern)
        runs.forget_refused(watchlists)
        for night, tables in touched.items():
            _republish(watchlists, night, tables, {"at": at, "basis": basis})
        rows = _from_warehouse(db, warehouse, watchlists, account)
        done = Erased(rows, {str(night): len(tables) for night, tables in touched.items()}, verdicts)
        tombstones.append(
            warehouse,
            {"at": at, "event": "done", "tombstone": stone, "basis": basis, "rows": rows, "nights": sorted(done.nights),
             "verdicts": verdicts},
        )  # fmt: skip
    return done


def _whole(account: str) -> re.Pattern[str]:
    """The id where it stands by itself: `a1` must not be found in `a12`."""
    return re.compile(rf"(?<![0-9A-Za-z_]){re.escape(account)}(?![0-9A-Za-z_])")


def _check_not_held(account: str, watchlists: Path, cases: Path | None, settings: Settings, db: Warehouse) -> None:
    releases = held.releases(cases, settings, held.today(watchlists))
    if release := held.holding(account, watchlists, db, releases):
        raise RingwatchError(
            f"held until {release.keep_until}: the account is in the evidence of the bundle {release.case_id}, which"
            " was handed over, and the log's term has not ended (case.keep_years). Nothing was erased. Until then the"
            " law lets it be stored and kept safe, and nothing else (PIPL art. 47): tell the person so, and repeat this"
            " command after that day"
        )


def _begun(warehouse: Path, account: str) -> bool:
    """Was it erased before, if only by half?"""
    begun = {record["tombstone"] for record in tombstones.read(warehouse)}
    return bool(begun) and tombstones.tombstone(warehouse, account) in begun


def _known(db: Warehouse, account: str) -> bool:
    there = db.tables()
    return any(
        db.rows(f"SELECT 1 FROM {table} WHERE $account IN ({', '.join(columns)}) LIMIT 1", account=account)
        for table, columns in tombstones.IDS.items()
        if table in there
    )


def _without(account: str, watchlists: Path, night: date) -> dict[str, pl.DataFrame]:
    """The night's tables that name the account, without it."""
    frames = zip(WATCHLISTS, published.tables(published.folder_of(watchlists, night), *WATCHLISTS), strict=True)
    changed = ((name, frame, _rid(name, frame, account)) for name, frame in frames)
    return {name: new for name, frame, new in changed if not new.equals(frame)}


def _rid(name: str, frame: pl.DataFrame, account: str) -> pl.DataFrame:
    """Rows about the account go, it leaves every list, and texts that name it say `erased` instead."""
    if "account_id" in frame.columns:
        frame = frame.filter(pl.col("account_id").ne_missing(account))
    if name == "evidence":
        own = (pl.col("table") == "devices") & pl.col("key").str.starts_with(f"{account}|")
        frame = frame.filter(~own & ~((pl.col("table") == "accounts") & (pl.col("key") == account)))
    if name == "links":
        frame = frame.filter(pl.col("entity_id") != account)
    if "accounts" in frame.columns:
        frame = frame.with_columns(pl.col("accounts").list.eval(pl.element().filter(pl.element() != account)))
        frame = frame.filter(pl.col("accounts").list.len() > 0)
    if "n_accounts" in frame.columns and "accounts" in frame.columns:
        frame = frame.with_columns(pl.col("accounts").list.len().cast(pl.Int64).alias("n_accounts"))
    if name == "rejects":
        theirs = [tombstones.holds(raw, account) for raw in frame["raw"]]
        return frame.with_columns(
            pl.Series("raw", [GONE if it else raw for it, raw in zip(theirs, frame["raw"], strict=True)], pl.String)
        )
    return frame.with_columns(_said(frame[column], account) for column in frame.columns)


def _said(texts: pl.Series, account: str) -> pl.Series:
    pattern = _whole(account)
    if texts.dtype == pl.String:
        said = [pattern.sub(GONE, text) if text else text for text in texts]
        return pl.Series(texts.name, said, pl.String)
    if texts.dtype == pl.List(pl.String):
        lists = [None if several is None else [pattern.sub(GONE, text) for text in several] for several in texts]
        return pl.Series(texts.name, lists, pl.List(pl.String))
    return texts


def _republish(watchlists: Path, night: date, tables: Mapping[str, pl.DataFrame], note: Mapping[str, object]) -> None:
    """The night whole again, in one step; its record says that it is not as it was first published, and why."""
    folder = published.folder_of(watchlists, night)
    record = published.run(folder)
    before = {output["table"]: {k: output[k] for k in ("rows", "sha256")} for output in record["outputs"]}
    with runs.building(watchlists, night) as made:
        for name, table in WATCHLISTS.items():
            made.write(table, tables[name] if name in tables else published.tables(folder, name)[0])
        outputs = [{"table": o.table, "rows": o.rows, "sha256": o.sha256} for o in made.outputs]
        told = {**note, "before": {name: before[name] for name in tables}}
        made.write_record({**record, "outputs": outputs, NOTE: [*record.get(NOTE, []), told]})
        for other in sorted(set(folder.iterdir()) - {folder / path.name for path in made.folder.iterdir()}):
            shutil.copy(other, made.folder)
        made.publish()


def _from_warehouse(db: Warehouse, warehouse: Path, watchlists: Path, account: str) -> dict[str, int]:
    rows = tombstones.obey(db, warehouse)
    nights = published.dates(watchlists)
    if nights:
        recall(db, watchlists, nights[-1])
        for table, columns in (("register_rows", "account_id"), ("register_things", "account_id, entity_id")):
            db.rows(f"DELETE FROM {table} WHERE $account IN ({columns})", account=account)
    db.stale = True
    return rows
