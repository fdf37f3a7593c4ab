"""订单信息泄露 (`leak_source`).

Strangers quote victims' orders; the orders share one seller, handler or insider. The ring is the strangers and that
source, tied by `source`.

Acts: a message about an order in which the sender has no part, to the order's buyer, the order being one of a source's;
its report; the classifier's tag.
Chances: messages that name an order.
Innocent explanation: a friend who helps with a return, a shop's second account, a courier who writes about everybody's
orders; a large honest shop is quoted by chance, so a source needs many times its share of the trade. The couriers of
one station or a service desk that works for one shop quote that shop's orders alone; what explains one of them explains
all, so quotes count for the group alone and say so much at most, until receivers report them.
"""

from graph.acts.act import Act

_STRANGER = "sender_id NOT IN (seller_id, buyer_id, coalesce(promoter_id, ''))"
"""Who brought the buyer to the seller has a part in the order."""

MESSAGES = {
    "leaked": f"""
    WITH sources AS (SELECT DISTINCT entity_id FROM uses WHERE space = 'source')
    SELECT message_id
    FROM chats
    WHERE {_STRANGER} AND receiver_id = buyer_id
      AND (seller_id IN (SELECT entity_id FROM sources) OR handler_id IN (SELECT entity_id FROM sources))
    """,
}

ACTS = (
    Act(
        "quoted_a_strangers_order",
        "sender",
        "quote",
        "chat_links",
        who="sender_id",
        chance="order_id IS NOT NULL",
        listed="leaked",
        victim="receiver_id",
        of_the_group=True,
    ),
    Act(
        "quote_reported",
        "sender",
        "report",
        "chat_links",
        who="sender_id",
        chance="order_id IS NOT NULL",
        hit=f"{_STRANGER} AND reported_at IS NOT NULL",
        victim="receiver_id",
    ),
    Act(
        "knew_the_order",
        "sender",
        "tag",
        "chat_links",
        who="sender_id",
        stratum="'link'",
        chance="TRUE",
        hit="tag = 'knows_order'",
        victim="receiver_id",
        money=False,
    ),
)
