"""What the rings did, row by row: every act of a member joined back to the row it was read from, with its victim and
money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from graph.acts import all_acts

if TYPE_CHECKING:
    from graph.db import Db

LISTED = "SELECT m.account_id FROM members AS m SEMI JOIN ring_names AS n ON n.ring = m.ring"

ORDERS_NEAR = """
SELECT order_id, buyer_id, seller_id, payee_id, payer_id, ship_from_id, ship_to_id, ship_to_region, amount_fen,
       buyer_warned, placed_at, paid_at, paid_told, delivered_at, confirmed_at, cancelled_at, refunded_at,
       complained_at, seller_complained_at, file_id, line
FROM orders
WHERE seller_id IN (SELECT account_id FROM listed) OR buyer_id IN (SELECT account_id FROM listed)
   OR promoter_id IN (SELECT account_id FROM listed)
"""
"""Rows in which a member has a part: all that is read from here on."""

CHATS_NEAR = """
SELECT c.message_id, c.sender_id, c.receiver_id, c.sent_at, c.target_id, c.claimed_fen, c.file_id, c.line,
       o.buyer_id, o.seller_id, o.promoter_id, o.handler_id
FROM chat_links AS c LEFT JOIN orders AS o ON o.order_id = c.order_id
WHERE c.message_id IN (
    SELECT message_id FROM chat_links SEMI JOIN listed ON listed.account_id = chat_links.sender_id
    UNION ALL SELECT message_id FROM chat_links SEMI JOIN listed ON listed.account_id = chat_links.receiver_id
    UNION ALL SELECT message_id FROM chat_links SEMI JOIN orders_near ON orders_near.order_id = chat_links.order_id
)
"""

ON_RINGS = """
SELECT n.ring, n.ring_id, a.typology, a.act, k.axis, k.side, k.export, k.victim, k.money, a.account_id, a.key
FROM acts_done AS a
JOIN members AS m ON m.account_id = a.account_id
JOIN ring_names AS n ON n.ring = m.ring
JOIN ring_typologies AS t ON t.ring = m.ring AND t.typology = a.typology
JOIN kinds_of_act AS k ON k.typology = a.typology AND k.act = a.act
"""

FACTS = """
WITH orders_read AS (
    SELECT f.*, CASE f.victim WHEN 'buyer_id' THEN o.buyer_id WHEN 'seller_id' THEN o.seller_id END AS victim_id,
           o.order_id,
           CASE WHEN f.money THEN o.amount_fen ELSE cast(0 AS BIGINT) END AS exposure_fen,
           CASE WHEN NOT f.money THEN cast(0 AS BIGINT)
                WHEN f.side = 'buyer' AND f.victim = 'seller_id'
                    THEN CASE WHEN o.delivered_at IS NOT NULL AND (o.paid_at IS NULL OR o.refunded_at IS NOT NULL)
                              THEN o.amount_fen ELSE cast(0 AS BIGINT) END
                WHEN o.confirmed_at IS NOT NULL AND o.refunded_at IS NULL THEN o.amount_fen
                ELSE cast(0 AS BIGINT) END AS loss_fen,
           CASE WHEN f.money AND o.buyer_warned THEN o.amount_fen ELSE cast(0 AS BIGINT) END AS warned_fen,
           CASE f.axis WHEN 'complaint' THEN coalesce(o.complained_at, o.placed_at)
                       WHEN 'counterparty' THEN coalesce(o.seller_complained_at, o.placed_at)
                       ELSE coalesce(o.confirmed_at, o.paid_at, o.placed_at) END AS happened_at,
           o.ship_to_region AS region, o.file_id, o.line, f.key AS row_key
    FROM acts_on_rings AS f JOIN orders_near AS o ON o.order_id = f.key WHERE f.export = 'orders'
),
chats_read AS (
    SELECT f.*, c.receiver_id AS victim_id, NULL AS order_id,
           CASE WHEN f.money THEN coalesce(c.claimed_fen, 0) ELSE cast(0 AS BIGINT) END AS exposure_fen,
           CASE WHEN f.money THEN coalesce(c.claimed_fen, 0) ELSE cast(0 AS BIGINT) END AS loss_fen,
           cast(0 AS BIGINT) AS warned_fen, c.sent_at AS happened_at, NULL AS region, c.file_id, c.line,
           f.key AS row_key
    FROM acts_on_rings AS f JOIN chats_near AS c ON c.message_id = f.key WHERE f.export = 'chat_links'
),
accounts_read AS (
    SELECT f.*, NULL AS victim_id, NULL AS order_id, cast(0 AS BIGINT) AS exposure_fen, cast(0 AS BIGINT) AS loss_fen,
           cast(0 AS BIGINT) AS warned_fen,
           a.registered_at AS happened_at, NULL AS region, a.file_id, a.line, f.key AS row_key
    FROM acts_on_rings AS f JOIN accounts AS a ON a.account_id = f.key WHERE f.export = 'accounts'
),
every AS (
    SELECT * FROM orders_read UNION ALL SELECT * FROM chats_read UNION ALL SELECT * FROM accounts_read
)
SELECT e.ring, e.ring_id, e.typology, e.act, e.axis, e.side, e.export, e.account_id, e.row_key,
       CASE WHEN m.account_id IS NULL THEN e.victim_id END AS victim_id,
       e.order_id,
       CASE WHEN m.account_id IS NULL OR e.typology = 'pyramid' THEN e.exposure_fen
            ELSE cast(0 AS BIGINT) END AS exposure_fen,
       CASE WHEN m.account_id IS NULL OR e.typology = 'pyramid' THEN e.loss_fen ELSE cast(0 AS BIGINT) END AS loss_fen,
       CASE WHEN m.account_id IS NULL OR e.typology = 'pyramid' THEN e.warned_fen
            ELSE cast(0 AS BIGINT) END AS warned_fen,
       e.happened_at,
       coalesce(v.region, e.region) AS region, e.file_id, e.line
