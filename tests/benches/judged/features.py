"""What a data scientist would compute of every account: trade, complaints, chats, standing, and what it shares."""

from __future__ import annotations

import polars as pl

from graph.exports import COMPLAINTS, SELLER_COMPLAINTS, VIRTUAL
from tests.benches.judged.exports import Drop

TAGS = ("ask_confirm_first", "ask_off_platform", "promise_buyback", "knows_order", "recruit")
TARGETS = ("url", "qr", "contact", "payment_code", "card_code", "item")
CATEGORIES = (*VIRTUAL, "membership", "medicine", "health_food", "liquor", "fertilizer", "phone", "jewellery")
SPACES = ("device", "pay", "contact", "phone", "owner", "licence")


def _shares(column: str, values: tuple[str, ...], prefix: str) -> str:
    return ", ".join(f"avg(CAST({column} IS NOT DISTINCT FROM '{v}' AS INT)) AS {prefix}_{v}" for v in values)


SOLD = f"""
SELECT seller_id AS account_id, count(*) AS sold, avg(CAST(paid_at IS NULL AS INT)) AS sold_unpaid,
       count(DISTINCT buyer_id) / count(*) AS sold_buyers, count(DISTINCT payee_id) AS payees,
       count(DISTINCT ship_to_region) AS provinces, ln(1 + avg(amount)) AS sold_amount,
       avg(CAST(coalesce(confirmed_at < delivered_at OR (confirmed_at IS NOT NULL AND delivered_at IS NULL), FALSE)
                AS INT)) AS confirmed_first,
       avg(CAST(paid_at IS NOT NULL AND delivered_at IS NULL AND refunded_at IS NULL AS INT)) AS undelivered,
       avg(CAST(refunded_at IS NOT NULL AS INT)) AS sold_refunded,
       avg(CAST(complained_at IS NOT NULL AS INT)) AS complained,
       avg(CAST(seller_complained_at IS NOT NULL AS INT)) AS complains,
       avg(CAST(channel = 'livestream' AS INT)) AS live, avg(CAST(channel = 'external' AS INT)) AS external,
       avg(CAST(buyer_warned AS INT)) AS warned, avg(CAST(promoter_id IS NOT NULL AS INT)) AS promoted,
       avg(date_diff('minute', paid_at, confirmed_at)) AS sold_minutes,
       date_diff('day', min(placed_at), max(placed_at)) AS sold_days,
       date_diff('day', max(placed_at), TIMESTAMP '2025-07-01') AS silent_days,
       {_shares("complaint", COMPLAINTS, "told")}, {_shares("category", CATEGORIES, "sells")}
FROM orders GROUP BY seller_id
"""
BOUGHT = f"""
SELECT buyer_id AS account_id, count(*) AS bought, avg(CAST(paid_at IS NULL AS INT)) AS unpaid,
       count(DISTINCT seller_id) / count(*) AS sellers, ln(1 + avg(amount)) AS bought_amount,
       avg(CAST(seller_complained_at IS NOT NULL AS INT)) AS disputed,
       avg(CAST(complained_at IS NOT NULL AS INT)) AS complaining,
       avg(CAST(return_kind IS NOT NULL AS INT)) AS returns, avg(CAST(refunded_at IS NOT NULL AS INT)) AS refunds,
       count(jury_at) AS juries, avg(CAST(jury_winner = 'buyer' AS INT)) AS won,
       avg(abs(votes_buyer - votes_seller)) AS margin, count(*) FILTER (WHERE appeal_winner = 'buyer') AS appeals_won,
       avg(CAST(category IN {VIRTUAL} AND paid_at IS NULL AS INT)) AS unpaid_codes,
       avg(date_diff('minute', paid_at, confirmed_at)) AS bought_minutes,
       {_shares("seller_complaint", SELLER_COMPLAINTS, "did")}, {_shares("category", CATEGORIES, "buys")}
FROM orders GROUP BY buyer_id
"""
SENT = f"""
SELECT c.sender_id AS account_id, count(*) AS messages, count(DISTINCT c.receiver_id) AS receivers,
       avg(CAST(c.reported_at IS NOT NULL AS INT)) AS reported, sum(coalesce(c.claimed_cny, 0)) AS claimed,
       avg(CAST(coalesce(c.sender_id NOT IN (o.buyer_id, o.seller_id), FALSE) AS INT)) AS foreign_orders,
       avg(CAST(c.order_id IS NULL AS INT)) AS no_order,
       {_shares("c.target_kind", TARGETS, "sends")}, {_shares("c.tag", TAGS, "tag")}
FROM chat_links AS c LEFT JOIN orders AS o ON o.order_id = c.order_id GROUP BY c.sender_id
"""
RECEIVED = """
SELECT receiver_id AS account_id, count(*) AS heard, count(*) FILTER (WHERE target_kind = 'card_code') AS codes
FROM chat_links GROUP BY receiver_id
"""
STANDING = """
SELECT account_id, CAST(kind = 'shop' AS INT) AS shop, credit_level,
       date_diff('hour', registered_at, TIMESTAMP '2025-07-01') / 24 AS age,
       CAST(cancelled_at IS NOT NULL AS INT) AS cancelled, CAST(banned_at IS NOT NULL AS INT) AS banned,
       date_diff('hour', registered_at, coalesce(cancelled_at, banned_at)) / 24 AS lived,
       CAST(owner_id IS NULL AS INT) AS unverified, CAST(licence_id IS NULL AS INT) AS unlicensed,
       CAST(licence_shown AS INT) AS shown, CAST(inviter_id IS NOT NULL AS INT) AS invited
FROM accounts
"""
INVITED = "SELECT inviter_id AS account_id, count(*) AS invites FROM accounts GROUP BY inviter_id"
ON_DEVICES = """
SELECT account_id, count(*) AS devices, sum(sessions) AS sessions,
       max(CAST(device_kind = 'emulator' AS INT)) AS emulator
FROM devices GROUP BY account_id
"""
SHARES = f"""
WITH sized AS (SELECT space, thing, count(*) AS n FROM uses GROUP BY space, thing)
SELECT u.account_id,
       {", ".join(f"sum(n - 1) FILTER (WHERE space = '{s}' AND n <= 20) AS with_{s}" for s in SPACES)},
       {", ".join(f"max(n) FILTER (WHERE space = '{s}') AS most_{s}" for s in SPACES)}
FROM uses AS u JOIN sized USING (space, thing) GROUP BY u.account_id
"""
NEIGHBOURS = """
WITH sized AS (SELECT space, thing FROM uses GROUP BY space, thing HAVING count(*) BETWEEN 2 AND 20),
pairs AS (
    SELECT DISTINCT x.account_id, y.account_id AS other
    FROM uses AS x JOIN sized USING (space, thing) JOIN uses AS y USING (space, thing)
    WHERE x.account_id <> y.account_id
)
SELECT p.account_id, count(*) AS neighbours, avg(s.complained) AS near_complained,
       avg(s.undelivered) AS near_undelivered,
       avg(b.disputed) AS near_disputed, avg(b.unpaid) AS near_unpaid, avg(c.reported) AS near_reported,
       avg(s.confirmed_first) AS near_confirmed_first
FROM pairs AS p LEFT JOIN sold AS s ON s.account_id = p.other LEFT JOIN bought AS b ON b.account_id = p.other
LEFT JOIN sent AS c ON c.account_id = p.other GROUP BY p.account_id
"""
PARTS = {
    "standing": STANDING, "sold": SOLD, "bought": BOUGHT, "sent": SENT, "received": RECEIVED, "invited": INVITED,
    "on_devices": ON_DEVICES, "shares": SHARES, "neighbours": NEIGHBOURS,
}  # fmt: skip
AGAINST = """
SELECT account_id, cast(sum(n) AS BIGINT) AS n, cast(sum(k) AS BIGINT) AS k FROM (
    SELECT seller_id AS account_id, count(*) AS n, count(complained_at) AS k FROM orders GROUP BY seller_id
    UNION ALL SELECT buyer_id, count(*), count(seller_complained_at) FROM orders GROUP BY buyer_id
    UNION ALL SELECT sender_id, count(*), count(reported_at) FROM chat_links GROUP BY sender_id
) GROUP BY account_id ORDER BY account_id
"""


def features(drop: Drop) -> pl.DataFrame:
    """One row an account of the exports: `account_id` and some ninety figures, NULL where nothing can be divided."""
    for name, sql in PARTS.items():
        drop.con.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}").fetchall()
    joins = " ".join(f"LEFT JOIN {name} USING (account_id)" for name in list(PARTS)[1:])
    rows = drop.frame(f"SELECT * FROM standing {joins} ORDER BY account_id")
    return rows.with_columns(pl.exclude("account_id").cast(pl.Float64))


def complaints(drop: Drop) -> pl.DataFrame:
    """One row an account: `account_id`, `n` orders and messages, `k` of them complained of or reported."""
    return drop.frame(AGAINST)
