"""直播高价回收 (`buyback_live`).

Livestream sales on a promise of buying the goods back dearer; the buyers buy again and again, then silence.

Acts: a livestream order that was complained of, for the promoter and for the seller; the classifier's tag; one viewer's
third order from one stream, or a second from one that has gone silent; goods bought back from a viewer.
Chances: livestream orders; messages.
Innocent explanation: a stream with loyal customers that has ended its season.
"""

from graph.acts.act import Act

_LIVE = "channel = 'livestream' AND paid_at IS NOT NULL"
_LIVE_BY = f"{_LIVE} AND promoter_id IS NOT NULL"

TABLES = {
    "viewers": """
    SELECT seller_id, buyer_id, count(*) AS times FROM orders
    WHERE channel = 'livestream' AND paid_at IS NOT NULL GROUP BY seller_id, buyer_id
    """,
    "streams": "SELECT DISTINCT seller_id AS account_id FROM viewers",
    "promoted_thrice": """
    SELECT promoter_id, buyer_id FROM orders
    WHERE channel = 'livestream' AND paid_at IS NOT NULL AND promoter_id IS NOT NULL
    GROUP BY promoter_id, buyer_id HAVING count(*) >= 3
    """,
    "silent_streams": """
    SELECT seller_id FROM orders WHERE channel = 'livestream' AND paid_at IS NOT NULL
    GROUP BY seller_id HAVING max(placed_at) < $now - $silent_days * INTERVAL 1 DAY
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
        "third_sale_to_one_viewer",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        stratum="'live'",
        chance=_LIVE,
        hit="(seller_id, buyer_id) IN (SELECT seller_id, buyer_id FROM viewers WHERE times >= 3)",
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
        hit="(promoter_id, buyer_id) IN (SELECT promoter_id, buyer_id FROM promoted_thrice)",
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
        hit="(buyer_id, seller_id) IN (SELECT seller_id, buyer_id FROM viewers)",
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
        hit="""
        seller_id IN (SELECT seller_id FROM silent_streams)
        AND (seller_id, buyer_id) IN (SELECT seller_id, buyer_id FROM viewers WHERE times > 1)
        """,
        victim="buyer_id",
    ),
)
