"""The register of subjects ("网络经济户口"): accounts held together by owner, licence, phone or payee, flagged or
not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from graph.db import Db

HELD = """
WITH held AS (
    SELECT DISTINCT u.account_id, u.space, u.entity_id
    FROM uses AS u
    LEFT JOIN hubs_found AS h ON h.space = u.space AND h.entity_id = u.entity_id AND h.treatment = 'cut'
    WHERE h.space IS NULL AND (u.space IN ('owner', 'licence', 'phone') OR u.kind = 'payee')
),
firsts AS (SELECT space, entity_id, min(account_id) AS first_id FROM held GROUP BY space, entity_id)
SELECT DISTINCT f.first_id AS a, h.account_id AS b
FROM held AS h JOIN firsts AS f ON f.space = h.space AND f.entity_id = h.entity_id
WHERE h.account_id <> f.first_id
"""
"""Of those who hold one thing each is paired with the first: that joins them as well as all pairs would."""

ROWS = """
SELECT array_sort(array_agg(o.account_id)) AS accounts,
       count(*) FILTER (WHERE a.kind = 'shop') AS n_shops,
       count(DISTINCT a.licence_id) AS n_licences,
       count(DISTINCT a.licence_id) FILTER (WHERE a.licence_shown) AS n_licences_shown,
       count(*) FILTER (WHERE a.cancelled_at IS NOT NULL OR a.banned_at IS NOT NULL) AS n_closed,
       array_sort(array_agg(DISTINCT a.region) FILTER (WHERE a.region IS NOT NULL)) AS regions,
       min(a.registered_at) AS first_registered_at,
       max(least(coalesce(a.cancelled_at, a.banned_at), coalesce(a.banned_at, a.cancelled_at))) AS last_closed_at,
       min(n.ring_id) AS ring_id
FROM operator_accounts AS o
LEFT JOIN accounts AS a ON a.account_id = o.account_id
LEFT JOIN members AS m ON m.account_id = o.account_id
LEFT JOIN ring_names AS n ON n.ring = m.ring
GROUP BY o.component
"""


def operators(db: Db) -> pl.DataFrame:
    """Rows of the watchlist `operators`. Reads `uses`, `hubs_found`, `accounts`, `members`, `ring_names`."""
    db.connect("operator_accounts", HELD)
    rows = db.frame(ROWS)
    ids = pl.Series("operator_id", ["O-" + hashlib.sha256(a[0].encode()).hexdigest()[:10] for a in rows["accounts"]])
    return rows.with_columns(ids, pl.col("regions").fill_null([])).sort("operator_id")
