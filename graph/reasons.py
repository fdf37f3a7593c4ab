"""Why a ring or an account is on the list, and what speaks against it: figures first, one plain sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from graph import words

if TYPE_CHECKING:
    from graph.db import Db
    from graph.words import Language

ACTED = """
SELECT m.ring, {who} t.typology, t.act, cast(sum(t.n) AS BIGINT) AS n, cast(sum(t.k) AS BIGINT) AS k,
       sum(t.rate * t.n) / sum(t.n) AS rate, round(sum(t.nats), 6) AS nats
FROM told AS t JOIN members AS m ON m.account_id = t.account_id
JOIN ring_typologies AS r ON r.ring = m.ring AND r.typology = t.typology
GROUP BY m.ring, {who} t.typology, t.act HAVING sum(t.nats) >= $least
"""

TRADE = """
WITH bad AS (SELECT DISTINCT order_id FROM facts WHERE order_id IS NOT NULL)
SELECT m.ring, count(*) AS n, count(*) FILTER (WHERE b.order_id IS NULL) AS plain, bool_and(o.paid_told) AS paid_told
FROM (SELECT order_id, paid_told, seller_id AS account_id FROM orders_near
      UNION ALL SELECT order_id, paid_told, buyer_id FROM orders_near) AS o
JOIN members AS m ON m.account_id = o.account_id LEFT JOIN bad AS b ON b.order_id = o.order_id
SEMI JOIN ring_names AS r ON r.ring = m.ring
GROUP BY m.ring
"""


def act_sentences(db: Db, language: Language, *, each: bool) -> pl.DataFrame:
    """One row a ring (or, `each`, a member): `reasons`, strongest kind of act first; `axes` of the ring's acts."""
    who = "t.account_id," if each else ""
    rows = db.frame(ACTED.format(who=who), least=1.0 if each else 2.0)
    said = [
        words.say(
            "acts",
            language,
            typology=words.typology(typology, language),
            k=k,
            n=n,
            what=words.act(act, language),
            rate=words.share(rate),
        )
        for typology, act, k, n, rate in rows.select("typology", "act", "k", "n", "rate").iter_rows()
    ]
    by = ["ring", "account_id"] if each else ["ring"]
    return (
        rows.with_columns(pl.Series("said", said, dtype=pl.String))
        .sort(*by, "nats", "act", descending=[False] * len(by) + [True, False])
        .group_by(by, maintain_order=True)
        .agg(pl.col("said").alias("reasons"))
    )


def things(links: pl.DataFrame, language: Language) -> pl.DataFrame:
    """One row a ring of `ring_links`: `things` ("2 devices, 1 payee") and `kinds`, most shared kind first."""
    counted = (
        links.group_by("ring_id", "entity_kind")
        .agg(pl.col("entity_id").n_unique().alias("n"))
        .sort("ring_id", "n", "entity_kind", descending=[False, True, False])
    )
    said = [
        words.say("thing", language, n=n, kind=words.kind(kind, language))
        for kind, n in counted.select("entity_kind", "n").iter_rows()
    ]
    comma = "、" if language == "zh" else ", "
    return (
        counted.with_columns(pl.Series("said", said, dtype=pl.String))
        .group_by("ring_id", maintain_order=True)
        .agg(pl.col("said").str.join(comma).alias("things"), pl.col("entity_kind").alias("kinds"))
    )


def ring_for(row: dict[str, Any], language: Language) -> list[str]:
    """Reasons for a ring: its acts, its ties, whom it harmed. `row` carries n_accounts, things, n_victims,
    exposure_fen, acts."""
    out: list[str] = list(row["acts"] or [])
    if row["things"]:
        out.append(words.say("ties", language, n=row["n_accounts"], things=row["things"]))
    if row["n_victims"]:
        out.append(words.say("victims", language, n=row["n_victims"], cny=words.cny(row["exposure_fen"])))
    return out


def ring_against(row: dict[str, Any], language: Language) -> list[str]:
    """What speaks against a ring: the innocent explanation first, then what is thin about the evidence."""
    out = [words.say("innocent", language, what=words.innocent(str(row["typology"]), language))]
    if row["n_passive"]:
        out.append(words.say("passive", language, n=row["n_accounts"], k=row["n_passive"]))
    if row["n_orders"] and row["n_plain"]:
        out.append(words.say("plain", language, n=row["n_orders"], k=row["n_plain"]))
    kinds = row["kinds"]
    if len(kinds) == 1:
        out.append(words.say("one_kind", language, kind=words.kind(kinds[0], language)))
    if row["weakest_tie"]:
        kind, _, entity = str(row["weakest_tie"]).partition(" ")
        out.append(words.say("weakest", language, kind=words.kind(kind, language), entity=entity))
    if row["paid_told"] is False:
        out.append(words.say("paid_untold", language))
    if row["warned_fen"]:
        out.append(words.say("warned", language, cny=words.cny(row["warned_fen"])))
    return out
