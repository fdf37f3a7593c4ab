"""站外引流 (`off_platform_lure`).

Moves the buyer by link, QR code or handle to a purchase elsewhere, where the platform cannot help. Often there is no
order at all: the reports and the stated losses of the receivers are then the only trace on the platform.

Acts: a link or handle that its receiver reported; the classifier's tag; a link to somebody who never bought from the
sender or whose order was dropped afterwards; an order that came by an outside link and was complained of; the complaint
"off platform".
Chances: links and handles sent; orders sold.
Innocent explanation: a seller who answers on another messenger out of habit, or sends a courier's tracking page.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "link_reported",
        "sender",
        "report",
        "chat_links",
        """
        SELECT sender_id AS account_id, target_kind AS stratum, message_id AS key, reported_at IS NOT NULL AS hit
        FROM chat_links WHERE target_kind IN ('url', 'qr', 'contact', 'payment_code')
        """,
        victim="receiver_id",
    ),
    Act(
        "asked_off_platform",
        "sender",
        "tag",
        "chat_links",
        """
        SELECT sender_id AS account_id, 'link' AS stratum, message_id AS key,
               coalesce(tag = 'ask_off_platform', FALSE) AS hit
        FROM chat_links
        """,
        victim="receiver_id",
        money=False,
    ),
    Act(
        "link_and_no_purchase",
        "sender",
        "behaviour",
        "chat_links",
        """
        SELECT c.sender_id AS account_id, c.target_kind AS stratum, c.message_id AS key,
               o.order_id IS NULL OR (o.seller_id = c.sender_id AND o.confirmed_at IS NULL
                                      AND (o.paid_at IS NULL OR o.cancelled_at IS NOT NULL)) AS hit
        FROM chat_links AS c LEFT JOIN orders AS o ON o.order_id = c.order_id
        WHERE c.target_kind IN ('url', 'qr', 'contact', 'payment_code')
        """,
        victim="receiver_id",
        money=False,
        between_tied=True,
    ),
    Act(
        "outside_order_complaint",
        "seller",
        "complaint",
        "orders",
        """
        SELECT seller_id AS account_id, 'order' AS stratum, order_id AS key,
               coalesce(complaint = 'off_platform', FALSE)
               OR (channel = 'external' AND coalesce(complaint IN ('not_received', 'vanished_seller'), FALSE)) AS hit
        FROM orders
        """,
        victim="buyer_id",
    ),
)
