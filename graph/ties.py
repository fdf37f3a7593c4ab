"""Ties: for each pair of accounts, why they may be one hand, weighed in log-odds; and the hubs that are no tie at all.

The weight of a shared thing falls with the number that share it (inverse log degree, as Adamic and Adar 2003 for
friends in common), with a life apart (two accounts on one phone whose spans do not overlap are a phone sold on), and
rises when it was first used within hours. A crowd around one thing is one hand only when its users share rarer things
too (coherence); else the thing is a hub, damped or cut, and listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.fees import fees
from graph.things import of_things, strengths

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import TieSettings

CROWDS = """
WITH users AS (SELECT DISTINCT account_id, space, entity_id FROM uses),
degree AS (
    SELECT space, entity_id, count(*) AS n FROM users GROUP BY space, entity_id
),
sized AS (SELECT u.account_id, u.space, u.entity_id, d.n FROM users AS u
          JOIN degree AS d ON d.space = u.space AND d.entity_id = u.entity_id),
met AS (
    SELECT b.account_id, b.space, b.entity_id, b.n, o.space AS by_space, o.entity_id AS by_id, o.n AS by_n
    FROM sized AS b JOIN sized AS o
      ON o.account_id = b.account_id AND (o.space <> b.space OR o.entity_id <> b.entity_id)
    WHERE b.n > $keep AND o.n <= 2 * b.n
),
proof AS (
    SELECT space, entity_id, by_space, by_id FROM met GROUP BY space, entity_id, by_space, by_id, n, by_n
    HAVING count(*) > 1 AND ((by_n <= $rare AND by_space <> space) OR count(*) >= $same * (n + by_n - count(*)))
),
coherent AS (
    SELECT m.space, m.entity_id, count(DISTINCT m.account_id) AS n
    FROM met AS m SEMI JOIN proof AS p
      ON p.space = m.space AND p.entity_id = m.entity_id AND p.by_space = m.by_space AND p.by_id = m.by_id
    GROUP BY m.space, m.entity_id
),
together AS (
    SELECT space, entity_id, max(beside) AS n FROM signed_together GROUP BY space, entity_id
)
SELECT d.space, d.entity_id, d.n,
       CASE WHEN d.n <= $keep THEN cast(1 AS DOUBLE)
            ELSE greatest(coalesce(c.n, 0), coalesce(t.n, 0)) / d.n END AS coherence,
       k.device_id IS NOT NULL AS kiosk
FROM degree AS d
LEFT JOIN coherent AS c ON c.space = d.space AND c.entity_id = d.entity_id
LEFT JOIN together AS t ON t.space = d.space AND t.entity_id = d.entity_id
LEFT JOIN kiosks AS k ON d.space = 'device' AND d.entity_id = k.device_id
"""
"""Coherence counts a crowd's users who share a second thing with another of its users: a rarer thing of another space
(a campus shares its parcel station as well as its kiosk, a family its two phones), or one that nearly the same people
use (`$same` of those who use either)."""

HUBS = """
SELECT space, entity_id, n AS n_accounts,
       CASE WHEN kiosk OR n > $crowd OR coherence < $coherence / 2 THEN 'cut' ELSE 'damped' END AS treatment,
       CASE WHEN kiosk THEN 'kiosk' WHEN n > $crowd THEN 'crowd' ELSE 'incoherent' END AS reason,
       CASE WHEN kiosk OR n > $crowd OR coherence < $coherence / 2 THEN cast(0 AS DOUBLE) ELSE coherence END AS damping,
       coherence
FROM crowds
WHERE kiosk OR n > $crowd OR (n > $keep AND coherence < $coherence AND space NOT IN ('owner', 'licence'))
"""
"""A verified identity is one person's, however many accounts it has opened, and a licence one firm's."""

SELLERS = """
SELECT seller_id AS account_id, max(greatest(placed_at, coalesce(delivered_at, placed_at))) AS last_at,
       count(*) FILTER (WHERE paid_at IS NOT NULL AND delivered_at IS NULL AND refunded_at IS NULL
                              AND cancelled_at IS NULL) AS open_orders
FROM orders GROUP BY seller_id
"""

CLOSINGS = """
SELECT a.account_id, coalesce(least(a.cancelled_at, a.banned_at), s.last_at) AS closed_at,
       s.open_orders, a.display_name_id
FROM accounts AS a LEFT JOIN sellers AS s ON s.account_id = a.account_id
WHERE a.cancelled_at IS NOT NULL OR a.banned_at IS NOT NULL
   OR (s.open_orders >= 2 AND s.last_at < $now - $silent_days * INTERVAL 1 DAY)
