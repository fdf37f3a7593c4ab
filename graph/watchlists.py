"""The ranked watchlists of one night, from what the stages found. Frames out, one a table of `graph.tables`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from graph import words
from graph.actions import action, refer_to
from graph.changes import change_rows
from graph.facts import facts
from graph.operators import operators
from graph.reasons import TRADE, act_sentences, ring_against, ring_for, things
from graph.roles import roles
from graph.tables import WATCHLISTS
from graph.weakest import typed_graph, weakest_tie

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import Method
    from graph.words import Language

REJECTS = """
SELECT f.path AS file, r.line, r.column_name AS "column", r.reason, r.raw
FROM rejects_rows AS r JOIN files AS f USING (file_id)
WHERE r.drop_date = (SELECT max(drop_date) FROM files WHERE drop_date <= $run_date)
"""

HARM = """
WITH orders_once AS (
    SELECT {by}, order_id, any_value(victim_id) AS victim_id, max(exposure_fen) AS exposure_fen,
           max(loss_fen) AS loss_fen, max(warned_fen) AS warned_fen, max(happened_at) AS happened_at
    FROM facts WHERE order_id IS NOT NULL GROUP BY {by}, order_id
),
money AS (
    SELECT {by}, exposure_fen, loss_fen, warned_fen, happened_at FROM orders_once
  UNION ALL
    SELECT {by}, max(exposure_fen), max(loss_fen), 0, max(happened_at)
    FROM facts WHERE order_id IS NULL GROUP BY {by}, "table", row_key
),
sums AS (
    SELECT {by}, cast(sum(exposure_fen) AS BIGINT) AS exposure_fen, cast(sum(loss_fen) AS BIGINT) AS loss_fen,
           cast(sum(warned_fen) AS BIGINT) AS warned_fen,
           cast(coalesce(sum(loss_fen) FILTER (WHERE happened_at >= $recent), 0) AS BIGINT) AS recent_fen
    FROM money GROUP BY {by}
),
people AS (
    SELECT {by}, count(DISTINCT victim_id) AS n_victims, min(happened_at) AS first_activity_at,
           max(happened_at) AS last_activity_at,
           list_sort(list(DISTINCT region) FILTER (WHERE victim_id IS NOT NULL AND region IS NOT NULL)) AS regions,
           list_sort(list(DISTINCT axis)) AS act_axes
    FROM facts GROUP BY {by}
)
SELECT * FROM people JOIN sums USING ({by})
"""
"""Each order counts once, however many kinds of act it shows."""


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
        "lone": lone_rows(db, method, language),
        "links": links.drop("space"),
        "evidence": evidence_rows(db, rings, language),
        "open_orders": db.frame("SELECT * FROM open_orders_found").pipe(cny, "amount"),
        "hubs": hub_rows(db, language),
        "operators": operators(db),
        "changes": change_rows(db, links, language),
        "rejects": db.frame(REJECTS, run_date=run_date),
    }
    return {name: ordered(frame, name) for name, frame in out.items()}


def ordered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """A table's columns in their declared order, its rows sorted as declared."""
    table = WATCHLISTS[name]
    keys = [key.rstrip("-") for key in table.sort]
    descending = [key.endswith("-") for key in table.sort]
    return frame.sort(keys, descending=descending, nulls_last=False).select(table.schema.names)


def noted(rows: pl.DataFrame, notes: pl.DataFrame, language: Language) -> pl.DataFrame:
    """`reasons` and `against` with what the verdicts have to say (`notes`, in their order)."""
    said: dict[tuple[int, str | None, str], list[str]] = {}
    for ring, account, side, name, figures in notes.iter_rows():
        said.setdefault((ring, account, side), []).append(words.note(name, figures, language))
    who = rows["account_id"] if "account_id" in rows.columns else [None] * len(rows)
    for column, side in (("reasons", "for"), ("against", "against")):
        kept = rows[column].to_list()
        more = [said.get((ring, account, side), []) for ring, account in zip(rows["ring"], who, strict=True)]
        both = [old + new for old, new in zip(kept, more, strict=True)]
        rows = rows.with_columns(pl.Series(column, both, dtype=pl.List(pl.String)))
    return rows


