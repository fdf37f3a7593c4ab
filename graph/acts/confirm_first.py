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

_CONFIRMED = "array_contains($virtual, category) AND confirmed_at IS NOT NULL AND paid_at IS NOT NULL"

MESSAGES = {
    "codes_sent_again": """
    SELECT message_id FROM (
        SELECT message_id, receiver_id,
               first_value(receiver_id) OVER (
                   PARTITION BY sender_id, target_id ORDER BY sent_at, message_id
               ) AS first_id
        FROM chat_links WHERE target_kind = 'card_code'
    ) AS codes
    WHERE receiver_id <> first_id
    """,
}

ACTS = (
    Act(
        "confirmed_before_code",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        stratum="category",
        chance=_CONFIRMED,
        hit="delivered_at IS NULL OR delivered_at > confirmed_at",
        victim="buyer_id",
    ),
    Act(
        "code_after_confirmation",
        "seller",
        "code",
        "chat_links",
        who="sender_id",
        stratum="'code'",
        chance="target_kind = 'card_code' AND seller_id = sender_id",
        hit="sent_at > confirmed_at",
        victim="receiver_id",
        money=False,
    ),
    Act(
        "code_sent_twice",
        "seller",
        "code",
        "chat_links",
        who="sender_id",
        stratum="'code'",
        chance="target_kind = 'card_code'",
        listed="codes_sent_again",
        victim="receiver_id",
        money=False,
    ),
    Act(
        "code_complaint",
        "seller",
        "complaint",
        "orders",
        who="seller_id",
        stratum="category",
        chance=_CONFIRMED,
        hit="complaint IN ('code_used', 'not_received')",
        victim="buyer_id",
    ),
    Act(
        "asked_to_confirm_first",
        "seller",
        "tag",
        "chat_links",
        who="sender_id",
        stratum="'seller'",
        chance="seller_id = sender_id",
        hit="tag = 'ask_confirm_first'",
        victim="receiver_id",
        money=False,
    ),
)
