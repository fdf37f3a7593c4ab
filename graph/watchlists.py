"""The ranked watchlists of one night, from what the stages found. Frames out, one a table of `graph.tables`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from graph import words
from graph.account_rows import account_rows, lone_rows
from graph.changes import change_rows
from graph.facts import facts
from graph.harm import cny
from graph.operators import operators
from graph.ring_rows import noted, ring_rows
from graph.tables import WATCHLISTS

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import Method
    from graph.words import Language

REJECTS = """
SELECT f.path AS file, r.line, r.column_name, r.reason, r.raw
FROM rejects_rows AS r JOIN files AS f ON f.file_id = r.file_id
WHERE r.drop_date = (SELECT max(drop_date) FROM files WHERE drop_date <= $run_date)
"""


def watchlists(db: Db, run_date: date, method: Method, language: Language) -> dict[str, pl.DataFrame]:
    """All tables of `graph.tables.WATCHLISTS`, sorted as declared.

    Reads everything the stages made, `files` and `rejects_rows`. Money is decimal CNY from here on.
    """
    facts(db)
    recent = datetime(run_date.year, run_date.month, run_date.day) - timedelta(days=method.score.recent_days)
    links = db.frame("SELECT * FROM ring_links ORDER BY ALL")
    verdicts = dict(db.frame("SELECT subject_id, verdict FROM opinions ORDER BY subject_id").iter_rows())
    notes = db.frame("SELECT * FROM notes")
    rings = ring_rows(db, links, verdicts, recent, method, language)
    accounts = account_rows(db, links, verdicts, recent, rings, language)
    out = {
        "rings": noted(rings, notes.filter(pl.col("account_id").is_null()), language),
        "accounts": noted(accounts, notes.filter(pl.col("account_id").is_not_null()), language),
        "lone": lone_rows(db, method, notes.filter(pl.col("ring").is_null()), language),
        "links": links.drop("space"),
        "evidence": evidence_rows(db, rings, language),
        "open_orders": db.frame("SELECT * FROM open_orders_found").pipe(cny, "amount"),
        "hubs": hub_rows(db, language),
        "operators": operators(db),
        "changes": change_rows(db, links, language),
        "rejects": db.frame(REJECTS, run_date=run_date).rename({"column_name": "column"}),
    }
    return {name: ordered(frame, name) for name, frame in out.items()}


def ordered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """A table's columns in their declared order, its rows sorted as declared."""
    table = WATCHLISTS[name]
    keys = [key.rstrip("-") for key in table.sort]
    descending = [key.endswith("-") for key in table.sort]
    return frame.sort(keys, descending=descending, nulls_last=False).select(table.schema.names)


def evidence_rows(db: Db, rings: pl.DataFrame, language: Language) -> pl.DataFrame:
    """Rows of `evidence`: every act, and for every tie the first row that shows it."""
    acts = db.frame(
        """
        SELECT f.ring_id, f.typology, f.act, f.account_id, f.export, f.row_key AS key, f.happened_at,
               i.path AS file, i.sha256 AS file_sha256, f.line
        FROM facts AS f JOIN files AS i ON i.file_id = f.file_id ORDER BY ALL
        """
    ).rename({"export": "table"})
    fact = {
        act: words.say("fact", language, what=words.act(act, language), at="{at}")
        for act in acts["act"].unique().sort()
    }
    ties = (
        db.frame(
            """
        SELECT l.ring_id, l.account_id, l.entity_kind, l.entity_id, l.export, l.row_key AS key,
               l.first_seen_at, l.last_seen_at, i.path AS file, i.sha256 AS file_sha256, l.line
        FROM link_rows AS l JOIN files AS i ON i.file_id = l.file_id ORDER BY ALL
        """
        )
        .rename({"export": "table"})
        .join(rings.select("ring_id", "typology"), on="ring_id")
    )
    held = {
        kind: words.say(
            "fact_tie", language, kind=words.kind(kind, language), entity="{entity}", since="{since}", until="{until}"
        )
        for kind in ties["entity_kind"].unique().sort()
    }
    columns = WATCHLISTS["evidence"].schema.names
    return pl.concat(
        [
            acts.with_columns(
                pl.col("act")
                .replace_strict(fact, return_dtype=pl.String)
                .pipe(_filled, "at", pl.col("happened_at").dt.strftime("%Y-%m-%d %H:%M"))
                .alias("fact")
            ).select(columns),
            ties.with_columns(
                pl.col("entity_kind")
                .replace_strict(held, return_dtype=pl.String)
                .pipe(_filled, "since", pl.col("first_seen_at").dt.strftime("%Y-%m-%d"))
                .pipe(_filled, "until", pl.col("last_seen_at").dt.strftime("%Y-%m-%d"))
                .pipe(_filled, "entity", pl.col("entity_id"))  # last: an id may hold anything
                .alias("fact")
            ).select(columns),
        ]
    ).unique()


def _filled(sentence: pl.Expr, name: str, figure: pl.Expr) -> pl.Expr:
    """The figure in its place, for all rows at once: there is a row of evidence for every act."""
    return sentence.str.replace(f"{{{name}}}", figure, literal=True)


def hub_rows(db: Db, language: Language) -> pl.DataFrame:
    """Rows of `hubs`."""
    rows = db.frame(
        """
        SELECT min(u.kind) AS entity_kind, h.entity_id, any_value(h.n_accounts) AS n_accounts,
               any_value(h.treatment) AS treatment, any_value(h.reason) AS why, any_value(h.coherence) AS coherence,
               count(DISTINCT n.ring) AS n_rings_joined
        FROM hubs_found AS h JOIN uses AS u ON u.space = h.space AND u.entity_id = h.entity_id
        LEFT JOIN members AS m ON m.account_id = u.account_id
        LEFT JOIN ring_names AS n ON n.ring = m.ring
        GROUP BY h.space, h.entity_id ORDER BY ALL
        """
    )
    reason = [
        words.say(f"hub_{why}", language, n=n, share=words.share(coherence))
        for why, n, coherence in rows.select("why", "n_accounts", "coherence").iter_rows()
    ]
    joined = pl.when(pl.col("n_rings_joined") > 1).then(pl.col("n_rings_joined")).otherwise(0)
    return rows.with_columns(pl.Series("reason", reason, dtype=pl.String), joined.alias("n_rings_joined"))
