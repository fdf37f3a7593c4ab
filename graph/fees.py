"""Entry fees that flow up a referral line, whatever they are called and whoever holds the till."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import TieSettings

ENTRIES = """
SELECT o.order_id, o.buyer_id, o.seller_id, o.payee_id, a.inviter_id
FROM orders AS o JOIN accounts AS a ON a.account_id = o.buyer_id
WHERE o.paid_at IS NOT NULL AND a.inviter_id <> a.account_id
  AND (o.category = 'membership' OR o.promoter_id = a.inviter_id)
"""
"""Orders that may buy one's way in: a membership, or goods for which the recruiter is named as the promoter. The fee is
as often dressed as goods (State Council decree No. 444 of 2005, art. 7)."""

UP_THE_LINE = "SELECT DISTINCT buyer_id AS account_id, inviter_id AS above_id, 1 AS level FROM entries"

ONE_HIGHER = """
SELECT u.account_id, a.inviter_id AS above_id, u.level + 1 AS level
FROM {below} AS u JOIN accounts AS a ON a.account_id = u.above_id WHERE a.inviter_id IS NOT NULL
"""

FEES_MET = """
WITH pockets AS (
    SELECT seller_id AS account_id, payee_id FROM orders WHERE payee_id IS NOT NULL AND category = 'membership'
  UNION
    SELECT seller_id, payee_id FROM entries WHERE payee_id IS NOT NULL
),
above AS (SELECT DISTINCT above_id FROM up),
receiving AS (SELECT DISTINCT seller_id FROM entries),
tills AS (
    SELECT DISTINCT x.account_id, y.account_id AS seller_id
    FROM uses AS x JOIN above AS u ON u.above_id = x.account_id
    JOIN crowds AS c ON c.space = x.space AND c.entity_id = x.entity_id
    JOIN uses AS y ON y.space = x.space AND y.entity_id = x.entity_id
    JOIN receiving AS r ON r.seller_id = y.account_id
    WHERE c.n <= $keep AND x.space IN ('device', 'pay', 'phone', 'owner', 'licence') AND x.account_id <> y.account_id
),
tops AS (SELECT account_id, max_by(above_id, level) AS top_id FROM up GROUP BY account_id),
paid AS (
    SELECT DISTINCT o.order_id, o.buyer_id, t.top_id
    FROM entries AS o JOIN up AS u ON u.account_id = o.buyer_id JOIN tops AS t ON t.account_id = o.buyer_id
    LEFT JOIN pockets AS p ON p.account_id = u.above_id AND p.payee_id = o.payee_id
    LEFT JOIN tills AS s ON s.account_id = u.above_id AND s.seller_id = o.seller_id
    WHERE o.seller_id = u.above_id OR p.payee_id IS NOT NULL OR s.seller_id IS NOT NULL
),
payers AS (SELECT DISTINCT buyer_id FROM paid),
trees AS (
    SELECT p.top_id
    FROM paid AS p JOIN accounts AS a ON a.account_id = p.buyer_id LEFT JOIN payers AS i ON i.buyer_id = a.inviter_id
    GROUP BY p.top_id
    HAVING count(DISTINCT p.buyer_id) >= $heads
       AND count(DISTINCT CASE WHEN i.buyer_id IS NOT NULL THEN p.buyer_id END) >= $recruits
)
SELECT order_id, buyer_id FROM paid SEMI JOIN trees USING (top_id)
"""
"""Entries paid to an account above the payer in its own referral line, into that account's pocket, or to a seller that
shares a device, pocket, number, owner or licence with it (the company whose head recruits), in trees where at least
`$heads` paid, `$recruits` of them recruited by one who paid too: a friend who joins a friend's club is no pyramid, nor
is a club whose owner invites all its members."""

FEE_ORDERS = """
WITH takers AS (SELECT DISTINCT o.seller_id FROM orders AS o SEMI JOIN fees_met AS f ON f.order_id = o.order_id),
tree AS (SELECT buyer_id AS account_id FROM fees_met UNION SELECT seller_id FROM takers)
SELECT order_id, buyer_id FROM fees_met
UNION
SELECT o.order_id, o.buyer_id
FROM orders AS o JOIN takers AS t ON t.seller_id = o.seller_id
JOIN accounts AS a ON a.account_id = o.buyer_id JOIN tree AS i ON i.account_id = a.inviter_id
WHERE o.paid_at IS NOT NULL
"""
"""Where fees are paid for membership, what else the tree's recruits buy of those who take them is a fee as well."""

FEES = "SELECT buyer_id AS account_id, count(*) AS fees FROM fee_orders GROUP BY buyer_id"


def fees(db: Db, s: TieSettings) -> None:
    """Make `fee_orders` (`order_id`, `buyer_id`: an entry fee and who paid it) and `fees` (`account_id`, `fees`: how
    many an account paid).

    Reads `uses`, `crowds`, `accounts`, `orders`.
    """
    db.make("entries", ENTRIES)
    _up_the_line(db, s.levels)
    db.make("fees_met", FEES_MET, keep=s.keep, heads=s.heads, recruits=s.recruits)
    db.make("fee_orders", FEE_ORDERS)
    db.make("fees", FEES)
    db.drop("up", "entries", "fees_met")


def _up_the_line(db: Db, levels: int) -> None:
    """Make `up`: for each account that paid for a membership those above it in its referral line, one row a level; a
    statement a level, for not every engine can repeat one by itself."""
    lines = ["up_1"]
    db.make("up_1", UP_THE_LINE)
    while len(lines) < levels and not db.frame(f"SELECT level FROM {lines[-1]} LIMIT 1").is_empty():
        lines.append(f"up_{len(lines) + 1}")
        db.make(lines[-1], ONE_HIGHER.format(below=lines[-2]))
    db.make("up", " UNION ALL ".join(f"SELECT account_id, above_id, level FROM {line}" for line in lines))
    db.drop(*lines)
