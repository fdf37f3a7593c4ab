"""Who joins a found ring: accounts that no single tie holds, but a thing that is the ring's own.

A boundary is drawn pair by pair, and a handle that twelve hand out says little of any two of them. Of a ring it says
more: whoever else hands out what most of a ring does and hardly anybody besides belongs to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import RingSettings

OWN_THINGS = """
WITH sizes AS (SELECT ring, count(*) AS size FROM found GROUP BY ring),
used AS (
    SELECT f.ring, u.space, u.entity_id, count(DISTINCT u.account_id) AS users
    FROM found AS f JOIN uses AS u ON u.account_id = f.account_id
    WHERE u.space IN ('contact', 'phone', 'owner', 'licence', 'source')
    GROUP BY f.ring, u.space, u.entity_id
)
SELECT t.ring, t.space, t.entity_id, t.users
FROM used AS t JOIN sizes AS z ON z.ring = t.ring
JOIN crowds AS c ON c.space = t.space AND c.entity_id = t.entity_id
LEFT JOIN hubs_met AS h ON h.space = t.space AND h.entity_id = t.entity_id
WHERE t.users >= $several AND t.users >= $own * z.size AND t.users >= $own * (c.n - 1)
  AND (h.treatment IS NULL OR h.treatment <> 'cut')
"""
"""What most of a ring uses, and few besides. Not what a home or a family shares, nor pockets, which friends and clients
of a pyramid lend each other by the dozen: of those whom these let in half were strangers to the ring. A number that
ties only those who act alike (`acting_hubs`) ties nobody else here either."""

JOINERS = """
WITH one_source AS (SELECT ring FROM own_things WHERE space = 'source' GROUP BY ring HAVING count(*) = 1),
outside AS (
    SELECT DISTINCT u.account_id, o.ring, o.users
    FROM own_things AS o JOIN uses AS u ON u.space = o.space AND u.entity_id = o.entity_id
    LEFT JOIN found AS f ON f.account_id = u.account_id
    LEFT JOIN one_source AS s ON s.ring = o.ring
    WHERE f.account_id IS NULL AND (o.space <> 'source' OR (s.ring IS NOT NULL AND u.account_id = o.entity_id))
)
SELECT min_by(ring, (-users, ring)) AS ring, account_id FROM outside GROUP BY account_id
"""
"""The one seller whose orders most of a ring quotes is where they leak. Where it quotes several sellers' orders whoever
handles them all is the leak (a courier, a service), and the sellers are its victims."""

SOURCES = """
SELECT m.ring, m.account_id
FROM members AS m JOIN (SELECT DISTINCT entity_id FROM uses WHERE space = 'source') AS s ON s.entity_id = m.account_id
WHERE m.acts < $acting
"""
"""Who cheats as well, and whose orders are quoted perhaps for that, is a member like any other."""

MEMBERS = """
SELECT ring, account_id, hold, acts FROM found
UNION ALL
SELECT ring, account_id, cast(0 AS DOUBLE), cast(0 AS DOUBLE) FROM joiners
ORDER BY ring, account_id
"""


def joining(db: Db, s: RingSettings) -> None:
    """Make `members`: the rows of `found`, and one for who joins, with 0 as `hold` and `acts`: the foot of its ring.
    And `sources` (`ring`, `account_id`): of them those whose orders leaked, and who did nothing themselves.

    Reads `found`, `uses`, `crowds`, `hubs_met`. Drops `found`.
    """
    db.make("own_things", OWN_THINGS, several=s.several, own=s.own)
    db.make("joiners", JOINERS)
    db.make("members", MEMBERS)
    db.make("sources", SOURCES, acting=s.acting)
    db.drop("own_things", "joiners", "found")
