"""站外引流 (`off_platform_lure`).

Moves the buyer by link, QR code or handle to a purchase elsewhere, where the platform cannot help. Often there is no
order at all: the reports and the stated losses of the receivers are then the only trace on the platform.

Acts: a link or handle that its receiver reported; the classifier's tag; a link to somebody who never bought from the
sender or whose order was dropped afterwards; where the exports hold no order at all, a link to one of many strangers;
an order that came by an outside link and was complained of; the complaint "off platform".
Chances: links and handles sent, or messages; orders sold.
Innocent explanation: a seller who answers on another messenger out of habit, or sends a courier's tracking page; who
runs a forum writes to many.
"""

from graph.acts.act import Act

_LINK = "target_kind IN ('url', 'qr', 'contact', 'payment_code')"

MESSAGES = {
    "words_alone": f"""
    SELECT message_id, sender_id, receiver_id, sent_at, {_LINK} AS linked
    FROM chats WHERE NOT EXISTS (SELECT 1 FROM orders)
    """,
    "to_many_strangers": """
    WITH words AS (
        SELECT sender_id, receiver_id, min(sent_at) AS first_at, min(CASE WHEN linked THEN sent_at END) AS linked_at
        FROM words_alone WHERE sender_id <> receiver_id GROUP BY sender_id, receiver_id
    ),
    strangers AS (
        SELECT w.sender_id, w.receiver_id, date_trunc('week', w.linked_at) AS week
        FROM words AS w
        LEFT JOIN words AS back
          ON back.sender_id = w.receiver_id AND back.receiver_id = w.sender_id AND back.first_at < w.linked_at
        LEFT JOIN ties AS t
          ON t.a = least(w.sender_id, w.receiver_id) AND t.b = greatest(w.sender_id, w.receiver_id)
          AND t.kind <> 'contact'
        WHERE w.linked_at IS NOT NULL AND back.sender_id IS NULL AND t.a IS NULL
    ),
    weeks AS (SELECT sender_id, week, count(*) AS n FROM strangers GROUP BY sender_id, week),
    busy AS (
        SELECT w.sender_id, w.week FROM weeks AS w JOIN weeks AS o ON o.sender_id = w.sender_id
        WHERE o.week BETWEEN w.week - $reach_weeks * INTERVAL 7 DAY AND w.week + $reach_weeks * INTERVAL 7 DAY
        GROUP BY w.sender_id, w.week HAVING sum(o.n) > $reach
    )
    SELECT m.message_id
    FROM words_alone AS m JOIN strangers AS s ON s.sender_id = m.sender_id AND s.receiver_id = m.receiver_id
    JOIN busy AS b ON b.sender_id = s.sender_id AND b.week = s.week
    WHERE m.linked
    """,
}
"""Whether a link is followed by trade cannot be asked where no order is known; to how many strangers somebody writes
can. With orders it would list forums and group leaders too. Weeks are counted, not messages paired: some write
daily."""

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
        "link_to_many_strangers",
        "sender",
        "behaviour",
        "chat_links",
        who="sender_id",
        stratum="'link'",
        chance="TRUE",
        listed="to_many_strangers",
        victim="receiver_id",
        money=False,
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