"""

SUCCESSIONS = """
WITH few AS (SELECT space, entity_id FROM crowds WHERE n <= $keep),
things_left AS (
    SELECT u.account_id, u.space, u.entity_id
    FROM uses AS u JOIN closings AS c ON c.account_id = u.account_id
    JOIN few AS f ON f.space = u.space AND f.entity_id = u.entity_id
    WHERE u.space IN ('device', 'pay', 'phone', 'owner', 'licence', 'contact', 'address')
),
handed AS (
    SELECT DISTINCT x.account_id AS old_id, y.account_id AS new_id
    FROM things_left AS x JOIN uses AS y ON y.space = x.space AND y.entity_id = x.entity_id
    WHERE x.account_id <> y.account_id
  UNION
    SELECT x.account_id, y.account_id
    FROM closings AS x JOIN accounts AS y USING (display_name_id)
    WHERE x.account_id <> y.account_id
)
SELECT h.old_id, h.new_id, c.closed_at, n.registered_at
FROM handed AS h JOIN closings AS c ON c.account_id = h.old_id JOIN accounts AS n ON n.account_id = h.new_id
WHERE n.registered_at BETWEEN c.closed_at - $before_days * INTERVAL 1 DAY
                          AND c.closed_at + $succession_days * INTERVAL 1 DAY
  AND EXISTS (SELECT 1 FROM sellers AS s WHERE s.account_id = h.old_id)
  AND EXISTS (SELECT 1 FROM sellers AS s WHERE s.account_id = h.new_id)
"""
"""A sells, closes or falls silent; B registers around that day with a thing that A left, and sells. The thing need not
be used at the same time: that it changed hands then is the point. What A left is picked out first: an engine that
joins in the order in which it is written would pair all users of everything, 17 CPU seconds of Sail's at a million
accounts for 0.4."""


KEPT = """
SELECT u.*, c.n, coalesce(h.damping, 1.0) AS damping
FROM uses AS u JOIN crowds AS c ON c.space = u.space AND c.entity_id = u.entity_id
LEFT JOIN hubs_met AS h ON h.space = c.space AND h.entity_id = c.entity_id
WHERE coalesce(h.damping, 1.0) > 0
"""

TIES = f"""
{of_things(KEPT)}
UNION ALL
SELECT least(old_id, new_id), greatest(old_id, new_id), 'account', 'succession', old_id,
       cast($succession AS DECIMAL(12, 6)),
       closed_at, registered_at, FALSE, FALSE
FROM successions
UNION ALL
SELECT least(a.account_id, a.inviter_id), greatest(a.account_id, a.inviter_id), 'account', 'inviter', a.inviter_id,
       cast(CASE WHEN f.fees > 0 THEN $fee ELSE $inviter END AS DECIMAL(12, 6)), a.registered_at, a.registered_at,
       FALSE, FALSE
FROM accounts AS a
JOIN accounts AS i ON i.account_id = a.inviter_id
LEFT JOIN fees AS f ON f.account_id = a.account_id
WHERE a.inviter_id <> a.account_id
"""


def ties(db: Db, s: TieSettings, *, now: object, silent_days: int) -> None:
    """Make `ties`: one row says why two accounts may be one hand; and `crowds`, `hubs_found`, `sellers`, `closings`,
    `successions`, `fee_orders`, `fees`. `ties` and `hubs_found` are views, until acts are known those of `ties_met` and
    `hubs_met`. `sellers`: one row an account that sold: `account_id`, `last_at` (an order or a delivery), `open_orders`
    (paid, neither delivered nor given back).

    Reads `uses`, `kiosks`, `signed_together`, `accounts`, `orders`. `ties` columns: `a` < `b` (accounts), `space`,
    `kind`, `entity_id` (an account for inviter and succession), `nats` (log-odds of one hand; decimal, so that sums do
    not depend on order), `first_at`, `last_at`, `overlap`, `burst`. Drops `kiosks`.
    """
    db.make("crowds", CROWDS, rare=s.keep * 2, keep=s.keep, same=s.same)
    db.make("hubs_met", HUBS, crowd=s.crowd, coherence=s.coherence, keep=s.keep)
    db.make("sellers", SELLERS)
    db.make("closings", CLOSINGS, now=now, silent_days=silent_days)
    days = {"succession_days": s.succession_days, "before_days": round(s.succession_days / 4)}
    db.make("successions", SUCCESSIONS, keep=s.keep, **days)
    fees(db, s)
    db.make("ties_met", TIES, **strengths(s), **s.model_dump(include={"succession", "inviter", "fee"}))
    db.view("hubs_found", "SELECT * FROM hubs_met")
    db.view("ties", "SELECT * FROM ties_met")
    db.drop("kiosks")