FROM every AS e
LEFT JOIN members AS m ON m.account_id = e.victim_id AND m.ring = e.ring
LEFT JOIN accounts AS v ON v.account_id = e.victim_id
"""
"""A member is never its own ring's victim, and money between members is nobody's loss, but in a pyramid who pays
is a member too. Loss is what left the victim: the escrow paid out, the code gone unpaid, the
refund for what did not come back, or the receiver's stated loss where there was no order here."""

OPEN_ORDERS = """
SELECT n.ring_id, o.order_id, o.buyer_id, o.seller_id, o.amount_fen, CASE WHEN o.paid_told THEN o.paid_at END AS paid_at
FROM orders_near AS o
JOIN members AS m ON m.account_id = o.seller_id
JOIN ring_names AS n ON n.ring = m.ring
LEFT JOIN members AS b ON b.account_id = o.buyer_id AND b.ring = m.ring
LEFT JOIN sources AS s ON s.account_id = o.seller_id
WHERE o.paid_at IS NOT NULL AND o.confirmed_at IS NULL AND o.refunded_at IS NULL AND o.cancelled_at IS NULL
  AND b.account_id IS NULL AND s.account_id IS NULL
ORDER BY n.ring_id, o.order_id
"""
"""Not what was paid to the shop whose orders leaked: it delivers, and is no suspect."""

