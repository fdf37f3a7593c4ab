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

_LINK = "target_kind IN ('url', 'qr', 'contact', 'payment_code')"

ACTS = (
    Act(
        "link_reported",
        "sender",
        "report",
        "chat_links",
        who="sender_id",
        stratum="target_kind",
        chance=_LINK,
        hit="reported_at IS NOT NULL",
        victim="receiver_id",
    ),
    Act(
        "asked_off_platform",
        "sender",
        "tag",
        "chat_links",
        who="sender_id",
        stratum="'link'",
        chance="TRUE",
        hit="tag = 'ask_off_platform'",
        victim="receiver_id",
        money=False,
    ),
    Act(
        "link_and_no_purchase",
        "sender",
        "behaviour",
        "chat_links",
        who="sender_id",
        stratum="target_kind",
        chance=_LINK,
        hit="""
        order_id IS NULL
        OR (seller_id = sender_id AND confirmed_at IS NULL AND (paid_at IS NULL OR cancelled_at IS NOT NULL))
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
        who="seller_id",
        chance="TRUE",
        hit="""
        complaint = 'off_platform' OR (channel = 'external' AND complaint IN ('not_received', 'vanished_seller'))
        """,
        victim="buyer_id",
    ),
)
