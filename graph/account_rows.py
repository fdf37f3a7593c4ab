"""The watchlists of accounts: members of rings, and those that stand out on no ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from graph import words
from graph.harm import cny, harm
from graph.reasons import act_sentences
from graph.roles import roles

if TYPE_CHECKING:
    from datetime import datetime

    from graph.db import Db
    from graph.settings import Method
    from graph.words import Language


def account_rows(
    db: Db,
    links: pl.DataFrame,
    verdicts: dict[str, str],
    recent: datetime,
    rings: pl.DataFrame,
    language: Language,
) -> pl.DataFrame:
    """Rows of `accounts`."""
    harmed = harm(db, "ring, account_id", recent).select("ring", "account_id", "n_victims", "exposure_fen", "loss_fen")
    held = links.group_by("ring_id", "account_id").agg(pl.col("entity_kind").n_unique().alias("n_kinds"))
    rows = (
        db.frame("SELECT * FROM member_scores ORDER BY ring, account_id")
        .join(roles(db), on=["ring", "account_id"])
        .join(rings.select("ring", "ring_id", pl.col("typology").alias("of_ring")), on="ring")
        .join(harmed, on=["ring", "account_id"], how="left")
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
    recruits = set(db.frame("SELECT account_id FROM recruits")["account_id"])
    against = []
    for row in rows.iter_rows(named=True):
        sentences = [words.say("innocent", language, what=words.innocent(row["typology"], language))]
        if row["role"] == "source":
            sentences.insert(0, words.say("source", language))
        elif not row["n_acts"]:
            sentences.insert(0, words.say("holder", language))
        elif row["typology"] == "pyramid" and row["account_id"] in recruits:
            sentences.insert(0, words.say("recruit", language))
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


def lone_rows(db: Db, method: Method, notes: pl.DataFrame, language: Language) -> pl.DataFrame:
    """Rows of `lone`; a lone account is advised or warned, never more. `notes`: what verdicts have to say of them."""
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
    told: dict[str, list[str]] = {}
    for account, name, figures in notes.select("account_id", "name", "figures").iter_rows():
        told.setdefault(account, []).append(words.note(name, figures, language))
    more = pl.DataFrame(
        {"account_id": list(told), "more": list(told.values())},
        schema={"account_id": pl.String, "more": pl.List(pl.String)},
    )
    return (
        rows.with_columns(pl.Series("said", said, dtype=pl.String))
        .group_by("account_id", maintain_order=True)
        .agg(pl.col("score", "typology").first(), pl.col("said").alias("reasons"))
        .join(more, on="account_id", how="left", maintain_order="left")
        .with_columns(
            tier.alias("action"),
            pl.concat_list("reasons", alone, pl.col("more").fill_null([])).alias("reasons"),
        )
        .drop("more")
    )
