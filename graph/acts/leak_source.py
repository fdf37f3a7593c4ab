"""订单信息泄露 (`leak_source`).

Strangers quote victims' orders; the orders share one seller, handler or insider. The ring is the strangers and that
source, tied by `source`.

Acts: a message about an order in which the sender has no part, to the order's buyer; its report; the classifier's tag.
Chances: messages that name an order.
Innocent explanation: a friend who helps with a return, a shop's second account; a large honest shop is quoted by
chance, so a source needs many times its share of the trade.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "quoted_a_strangers_order",
        "sender",
        "behaviour",
        "chat_links",
        """
        SELECT c.sender_id AS account_id, 'order' AS stratum, c.message_id AS key,
               c.sender_id <> o.seller_id AND c.sender_id <> o.buyer_id AND c.receiver_id = o.buyer_id AS hit
        FROM chat_links AS c JOIN orders AS o ON o.order_id = c.order_id
        """,
        victim="receiver_id",
    ),
    Act(
        "quote_reported",
        "sender",
        "report",
        "chat_links",
        """
        SELECT c.sender_id AS account_id, 'order' AS stratum, c.message_id AS key,
               c.reported_at IS NOT NULL AND c.sender_id <> o.seller_id AND c.sender_id <> o.buyer_id AS hit
        FROM chat_links AS c JOIN orders AS o ON o.order_id = c.order_id
        """,
        victim="receiver_id",
    ),
    Act(
        "knew_the_order",
        "sender",
        "tag",
        "chat_links",
        """
        SELECT sender_id AS account_id, 'link' AS stratum, message_id AS key,
               coalesce(tag = 'knows_order', FALSE) AS hit
        FROM chat_links
        """,
        victim="receiver_id",
        money=False,
    ),
)
