"""The register of subjects ("网络经济户口"): accounts held together by owner, licence, phone or payee, flagged or
not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from graph.db import Db

HELD = """
SELECT DISTINCT u.account_id, u.space, u.entity_id
FROM uses AS u LEFT JOIN hubs_found AS h ON h.space = u.space AND h.entity_id = u.entity_id AND h.treatment = 'cut'
WHERE h.space IS NULL AND (u.space IN ('owner', 'licence', 'phone') OR u.kind = 'payee')
ORDER BY u.account_id, u.space, u.entity_id
"""

ROWS = """
SELECT o.operator, array_sort(array_agg(o.account_id)) AS accounts,
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
GROUP BY o.operator HAVING count(*) > 1
"""


def operators(db: Db) -> pl.DataFrame:
    """Rows of the watchlist `operators`. Reads `uses`, `hubs_found`, `accounts`, `members`, `ring_names`."""
    db.put("operator_accounts", components(db.frame(HELD)))
    rows = db.frame(ROWS)
    ids = pl.Series("operator_id", ["O-" + hashlib.sha256(a[0].encode()).hexdigest()[:10] for a in rows["accounts"]])
    return rows.with_columns(ids, pl.col("regions").fill_null([])).drop("operator").sort("operator_id")


def components(held: pl.DataFrame) -> pl.DataFrame:
    """Connected accounts: `operator` (a number), `account_id`, from rows `account_id`, `space`, `entity_id`."""
    if held.is_empty():
        return pl.DataFrame(schema={"operator": pl.Int64, "account_id": pl.String})
    accounts = held["account_id"].unique().sort()
    things = (
        held.select("space", "entity_id").unique().sort("space", "entity_id").with_row_index("thing", len(accounts))
    )
    index = pl.DataFrame({"account_id": accounts}).with_row_index("account")
    edges = held.join(index, on="account_id").join(things, on=["space", "entity_id"])
    size = len(accounts) + len(things)
    ones = np.ones(len(edges), dtype=np.int8)
    matrix = coo_array((ones, (edges["account"].to_numpy(), edges["thing"].to_numpy())), shape=(size, size))
    _, label = connected_components(matrix, directed=False)
    return pl.DataFrame({"operator": label[: len(accounts)].astype(np.int64), "account_id": accounts})
