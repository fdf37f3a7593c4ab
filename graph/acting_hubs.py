"""Hubs whose users do the same: a crowd around one thing that shares nothing else is no hand, unless it acts like one.

Nine sellers on one phone number look like an agency's clients until most of them have their buyers confirm first. So
once acts are counted, a thing that was cut because its users share nothing rarer ties those who act alike after all,
and nobody else who uses it. Acts that restate ties do not count: a hall's freshers all signed up in one week.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.things import of_things, strengths

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import TieSettings

STANDING_OUT = """
WITH strongest AS (
    SELECT t.account_id, t.typology, t.axis, max(t.nats) AS nats
    FROM told AS t JOIN axes_of_acts AS x ON x.typology = t.typology AND x.act = t.act AND x.most IS NULL
    GROUP BY t.account_id, t.typology, t.axis
)
SELECT account_id, typology FROM strongest
GROUP BY account_id, typology HAVING sum(cast(nats AS DECIMAL(18, 6))) >= $acting
"""

ACTING_USERS = """
WITH users AS (
    SELECT DISTINCT u.account_id, u.space, u.entity_id, h.n_accounts
    FROM uses AS u JOIN hubs_met AS h ON h.space = u.space AND h.entity_id = u.entity_id
    WHERE h.treatment = 'cut' AND h.reason = 'incoherent' AND u.space <> 'source'
),
doing AS (SELECT u.*, s.typology FROM users AS u JOIN standing_out AS s ON s.account_id = u.account_id),
alike AS (
    SELECT space, entity_id, typology FROM doing
    GROUP BY space, entity_id, typology, n_accounts HAVING count(*) >= $same * n_accounts
)
SELECT DISTINCT d.account_id, d.space, d.entity_id
FROM doing AS d JOIN alike AS a ON a.space = d.space AND a.entity_id = d.entity_id AND a.typology = d.typology
"""
"""Of the users of a thing who stand out in what at least `$same` of them stand out in. Not of a source of leaked
orders: who quotes it acts by that alone."""

ALIKE = "SELECT space, entity_id, count(*) AS n FROM acting_users GROUP BY space, entity_id"

HUB_TIES = of_things("""
SELECT u.*, x.n, cast(1 AS DOUBLE) AS damping
FROM uses AS u
JOIN acting_users AS d ON d.account_id = u.account_id AND d.space = u.space AND d.entity_id = u.entity_id
JOIN hubs_alike AS x ON x.space = u.space AND x.entity_id = u.entity_id
""")

HUBS = """
SELECT h.space, h.entity_id, h.n_accounts,
       CASE WHEN x.n IS NULL THEN h.treatment ELSE 'damped' END AS treatment,
       CASE WHEN x.n IS NULL THEN h.reason ELSE 'alike' END AS reason,
       CASE WHEN x.n IS NULL THEN h.coherence ELSE cast(x.n AS DOUBLE) / h.n_accounts END AS coherence
FROM hubs_met AS h LEFT JOIN hubs_alike AS x ON x.space = h.space AND x.entity_id = h.entity_id
"""


def acting_hubs(db: Db, s: TieSettings, *, acting: float) -> None:
    """Add to `ties` those of hubs whose users act alike, and say so in `hubs_found` (damped, reason `alike`, coherence
    the share that does). Reads `uses`, `hubs_met`, `ties_met`, `told`, `axes_of_acts`; `acting` in nats."""
    db.make("standing_out", STANDING_OUT, acting=acting)
    db.make("acting_users", ACTING_USERS, same=s.same)
    db.make("hubs_alike", ALIKE)
    db.make("hub_ties", HUB_TIES, **strengths(s))
    db.view("ties", "SELECT * FROM ties_met UNION ALL SELECT * FROM hub_ties")
    db.view("hubs_found", HUBS)
    db.drop("standing_out", "acting_users")
