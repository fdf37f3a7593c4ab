"""直播高价回收 (`buyback_live`).

Livestream sales on a promise of buying the goods back dearer; the buyers buy again and again, then silence.

Acts: a livestream order that was complained of, for the promoter and for the seller; the classifier's tag; a handle or
link handed to a viewer about an order, where the promise is made; one viewer's third order from one stream, or a second
from one that has gone silent; goods bought back from a viewer.
Chances: livestream orders; messages.
Innocent explanation: a stream with loyal customers that has ended its season.
"""

from graph.acts.act import Act

_LIVE = "channel = 'livestream' AND paid_at IS NOT NULL"
_LIVE_BY = f"{_LIVE} AND promoter_id IS NOT NULL"

TABLES = {
    "live": """
    SELECT order_id, seller_id, buyer_id, promoter_id, placed_at FROM orders
    WHERE channel = 'livestream' AND paid_at IS NOT NULL
    """,
    "viewers": "SELECT seller_id, buyer_id, count(*) AS times FROM live GROUP BY seller_id, buyer_id",
    "streams": "SELECT DISTINCT seller_id AS account_id FROM viewers",
    "third_sales": """
    SELECT l.order_id FROM live AS l JOIN viewers AS v ON v.seller_id = l.seller_id AND v.buyer_id = l.buyer_id
    WHERE v.times >= 3
    """,
    "promoted_thrice": """
    SELECT promoter_id, buyer_id FROM live WHERE promoter_id IS NOT NULL
    GROUP BY promoter_id, buyer_id HAVING count(*) >= 3
    """,
    "third_promotions": """
    SELECT l.order_id FROM live AS l
    JOIN promoted_thrice AS p ON p.promoter_id = l.promoter_id AND p.buyer_id = l.buyer_id
    """,
    "silent_streams": """
    SELECT seller_id FROM live GROUP BY seller_id HAVING max(placed_at) < $now - $silent_days * INTERVAL 1 DAY
    """,
    "sold_into_silence": """
    SELECT l.order_id FROM live AS l JOIN viewers AS v ON v.seller_id = l.seller_id AND v.buyer_id = l.buyer_id
    JOIN silent_streams AS s ON s.seller_id = l.seller_id WHERE v.times > 1
    """,
    "bought_back": """
    SELECT o.order_id FROM both_ways AS o JOIN viewers AS v ON v.seller_id = o.buyer_id AND v.buyer_id = o.seller_id
    """,
}

ACTS = (
    Act(
        "stream_complaint_promoter",
        "promoter",
        "complaint",
        "orders",
        who="promoter_id",
        stratum="'live'",
        chance=_LIVE_BY,
        hit="complaint IS NOT NULL",
        victim="buyer_id",
    ),
    Act(
        "stream_complaint_seller",
        "seller",
        "complaint",
        "orders",
        who="seller_id",
        stratum="'live'",
        chance=_LIVE,
        hit="complaint IS NOT NULL",
        victim="buyer_id",
    ),
    Act(
        "promised_buyback",
        "sender",
        "tag",
        "chat_links",
        who="sender_id",
        stratum="'link'",
        chance="TRUE",
        hit="tag = 'promise_buyback'",
        victim="receiver_id",
        money=False,
    ),
    Act(
        "handle_to_viewer",
        "sender",
        "chat",
        "chat_links",
        who="sender_id",
        stratum="'live'",
        chance="channel = 'livestream' AND sender_id IN (seller_id, coalesce(promoter_id, ''))",
        hit="target_kind IN ('contact', 'qr', 'url', 'payment_code')",
        victim="receiver_id",
        money=False,
    ),
    Act(
        "third_sale_to_one_viewer",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        stratum="'live'",
        chance=_LIVE,
        listed="third_sales",
        victim="buyer_id",
    ),
    Act(
        "third_sale_to_one_viewer_promoter",
        "promoter",
        "behaviour",
        "orders",
        who="promoter_id",
        stratum="'live'",
        chance=_LIVE_BY,
        listed="third_promotions",
        victim="buyer_id",
    ),
    Act(
        "bought_back_from_viewer",
        "seller",
        "buyback",
        "orders",
        who="buyer_id",
        chance="paid_at IS NOT NULL",
        among="streams",
        listed="bought_back",
        money=False,
    ),
    Act(
        "sold_again_then_silent",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        stratum="'live'",
        chance=_LIVE,
        listed="sold_into_silence",
        victim="buyer_id",
    ),
)
