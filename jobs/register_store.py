"""What the warehouse remembers of published nights' rings, so that a ring keeps its name from night to night.

The published nights themselves are the register; the warehouse holds a copy that is quick to ask. A copy that differs
from what is published (a run was killed after publishing, the warehouse was rebuilt) is taken anew before any night
looks at it. Each night has a place, given when it was first published: it looks at the nights before its place, and
keeps the place when it is run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from graph.db import Db
from jobs import published
from jobs.warehouse import Warehouse

_TABLES = (
    "CREATE TABLE IF NOT EXISTS register_nights (run_date DATE, place BIGINT, digest VARCHAR)",
    "CREATE TABLE IF NOT EXISTS register_rows (run_date DATE, ring_id VARCHAR, account_id VARCHAR, score DOUBLE)",
    "CREATE TABLE IF NOT EXISTS register_things (run_date DATE, ring_id VARCHAR, account_id VARCHAR,"
    " kind VARCHAR, entity_id VARCHAR)",
    "CREATE TABLE IF NOT EXISTS register_promises (run_date DATE, ring_id VARCHAR, typology VARCHAR, score DOUBLE)",
)

PLACE = "register_place"
"""Key of run.json."""

VERDICTS = "verdicts"
"""Key of run.json: what was `learned`, a row a typology; and `scores_before`, for rings whose score verdicts moved, by
the evidence alone. A lesson drawn from scores that a lesson had moved would feed on itself."""

_NIGHTLY = (
    ("register_history", "register_rows"),
    ("register_ties", "register_things"),
    ("register_scores", "register_promises"),
)
"""What a night reads, and what the warehouse keeps it in."""


def recall(db: Warehouse, out: Path, run_date: date) -> int:
    """Make `known_nights` (run_date), `register_history` (run_date, ring_id, account_id, score), `register_ties`
    (run_date, ring_id, account_id, kind, entity_id) and `register_scores` (run_date, ring_id, typology, score by the
    evidence alone): the nights that this one may know, and what itself published earlier. Gives its place.

    Raises UsageError where a published night is not whole.
    """
    for table in _TABLES:
        db.rows(table)
    for night in published.dates(out):
        learn(db, out, night)
    found = db.rows("SELECT place FROM register_nights WHERE run_date = $night", night=run_date)
    place = int(found[0][0]) if found else _next(db)
    # Rows alone do not tell of a night that listed nobody; what comes back after one had been away all the same.
    db.make("known_nights", "SELECT run_date FROM register_nights WHERE place <= $place ORDER BY run_date", place=place)
    for name, rows in _NIGHTLY:
        db.make(
            name,
            f"SELECT r.* FROM {rows} AS r JOIN register_nights AS n USING (run_date) WHERE n.place <= $place"
            " ORDER BY ALL",
            place=place,
        )
    return place


def recall_names(db: Warehouse, run_date: date) -> None:
    """Make `register_history` for a look back at a night, from a warehouse that is only read: all rings up to it."""
    db.make("register_history", "SELECT * FROM register_rows WHERE run_date <= $night ORDER BY ALL", night=run_date)


def learn(db: Warehouse, out: Path, night: date) -> None:
    """Take a published night into the register, unless it is there as it was published."""
    folder = published.folder_of(out, night)
    run = published.run(folder)
    digest = _digest(run)
    known = db.rows("SELECT place, digest FROM register_nights WHERE run_date = $night", night=night)
    if known and known[0][1] == digest:
        return
    place = run.get(PLACE) or (known[0][0] if known else _next(db))
    rings, links = published.tables(folder, "rings", "links")
    members = rings.select("ring_id", pl.col("accounts").alias("account_id"), "score").explode("account_id")
    things = links.select("ring_id", "account_id", pl.col("entity_kind").alias("kind"), "entity_id")
    before = run.get(VERDICTS, {}).get("scores_before", {})
    told = [(i, typology, before.get(i, s)) for i, typology, s in rings.select("ring_id", "typology", "score").rows()]
    text = {"ring_id": pl.String, "typology": pl.String}
    promises = pl.DataFrame(told, schema={**text, "score": pl.Float64}, orient="row")
    db.put("learnt_members", members)
    db.put("learnt_things", things)
    db.put("learnt_promises", promises)
    with db.transaction():
        for table in ("register_nights", *(rows for _, rows in _NIGHTLY)):
            db.rows(f"DELETE FROM {table} WHERE run_date = $night", night=night)
        db.rows("INSERT INTO register_nights VALUES ($night, $place, $digest)", night=night, place=place, digest=digest)
        db.rows(
            "INSERT INTO register_rows SELECT $night, ring_id, account_id, score FROM learnt_members ORDER BY ALL",
            night=night,
        )
        db.rows(
            "INSERT INTO register_things SELECT $night, ring_id, account_id, kind, entity_id FROM learnt_things"
            " ORDER BY ALL",
            night=night,
        )
        db.rows(
            "INSERT INTO register_promises SELECT $night, ring_id, typology, score FROM learnt_promises ORDER BY ALL",
            night=night,
        )
    db.drop("learnt_members", "learnt_things", "learnt_promises")


def what_verdicts_did(db: Db) -> dict[str, object]:
    """For run.json, under `VERDICTS`. Reads `lesson`, `scores_before`, `ring_scores`, `ring_names`."""
    moved = db.frame(
        """
        SELECT n.ring_id, b.score
        FROM ring_names AS n JOIN scores_before AS b USING (ring) JOIN ring_scores AS r USING (ring)
        WHERE r.score <> b.score ORDER BY n.ring_id
        """
    )
    return {"learned": db.frame("SELECT * FROM lesson").rows(named=True), "scores_before": dict(moved.iter_rows())}


def _next(db: Warehouse) -> int:
    return int(db.rows("SELECT coalesce(max(place), 0) + 1 FROM register_nights")[0][0])


def _digest(run: Mapping[str, Any]) -> str:
    """Of what the register takes from a night; a re-run that gives the same bytes is the same night."""
    moved = json.dumps(run.get(VERDICTS, {}).get("scores_before", {}), sort_keys=True)
    tables = sorted(o["sha256"] for o in run["outputs"] if o["table"] in ("rings", "links"))
    return " ".join([*tables, hashlib.sha256(moved.encode()).hexdigest()])
