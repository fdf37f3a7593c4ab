"""The watchlist of rings: what is known of each, what is proposed, and the sentences for and against."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import polars as pl

from graph import words
from graph.actions import PLACED, action, levels, refer_to
from graph.harm import cny, harm
from graph.reasons import TRADE, act_sentences, ring_against, ring_for, things
from graph.weakest import EDGE, drawn, weakest_tie

if TYPE_CHECKING:
    from datetime import datetime

    from graph.db import Db
    from graph.settings import Method
    from graph.words import Language


def ring_rows(
    db: Db,
    links: pl.DataFrame,
    verdicts: dict[str, str],
    recent: datetime,
    method: Method,
    language: Language,
) -> pl.DataFrame:
    """Rows of `rings`, without a tie left in their order: score, priority, name."""
    base = db.frame(
        """
        SELECT n.ring, n.ring_id, n.lifecycle, n.previous_ring_ids, s.score,
               array_sort(array_agg(m.account_id)) AS accounts, count(*) AS n_accounts,
               count(*) FILTER (WHERE coalesce(x.nats, 0) < $acting) AS n_passive
        FROM ring_names AS n JOIN ring_scores AS s ON s.ring = n.ring JOIN members AS m ON m.ring = n.ring
        LEFT JOIN suspicion AS x ON x.account_id = m.account_id
        GROUP BY n.ring, n.ring_id, n.lifecycle, n.previous_ring_ids, s.score ORDER BY n.ring_id
        """,
        acting=method.rings.acting,
    )
    typologies = (
        db.frame("SELECT * FROM ring_typologies ORDER BY ring, nats DESC, typology")
        .group_by("ring", maintain_order=True)
        .agg(
            pl.col("typology").first(),
            pl.struct(pl.col("typology").alias("name"), pl.col("score")).alias("typologies"),
        )
    )
    harmed = harm(db, "ring", recent)
    open_fen = db.frame(
        "SELECT ring_id, cast(sum(amount_fen) AS BIGINT) AS open_fen FROM open_orders_found GROUP BY ring_id"
    )
    counts = links.group_by("ring_id").agg(
        pl.col("entity_id").filter(pl.col("space") == "device").n_unique().alias("n_devices"),
        pl.col("entity_id").filter(pl.col("space") == "pay").n_unique().alias("n_payees"),
    )
    weakest = weakest_ties(links)
    rows = (
        base.join(typologies, on="ring")
        .join(harmed, on="ring", how="left")
        .join(open_fen, on="ring_id", how="left")
        .join(counts, on="ring_id", how="left")
        .join(things(links, language), on="ring_id", how="left")
        .join(act_sentences(db, language, each=False).rename({"reasons": "acts"}), on="ring", how="left")
        .join(db.frame(TRADE).rename({"n": "n_orders", "plain": "n_plain"}), on="ring", how="left")
        .join(weakest, on="ring_id", how="left")
        .join(levels(db.frame(PLACED)), on="ring", how="left")
        .with_columns(
            pl.col("n_victims", "exposure_fen", "loss_fen", "warned_fen", "recent_fen", "open_fen").fill_null(0),
            pl.col("n_devices", "n_payees", "n_orders", "n_plain").fill_null(0),
            pl.col("regions", "act_axes", "kinds").fill_null([]),
        )
        .with_columns(
            (pl.col("score") * (pl.col("open_fen") + pl.col("recent_fen")) / 100).alias("priority"),
            pl.concat_list("kinds", "act_axes").list.unique().list.sort().alias("axes"),
        )
    )
    return said(rows, verdicts, method, language)


def weakest_ties(links: pl.DataFrame) -> pl.DataFrame:
    """One row a ring of `ring_links`: `weakest_tie` ("kind id"), or NULL where no one thing holds the ring together."""
    # Sorted once for all rings: a frame a ring takes longer than its graph.
    sort = ("ring_id", "account_id", "space", "entity_kind", "entity_id")
    each = groupby(links.sort(sort).select("ring_id", *EDGE).iter_rows(), key=itemgetter(0))
    found = ((ring_id, weakest_tie(drawn(row[1:] for row in rows))) for ring_id, rows in each)
    rows = [(ring_id, " ".join(tie) if tie else None) for ring_id, tie in found]
    return pl.DataFrame(rows, schema={"ring_id": pl.String, "weakest_tie": pl.String}, orient="row")


def said(rows: pl.DataFrame, verdicts: dict[str, str], method: Method, language: Language) -> pl.DataFrame:
    """Add what is proposed, the sentences and the rank to ring rows."""
    actions, refers, reasons, against = [], [], [], []
    for row in rows.iter_rows(named=True):
        act = action(
            row["score"],
            row["typology"],
            row["n_victims"],
            row["loss_fen"],
            row["n_accounts"],
            row["levels"],
            method.score,
        )
        actions.append(act)
        refers.append(refer_to(act, row["typology"]))
        reasons.append(ring_for(row, language))
        against.append(ring_against(row, language))
    return (
        rows.with_columns(
            pl.Series("action", actions, dtype=pl.String),
            pl.Series("refer_to", refers, dtype=pl.String),
            pl.Series("reasons", reasons, dtype=pl.List(pl.String)),
            pl.Series("against", against, dtype=pl.List(pl.String)),
            pl.Series("verdict", [verdicts.get(i) for i in rows["ring_id"]], dtype=pl.String),
        )
        .rename({"warned_fen": "exposure_warned_fen"})
        .with_columns(pl.col(f"{n}_fen").alias(f"{n}_cny_fen") for n in ("exposure", "loss", "open", "exposure_warned"))
        .pipe(cny, "exposure_cny", "loss_cny", "open_cny", "exposure_warned_cny")
        .sort("score", "priority", "ring_id", descending=[True, True, False])
        .with_row_index("rank", 1)
        .with_columns(pl.col("rank").cast(pl.Int64))
    )


def noted(rows: pl.DataFrame, notes: pl.DataFrame, language: Language) -> pl.DataFrame:
    """`reasons` and `against` with what the verdicts have to say (`notes`, in their order)."""
    if notes.is_empty():
        return rows
    said: dict[tuple[int | None, str | None, str], list[str]] = {}
    for ring, account, side, name, figures in notes.iter_rows():
        said.setdefault((ring, account, side), []).append(words.note(name, figures, language))
    who = rows["account_id"] if "account_id" in rows.columns else [None] * len(rows)
    for column, side in (("reasons", "for"), ("against", "against")):
        kept = rows[column].to_list()
        more = [said.get((ring, account, side), []) for ring, account in zip(rows["ring"], who, strict=True)]
        both = [old + new for old, new in zip(kept, more, strict=True)]
        rows = rows.with_columns(pl.Series(column, both, dtype=pl.List(pl.String)))
    return rows
