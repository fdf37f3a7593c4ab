"""What the stages found, on the way to the lists: for questions that the published tables have no column for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from graph import pooled
from graph.what_if import Weighed

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import RingSettings

RINGS = """
SELECT s.ring, s.score, s.nats, list(m.account_id ORDER BY m.account_id) AS accounts, count(*) AS n_accounts
FROM ring_scores AS s JOIN members AS m USING (ring) GROUP BY ALL ORDER BY s.score DESC, s.ring
"""

TYPOLOGIES = "SELECT ring, typology, nats, score FROM ring_typologies ORDER BY ring, nats DESC, typology"

ACCOUNTS = "SELECT account_id, ring, score FROM member_scores ORDER BY score DESC, account_id"

CHANCES = """
SELECT m.ring AS "group", c.* FROM chances_rated AS c JOIN members AS m USING (account_id)
SEMI JOIN ring_scores AS r ON r.ring = m.ring ORDER BY ALL
"""

OWN = """
WITH strongest AS (
    SELECT m.ring, t.* FROM told_each AS t JOIN members AS m USING (account_id)
    SEMI JOIN ring_scores AS r ON r.ring = m.ring WHERE t.nats > 0
    QUALIFY row_number() OVER (PARTITION BY t.account_id, t.typology, t.axis ORDER BY t.nats DESC, t.act) = 1
)
SELECT ring, typology, act, axis, cast(sum(n) AS BIGINT) AS n, cast(sum(k) AS BIGINT) AS k,
       sum(rate * n) / sum(n) AS rate, sum(nats) AS nats
FROM strongest GROUP BY ring, typology, act, axis ORDER BY ALL
"""
"""What the members' acts say one by one; of two acts on one axis a member's stronger, as in `pooled.by_typology`."""

HUBS = """
SELECT u.account_id, u.space, min(u.kind) AS entity_kind, u.entity_id, any_value(h.n_accounts) AS n_accounts,
       min(u.first_at) AS first_at, max(u.last_at) AS last_at
FROM uses AS u JOIN hubs_found AS h USING (space, entity_id) JOIN members AS m USING (account_id)
SEMI JOIN ring_scores AS r ON r.ring = m.ring
WHERE h.treatment = 'cut' GROUP BY u.account_id, u.space, u.entity_id ORDER BY ALL
"""

CUT = """
WITH listed AS (SELECT m.ring, m.account_id FROM members AS m SEMI JOIN ring_scores USING (ring)),
ends AS (
    SELECT a AS account_id, b AS outside_id, * EXCLUDE (a, b) FROM ties
  UNION ALL
    SELECT b, a, * EXCLUDE (a, b) FROM ties
)
SELECT t.account_id, t.outside_id, t.space, t.kind AS entity_kind, t.entity_id, cast(t.nats AS DOUBLE) AS weight,
       t.first_at, t.last_at
FROM ends AS t JOIN listed AS m ON m.account_id = t.account_id
LEFT JOIN listed AS o ON o.account_id = t.outside_id
WHERE o.ring IS NULL OR o.ring <> m.ring ORDER BY ALL
"""


def weighed(db: Db, s: RingSettings, changed: dict[str, Any]) -> Weighed:
    """Read the night's tables, made up to the scores. Ties among scores are broken by the number of the ring."""
    typologies = db.frame(TYPOLOGIES)
    named = typologies.group_by("ring", maintain_order=True).agg(
        pl.col("typology").first(), pl.struct(pl.col("typology").alias("name"), "score").alias("typologies")
    )
    chances = db.frame(CHANCES)
    acts = pooled.by_act(chances, cap=s.ring_cap).rename({"group": "ring"})
    columns = ("ring", "typology", "act", "axis", "n", "k", "rate", "nats")
    return Weighed(
        changed,
        _ranked(db.frame(RINGS).join(named, on="ring", how="left", maintain_order="left")),
        _ranked(db.frame(ACCOUNTS)),
        typologies.select("ring", "typology", "nats"),
        acts.select(columns),
        db.frame(OWN).select(columns),
        db.frame(HUBS),
        db.frame(CUT),
    )


def _ranked(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_row_index("rank", 1).with_columns(pl.col("rank").cast(pl.Int64))