LINKS = """
WITH used AS (
    SELECT n.ring_id, m.ring, u.account_id, u.space, u.kind, u.entity_id, u.first_at, u.last_at
    FROM uses AS u JOIN members AS m ON m.account_id = u.account_id JOIN ring_names AS n ON n.ring = m.ring
    LEFT JOIN hubs_found AS h ON h.space = u.space AND h.entity_id = u.entity_id AND h.treatment = 'cut'
    WHERE h.space IS NULL
),
within AS (
    SELECT x.ring, t.space, t.entity_id, t.kind, t.a, t.b, t.nats, t.first_at, t.last_at
    FROM ties AS t JOIN members AS x ON x.account_id = t.a JOIN members AS y ON y.account_id = t.b AND y.ring = x.ring
    SEMI JOIN ring_names AS n ON n.ring = x.ring
),
ends AS (
    SELECT ring, space, entity_id, kind, a AS account_id, nats, first_at, last_at FROM within
  UNION ALL
    SELECT ring, space, entity_id, kind, b, nats, first_at, last_at FROM within
)
SELECT u.ring_id, u.account_id, u.kind AS entity_kind, u.entity_id, u.space, cast(max(e.nats) AS DOUBLE) AS weight,
       min(u.first_at) AS first_seen_at, max(u.last_at) AS last_seen_at
FROM used AS u JOIN ends AS e
  ON e.ring = u.ring AND e.account_id = u.account_id AND e.space = u.space AND e.entity_id = u.entity_id
GROUP BY u.ring_id, u.account_id, u.kind, u.entity_id, u.space
UNION ALL
SELECT n.ring_id, e.account_id, e.kind, e.entity_id, e.space, cast(max(e.nats) AS DOUBLE),
       min(e.first_at), max(e.last_at)
FROM ends AS e JOIN ring_names AS n ON n.ring = e.ring WHERE e.space = 'account'
GROUP BY n.ring_id, e.account_id, e.kind, e.entity_id, e.space
"""