def cny(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Replace BIGINT fen columns `<name>_fen` by decimal CNY columns `<name>`, exactly."""
    for name in names:
        fen = frame[f"{name}_fen"].to_list()
        values = [None if f is None else Decimal(f).scaleb(-2) for f in fen]
        frame = frame.drop(f"{name}_fen").with_columns(pl.Series(name, values, dtype=pl.Decimal(18, 2)))
    return frame


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
               list(m.account_id ORDER BY m.account_id) AS accounts, count(*) AS n_accounts,
               count(*) FILTER (WHERE coalesce(x.nats, 0) < $acting) AS n_passive
        FROM ring_names AS n JOIN ring_scores AS s USING (ring) JOIN members AS m USING (ring)
        LEFT JOIN suspicion AS x ON x.account_id = m.account_id
        GROUP BY ALL ORDER BY n.ring_id
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
    harm = db.frame(HARM.format(by="ring"), recent=recent)
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
        .join(harm, on="ring", how="left")
        .join(open_fen, on="ring_id", how="left")
        .join(counts, on="ring_id", how="left")
        .join(things(links, language), on="ring_id", how="left")
        .join(act_sentences(db, language, each=False).rename({"reasons": "acts"}), on="ring", how="left")
        .join(db.frame(TRADE).rename({"n": "n_orders", "plain": "n_plain"}), on="ring", how="left")
        .join(weakest, on="ring_id", how="left")
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
    rows = [
        (str(ring_id), " ".join(tie) if (tie := weakest_tie(typed_graph(rows))) else None)
        for (ring_id,), rows in links.sort("ring_id").group_by("ring_id", maintain_order=True)
    ]
    return pl.DataFrame(rows, schema={"ring_id": pl.String, "weakest_tie": pl.String}, orient="row")


def said(rows: pl.DataFrame, verdicts: dict[str, str], method: Method, language: Language) -> pl.DataFrame:
    """Add what is proposed, the sentences and the rank to ring rows."""
    actions, refers, reasons, against = [], [], [], []
    for row in rows.iter_rows(named=True):
        act = action(row["score"], row["typology"], row["n_victims"], row["loss_fen"], row["n_accounts"], method.score)
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


def account_rows(
    db: Db,
    links: pl.DataFrame,
    verdicts: dict[str, str],
    recent: datetime,
    rings: pl.DataFrame,
    language: Language,
) -> pl.DataFrame:
    """Rows of `accounts`."""
    harm = db.frame(HARM.format(by="ring, account_id"), recent=recent).select(
        "ring", "account_id", "n_victims", "exposure_fen", "loss_fen"
    )
    held = links.group_by("ring_id", "account_id").agg(pl.col("entity_kind").n_unique().alias("n_kinds"))
    rows = (
        db.frame("SELECT * FROM member_scores ORDER BY ring, account_id")
        .join(roles(db), on=["ring", "account_id"])
        .join(rings.select("ring", "ring_id", pl.col("typology").alias("of_ring")), on="ring")
        .join(harm, on=["ring", "account_id"], how="left")
        .join(act_sentences(db, language, each=True), on=["ring", "account_id"], how="left")
        .join(held, on=["ring_id", "account_id"], how="left")
        .join(
            db.frame("SELECT account_id, region FROM accounts SEMI JOIN members USING (account_id)"),
            on="account_id",
            how="left",
        )
        .join(tied_sentences(links, language), on=["ring_id", "account_id"], how="left")
        .with_columns(
            pl.col("n_victims", "exposure_fen", "loss_fen").fill_null(0),
            pl.col("typology").fill_null(pl.col("of_ring")),
            pl.col("reasons", "tied").fill_null([]),
        )
        .with_columns(pl.concat_list("reasons", "tied").alias("reasons"), pl.col("reasons").list.len().alias("n_acts"))
    )
    against = []
    for row in rows.iter_rows(named=True):
        sentences = [words.say("innocent", language, what=words.innocent(row["typology"], language))]
        if row["role"] == "source":
            sentences.insert(0, words.say("source", language))
        elif not row["n_acts"]:
            sentences.insert(0, words.say("holder", language))
        against.append(sentences)
    return (
        rows.with_columns(
            pl.Series("against", against, dtype=pl.List(pl.String)),
            pl.Series("verdict", [verdicts.get(i) for i in rows["account_id"]], dtype=pl.String),
            pl.col("exposure_fen").alias("exposure_cny_fen"),
            pl.col("loss_fen").alias("loss_cny_fen"),
        )
        .pipe(cny, "exposure_cny", "loss_cny")
        .sort("score", "account_id", descending=[True, False])
        .with_row_index("rank", 1)
        .with_columns(pl.col("rank").cast(pl.Int64))
    )


def tied_sentences(links: pl.DataFrame, language: Language) -> pl.DataFrame:
    """One row a member: `tied`, one sentence that says to how many members it is tied and by what."""
    pairs = links.select("ring_id", "account_id", "space", "entity_id").join(
        links.select("ring_id", pl.col("account_id").alias("other"), "space", "entity_id"),
        on=["ring_id", "space", "entity_id"],
    )
    others = (
        pairs.filter(pl.col("account_id") != pl.col("other"))
        .group_by("ring_id", "account_id")
        .agg(pl.col("other").n_unique().alias("n"))
    )
    kinds = (
        links.select("ring_id", "account_id", "entity_kind")
        .unique()
        .sort("ring_id", "account_id", "entity_kind")
        .group_by("ring_id", "account_id", maintain_order=True)
        .agg("entity_kind")
    )
    rows = others.join(kinds, on=["ring_id", "account_id"]).sort("ring_id", "account_id")
    comma = "、" if language == "zh" else ", "
    said = [
        [words.say("tied_to", language, n=n, things=comma.join(words.kind(k, language) for k in kinds))]
        for n, kinds in rows.select("n", "entity_kind").iter_rows()
    ]
    return rows.select("ring_id", "account_id").with_columns(pl.Series("tied", said, dtype=pl.List(pl.String)))


def lone_rows(db: Db, method: Method, language: Language) -> pl.DataFrame:
    """Rows of `lone`; a lone account is advised or warned, never more."""
    rows = db.frame(
        """
        SELECT l.account_id, l.score, l.typology, t.act, t.k, t.n, t.rate, t.nats
        FROM lone_scores AS l JOIN told AS t ON t.account_id = l.account_id AND t.typology = l.typology
        WHERE t.nats > 0 ORDER BY l.account_id, t.nats DESC, t.act
        """
    )
    said = [
        words.say(
            "acts", language, typology=words.typology(typology, language), k=k, n=n,
            what=words.act(act, language), rate=words.share(rate),
        )
        for typology, act, k, n, rate in rows.select("typology", "act", "k", "n", "rate").iter_rows()
    ]  # fmt: skip
    tier = pl.when(pl.col("score") >= method.score.warn).then(pl.lit("warn")).otherwise(pl.lit("advise"))
    alone = pl.lit(words.say("alone", language))
    return (
        rows.with_columns(pl.Series("said", said, dtype=pl.String))
        .group_by("account_id", maintain_order=True)
        .agg(pl.col("score", "typology").first(), pl.col("said").alias("reasons"))
        .with_columns(tier.alias("action"), pl.concat_list("reasons", alone).alias("reasons"))
    )


def evidence_rows(db: Db, rings: pl.DataFrame, language: Language) -> pl.DataFrame:
    """Rows of `evidence`: every act, and for every tie the first row that shows it."""
    acts = db.frame(
        """
        SELECT f.ring_id, f.typology, f.act, f.account_id, f."table", f.row_key AS key, f.happened_at,
               i.path AS file, i.sha256 AS file_sha256, f.line
        FROM facts AS f JOIN files AS i USING (file_id) ORDER BY ALL
        """
    )
    fact = [
        words.say("fact", language, what=words.act(act, language), at=f"{at:%Y-%m-%d %H:%M}")
        for act, at in acts.select("act", "happened_at").iter_rows()
    ]
    ties = db.frame(
        """
        SELECT l.ring_id, l.account_id, l.entity_kind, l.entity_id, l."table", l.row_key AS key,
               l.first_seen_at, l.last_seen_at, i.path AS file, i.sha256 AS file_sha256, l.line
        FROM link_rows AS l JOIN files AS i USING (file_id) ORDER BY ALL
        """
    ).join(rings.select("ring_id", "typology"), on="ring_id")
    held = [
        words.say(
            "fact_tie", language, kind=words.kind(kind, language), entity=entity,
            since=f"{first:%Y-%m-%d}", until=f"{last:%Y-%m-%d}",
        )
        for kind, entity, first, last in ties.select(
            "entity_kind", "entity_id", "first_seen_at", "last_seen_at"
        ).iter_rows()
    ]  # fmt: skip
    columns = WATCHLISTS["evidence"].schema.names
    return pl.concat(
        [
            acts.with_columns(pl.Series("fact", fact, dtype=pl.String)).select(columns),
            ties.with_columns(pl.Series("fact", held, dtype=pl.String)).select(columns),
        ]
    ).unique()


def hub_rows(db: Db, language: Language) -> pl.DataFrame:
    """Rows of `hubs`."""
    rows = db.frame(
        """
        SELECT min(u.kind) AS entity_kind, h.entity_id, any_value(h.n_accounts) AS n_accounts,
               any_value(h.treatment) AS treatment, any_value(h.reason) AS why, any_value(h.coherence) AS coherence,
               count(DISTINCT n.ring) AS n_rings_joined
        FROM hubs_found AS h JOIN uses AS u USING (space, entity_id)
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
