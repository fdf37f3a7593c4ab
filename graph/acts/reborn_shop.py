"""换壳重生 (`reborn_shop`).

A shop takes money and goes: closed, banned, or silent with paid orders open; and the same hand opens the next.

Acts: a paid order, neither sent nor refunded, of a shop that is gone; the complaint "vanished seller"; a shop opened
with what a vanished shop left behind, for the same trade.
Chances: the seller's paid orders; sellers.
Innocent explanation: a shop that failed, once, or one that closed in good order and reopened under the same licence
with nothing left owing. Who opens again under the same identity and the same number or licence hides nothing, and is no
heir until that shop is gone as well. A relative who takes over the phone and now and then sells something: the next
shop sells what the last one sold, three orders at least.
"""

from graph.acts.act import Act

TABLES = {
    "heirs": """
    WITH trades AS (
        SELECT o.seller_id, o.category, count(*) AS n FROM orders AS o
        SEMI JOIN (SELECT old_id AS seller_id FROM successions UNION SELECT new_id FROM successions) AS s
          ON s.seller_id = o.seller_id
        WHERE o.paid_at IS NOT NULL GROUP BY o.seller_id, o.category
    ),
    next_shops AS (
        SELECT s.old_id, s.new_id
        FROM successions AS s JOIN trades AS x ON x.seller_id = s.old_id
        JOIN trades AS y ON y.seller_id = s.new_id AND y.category = x.category
        GROUP BY s.old_id, s.new_id HAVING sum(y.n) >= 3
    )
    SELECT DISTINCT s.new_id AS account_id
    FROM next_shops AS s JOIN closings AS c ON c.account_id = s.old_id
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
