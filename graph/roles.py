"""What each member was to its ring, from the sides on which it acted and its place in the referral line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from graph.db import Db

ROLES = """
WITH sides AS (
    SELECT t.account_id, m.ring,
           bool_or(t.side = 'seller') AS sold, bool_or(t.side = 'buyer') AS bought,
           bool_or(t.side = 'promoter') AS promoted, bool_or(t.side = 'organiser') AS recruited,
           bool_or(t.side = 'sender') AS wrote
    FROM told AS t JOIN members AS m ON m.account_id = t.account_id
    JOIN ring_typologies AS r ON r.ring = m.ring AND r.typology = t.typology
    WHERE t.nats >= $least
    GROUP BY t.account_id, m.ring
)
SELECT m.ring, m.account_id,
       CASE WHEN c.account_id IS NOT NULL THEN 'source'
            WHEN s.recruited AND up.account_id IS NULL THEN 'organiser'
            WHEN s.recruited OR s.promoted THEN 'promoter'
            WHEN (s.sold OR s.wrote AND e.account_id IS NOT NULL) AND s.bought THEN 'both'
            WHEN s.sold OR s.wrote AND e.account_id IS NOT NULL THEN 'seller'
            WHEN s.bought THEN 'buyer'
            WHEN s.wrote THEN 'promoter'
            ELSE 'holder' END AS role
FROM members AS m
SEMI JOIN ring_names AS n ON n.ring = m.ring
LEFT JOIN sides AS s ON s.account_id = m.account_id AND s.ring = m.ring
LEFT JOIN sources AS c ON c.account_id = m.account_id
LEFT JOIN sellers AS e ON e.account_id = m.account_id
LEFT JOIN accounts AS a ON a.account_id = m.account_id
LEFT JOIN members AS up ON up.account_id = a.inviter_id AND up.ring = m.ring
ORDER BY m.ring, m.account_id
"""


def roles(db: Db, *, least: float = 1.0) -> pl.DataFrame:
    """One row a member: `ring`, `account_id`, `role`. Acts under `least` nats give no role: everybody has one late
    parcel."""
    return db.frame(ROLES, least=least)
