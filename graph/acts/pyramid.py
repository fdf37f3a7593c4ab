"""传销 (`pyramid`).

Entry fees flow up a referral tree: who joins pays the one who recruited it, or the top, and lives off recruiting
others. Composite in its gravity: levels and heads are counted over the ring (three levels and thirty people is the
criminal threshold); they order the proposed action, never the score.

Acts: a membership fee paid to an account above the payer in its own referral line, or into that account's pocket, for
who receives, who pays, and who recruited; the classifier's tag.
Chances: paid orders sold and bought (not memberships alone: where most memberships are fees, fees would look ordinary);
accounts referred.
Innocent explanation: an honest shop selling memberships that rewards referral; there the fee goes to the shop, not up
the line.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "fee_from_below",
        "organiser",
        "behaviour",
        "orders",
        """
        SELECT o.seller_id AS account_id, 'order' AS stratum, o.order_id AS key,
               f.order_id IS NOT NULL AS hit
        FROM orders AS o LEFT JOIN fee_orders AS f USING (order_id)
        WHERE o.paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "fee_up_the_line",
        "buyer",
        "behaviour",
        "orders",
        """
        SELECT o.buyer_id AS account_id, 'order' AS stratum, o.order_id AS key, f.order_id IS NOT NULL AS hit
        FROM orders AS o LEFT JOIN fee_orders AS f USING (order_id)
        WHERE o.paid_at IS NOT NULL
        """,
    ),
    Act(
        "recruited_payers",
        "organiser",
        "sign_up",
        "accounts",
        """
        SELECT a.inviter_id AS account_id, 'invitee' AS stratum, a.account_id AS key, f.account_id IS NOT NULL AS hit
        FROM accounts AS a LEFT JOIN fees AS f ON f.account_id = a.account_id
        WHERE a.inviter_id IS NOT NULL
        """,
        money=False,
    ),
    Act(
        "recruiting_message",
        "sender",
        "tag",
        "chat_links",
        """
        SELECT sender_id AS account_id, 'link' AS stratum, message_id AS key, coalesce(tag = 'recruit', FALSE) AS hit
        FROM chat_links
        """,
        victim="receiver_id",
        money=False,
    ),
)
