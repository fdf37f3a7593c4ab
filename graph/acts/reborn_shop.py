"""换壳重生 (`reborn_shop`).

A shop takes money and goes: closed, banned, or silent with paid orders open; and the same hand opens the next.

Acts: a paid order, neither sent nor refunded, of a shop that is gone; the complaint "vanished seller"; a shop opened
with what a vanished shop left behind.
Chances: the seller's paid orders; sellers.
Innocent explanation: a shop that failed, once, or one that closed in good order and reopened under the same licence
with nothing left owing. Who opens again under the same identity and the same number or licence hides nothing, and is no
heir until that shop is gone as well.
"""

from graph.acts.act import Act

TABLES = {
    "heirs": """
    SELECT DISTINCT s.new_id AS account_id
    FROM successions AS s JOIN closings AS c ON c.account_id = s.old_id
    JOIN accounts AS o ON o.account_id = s.old_id JOIN accounts AS n ON n.account_id = s.new_id
    LEFT JOIN closings AS again ON again.account_id = s.new_id
    WHERE c.open_orders >= 2
      AND (again.account_id IS NOT NULL
           OR NOT coalesce(o.owner_id = n.owner_id AND (o.phone_id = n.phone_id OR o.licence_id = n.licence_id), FALSE))
    """,
}

ACTS = (
    Act(
        "gone_with_the_money",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        chance="paid_at IS NOT NULL",
        hit="""
        delivered_at IS NULL AND refunded_at IS NULL AND cancelled_at IS NULL AND confirmed_at IS NULL
        AND seller_id IN (SELECT account_id FROM closings)
        """,
        victim="buyer_id",
    ),
    Act(
        "vanished_complaint",
        "seller",
        "complaint",
        "orders",
        who="seller_id",
        chance="paid_at IS NOT NULL",
        hit="complaint = 'vanished_seller'",
        victim="buyer_id",
    ),
    Act(
        "opened_after_vanishing",
        "seller",
        "succession",
        "accounts",
        who="account_id",
        stratum="kind",
        chance="TRUE",
        among="sellers",
        listed="heirs",
        money=False,
    ),
)