LINK_ROWS = """
WITH orders_of AS (
    SELECT ring_id, account_id, entity_kind, entity_id, min_by(order_id, (placed_at, order_id)) AS order_id
    FROM (
        SELECT l.*, o.order_id, o.placed_at FROM ring_links AS l
        JOIN orders_near AS o ON o.seller_id = l.account_id AND o.payee_id = l.entity_id
        WHERE l.entity_kind = 'payee'
      UNION ALL
        SELECT l.*, o.order_id, o.placed_at FROM ring_links AS l
        JOIN orders_near AS o ON o.buyer_id = l.account_id AND o.payer_id = l.entity_id
        WHERE l.entity_kind = 'payer'
      UNION ALL
        SELECT l.*, o.order_id, o.placed_at FROM ring_links AS l
        JOIN orders_near AS o ON o.seller_id = l.account_id AND o.ship_from_id = l.entity_id
        WHERE l.entity_kind = 'address'
      UNION ALL
        SELECT l.*, o.order_id, o.placed_at FROM ring_links AS l
        JOIN orders_near AS o ON o.buyer_id = l.account_id AND o.ship_to_id = l.entity_id
        WHERE l.entity_kind = 'address'
    ) AS shown
    GROUP BY ring_id, account_id, entity_kind, entity_id
),
chats_of AS (
    SELECT l.ring_id, l.account_id, l.entity_kind, l.entity_id,
           min_by(c.message_id, (c.sent_at, c.message_id)) AS message_id
    FROM ring_links AS l JOIN chats_near AS c
      ON c.target_id = l.entity_id AND (c.sender_id = l.account_id
                                        OR (l.entity_kind = 'card_code' AND c.receiver_id = l.account_id))
    WHERE l.entity_kind IN ('contact', 'card_code')
    GROUP BY l.ring_id, l.account_id, l.entity_kind, l.entity_id
),
quoted AS (
    SELECT c.message_id, c.sent_at, c.sender_id, c.seller_id, c.handler_id
    FROM chats_near AS c
    WHERE c.sender_id NOT IN (c.buyer_id, c.seller_id, coalesce(c.promoter_id, '')) AND c.receiver_id = c.buyer_id
),
quotes_of AS (
    SELECT l.ring_id, l.account_id, l.entity_id, min_by(q.message_id, (q.sent_at, q.message_id)) AS message_id
    FROM ring_links AS l JOIN quoted AS q
      ON l.entity_id IN (q.seller_id, q.handler_id) AND l.account_id IN (q.sender_id, q.seller_id)
    WHERE l.entity_kind = 'source' GROUP BY l.ring_id, l.account_id, l.entity_id
)
SELECT l.ring_id, l.account_id, l.entity_kind, l.entity_id, l.first_seen_at, l.last_seen_at,
       'devices' AS export, d.account_id || '|' || d.device_id AS row_key, d.file_id, d.line
FROM ring_links AS l JOIN devices AS d ON d.account_id = l.account_id AND d.device_id = l.entity_id
WHERE l.entity_kind = 'device'
UNION ALL
SELECT l.ring_id, l.account_id, l.entity_kind, l.entity_id, l.first_seen_at, l.last_seen_at,
       'accounts', a.account_id, a.file_id, a.line
FROM ring_links AS l JOIN accounts AS a ON a.account_id = l.account_id
WHERE l.entity_kind IN ('phone', 'owner', 'licence', 'inviter', 'succession')
UNION ALL
SELECT l.ring_id, l.account_id, l.entity_kind, l.entity_id, l.first_seen_at, l.last_seen_at,
       'orders', o.order_id, o.file_id, o.line
FROM ring_links AS l JOIN orders_of AS x
  ON x.ring_id = l.ring_id AND x.account_id = l.account_id
     AND x.entity_kind = l.entity_kind AND x.entity_id = l.entity_id
JOIN orders_near AS o ON o.order_id = x.order_id
UNION ALL
SELECT l.ring_id, l.account_id, l.entity_kind, l.entity_id, l.first_seen_at, l.last_seen_at,
       'chat_links', c.message_id, c.file_id, c.line
FROM ring_links AS l JOIN quotes_of AS x
  ON x.ring_id = l.ring_id AND x.account_id = l.account_id AND x.entity_id = l.entity_id
JOIN chats_near AS c ON c.message_id = x.message_id WHERE l.entity_kind = 'source'
UNION ALL
SELECT l.ring_id, l.account_id, l.entity_kind, l.entity_id, l.first_seen_at, l.last_seen_at,
       'chat_links', c.message_id, c.file_id, c.line
FROM ring_links AS l JOIN chats_of AS x
  ON x.ring_id = l.ring_id AND x.account_id = l.account_id
     AND x.entity_kind = l.entity_kind AND x.entity_id = l.entity_id
JOIN chats_near AS c ON c.message_id = x.message_id
"""
"""One row of the exports for each link: the first that shows it."""


def facts(db: Db) -> None:
    """Make `facts`, `open_orders_found`, `ring_links`, `link_rows`.

    Reads the night's exports, `acted`, `members`, `ring_names`, `ring_typologies`, `sources`, `uses`, `ties`,
    `hubs_found`. `facts`: one row an act of a member: ring, typology, act, account, victim, money in fen, time, and the
    row it was read from (`export`, `row_key`, `file_id`, `line`). The others: one row a watchlist row of that name, in
    fen.
    """
    kinds = pl.DataFrame(
        [(t, a.name, a.axis, a.side, a.table, a.victim, a.money) for t, a in all_acts()],
        schema={
            "typology": pl.String, "act": pl.String, "axis": pl.String, "side": pl.String, "export": pl.String,
            "victim": pl.String, "money": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip
    db.put("kinds_of_act", kinds)
    db.make("listed", LISTED)
    db.make("orders_near", ORDERS_NEAR)
    db.make("chats_near", CHATS_NEAR)
    db.make("acts_on_rings", ON_RINGS)
    db.make("facts", FACTS)
    db.make("open_orders_found", OPEN_ORDERS)
    db.make("ring_links", LINKS)
    db.make("link_rows", LINK_ROWS)
    db.drop("acts_on_rings", "acts_done", "listed")
