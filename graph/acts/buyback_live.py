"""直播高价回收 (`buyback_live`).

Livestream sales on a promise of buying the goods back dearer; the buyers buy again and again, then silence.

Acts: a livestream order that was complained of, for the promoter and for the seller; the classifier's tag; one viewer's
third order from one stream, or a second from one that has gone silent; goods bought back from a viewer.
Chances: livestream orders; messages.
Innocent explanation: a stream with loyal customers that has ended its season.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "stream_complaint_promoter",
        "promoter",
        "complaint",
        "orders",
        """
        SELECT promoter_id AS account_id, 'live' AS stratum, order_id AS key, complaint IS NOT NULL AS hit
        FROM orders WHERE channel = 'livestream' AND promoter_id IS NOT NULL AND paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "stream_complaint_seller",
        "seller",
        "complaint",
        "orders",
        """
        SELECT seller_id AS account_id, 'live' AS stratum, order_id AS key, complaint IS NOT NULL AS hit
        FROM orders WHERE channel = 'livestream' AND paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "promised_buyback",
        "sender",
        "tag",
        "chat_links",
        """
        SELECT sender_id AS account_id, 'link' AS stratum, message_id AS key,
               coalesce(tag = 'promise_buyback', FALSE) AS hit
        FROM chat_links
        """,
        victim="receiver_id",
        money=False,
    ),
    Act(
        "third_sale_to_one_viewer",
        "seller",
        "behaviour",
        "orders",
        """
        WITH live AS (
            SELECT order_id, seller_id AS account_id,
                   count(*) OVER (PARTITION BY seller_id, buyer_id) AS times
            FROM orders WHERE channel = 'livestream' AND paid_at IS NOT NULL AND seller_id IS NOT NULL
        )
        SELECT account_id, 'live' AS stratum, order_id AS key, times >= 3 AS hit FROM live
        """,
        victim="buyer_id",
    ),
    Act(
        "third_sale_to_one_viewer_promoter",
        "promoter",
        "behaviour",
        "orders",
        """
        WITH live AS (
            SELECT order_id, promoter_id AS account_id,
                   count(*) OVER (PARTITION BY promoter_id, buyer_id) AS times
            FROM orders WHERE channel = 'livestream' AND paid_at IS NOT NULL AND promoter_id IS NOT NULL
        )
        SELECT account_id, 'live' AS stratum, order_id AS key, times >= 3 AS hit FROM live
        """,
        victim="buyer_id",
    ),
    Act(
        "bought_back_from_viewer",
        "seller",
        "buyback",
        "orders",
        """
        WITH sold AS (
            SELECT DISTINCT seller_id, buyer_id FROM orders WHERE channel = 'livestream' AND paid_at IS NOT NULL
        )
        SELECT o.buyer_id AS account_id, 'order' AS stratum, o.order_id AS key, s.seller_id IS NOT NULL AS hit
        FROM orders AS o LEFT JOIN sold AS s ON s.seller_id = o.buyer_id AND s.buyer_id = o.seller_id
        WHERE o.paid_at IS NOT NULL AND o.buyer_id IN (SELECT seller_id FROM sold)
        """,
        money=False,
    ),
    Act(
        "sold_again_then_silent",
        "seller",
        "behaviour",
        "orders",
        """
        WITH live AS (
            SELECT order_id, seller_id, buyer_id, placed_at,
                   count(*) OVER (PARTITION BY seller_id, buyer_id) AS times,
                   max(placed_at) OVER (PARTITION BY seller_id) AS last_at
            FROM orders WHERE channel = 'livestream' AND paid_at IS NOT NULL
        )
        SELECT seller_id AS account_id, 'live' AS stratum, order_id AS key,
               times > 1 AND last_at < $now - to_days($silent_days) AS hit
        FROM live
        """,
        victim="buyer_id",
    ),
)
