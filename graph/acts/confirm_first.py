"""先确认后发码 (`confirm_first`).

The seller of card codes has the buyer confirm receipt first, so that the escrow pays out, and only then sends the code:
a used one, one sold to somebody else as well, or none.

Acts: a virtual order confirmed before the code left; a code sent in chat after the confirmation; one code sent to two
buyers; the buyer's complaint after confirming; the classifier's tag.
Chances: confirmed virtual orders; codes sent; messages of the seller about own orders.
Innocent explanation: a buyer who taps "confirm" at once out of habit, or a code that was handed over outside the chat;
that happens now and then to every seller, to one seller again and again it does not.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "confirmed_before_code",
        "seller",
        "behaviour",
        "orders",
        """
        SELECT seller_id AS account_id, category AS stratum, order_id AS key,
               delivered_at IS NULL OR delivered_at > confirmed_at AS hit
        FROM orders WHERE list_contains($virtual, category) AND confirmed_at IS NOT NULL AND paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "code_after_confirmation",
        "seller",
        "code",
        "chat_links",
        """
        SELECT c.sender_id AS account_id, 'code' AS stratum, c.message_id AS key,
               coalesce(c.sent_at > o.confirmed_at, FALSE) AS hit
        FROM chat_links AS c JOIN orders AS o ON o.order_id = c.order_id AND o.seller_id = c.sender_id
        WHERE c.target_kind = 'card_code'
        """,
        victim="receiver_id",
        money=False,
    ),
    Act(
        "code_sent_twice",
        "seller",
        "code",
        "chat_links",
        """
        SELECT sender_id AS account_id, 'code' AS stratum, message_id AS key,
               receiver_id <> first_value(receiver_id) OVER (
                   PARTITION BY sender_id, target_id ORDER BY sent_at, message_id
               ) AS hit
        FROM chat_links WHERE target_kind = 'card_code'
        """,
        victim="receiver_id",
        money=False,
    ),
    Act(
        "code_complaint",
        "seller",
        "complaint",
        "orders",
        """
        SELECT seller_id AS account_id, category AS stratum, order_id AS key,
               coalesce(complaint IN ('code_used', 'not_received'), FALSE) AS hit
        FROM orders WHERE list_contains($virtual, category) AND confirmed_at IS NOT NULL AND paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "asked_to_confirm_first",
        "seller",
        "tag",
        "chat_links",
        """
        SELECT c.sender_id AS account_id, 'seller' AS stratum, c.message_id AS key,
               coalesce(c.tag = 'ask_confirm_first', FALSE) AS hit
        FROM chat_links AS c JOIN orders AS o ON o.order_id = c.order_id AND o.seller_id = c.sender_id
        """,
        victim="receiver_id",
        money=False,
    ),
)
