"""换壳重生 (`reborn_shop`).

A shop takes money and goes: closed, banned, or silent with paid orders open; and the same hand opens the next.

Acts: a paid order, neither sent nor refunded, of a shop that is gone; the complaint "vanished seller"; a shop opened
with what a vanished shop left behind.
Chances: the seller's paid orders; sellers.
Innocent explanation: a shop that failed, once, or one that closed in good order and reopened under the same licence
with nothing left owing.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "gone_with_the_money",
        "seller",
        "behaviour",
        "orders",
        """
        SELECT o.seller_id AS account_id, 'order' AS stratum, o.order_id AS key,
               c.account_id IS NOT NULL AND o.delivered_at IS NULL AND o.refunded_at IS NULL
               AND o.cancelled_at IS NULL AND o.confirmed_at IS NULL AS hit
        FROM orders AS o LEFT JOIN closings AS c ON c.account_id = o.seller_id
        WHERE o.paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "vanished_complaint",
        "seller",
        "complaint",
        "orders",
        """
        SELECT seller_id AS account_id, 'order' AS stratum, order_id AS key,
               coalesce(complaint = 'vanished_seller', FALSE) AS hit
        FROM orders WHERE paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "opened_after_vanishing",
        "seller",
        "succession",
        "accounts",
        """
        WITH sellers AS (SELECT DISTINCT seller_id AS account_id FROM orders),
        heirs AS (
            SELECT DISTINCT s.new_id AS account_id
            FROM successions AS s JOIN closings AS c ON c.account_id = s.old_id WHERE c.open_orders >= 2
        )
        SELECT a.account_id, a.kind AS stratum, a.account_id AS key, h.account_id IS NOT NULL AS hit
        FROM accounts AS a JOIN sellers USING (account_id) LEFT JOIN heirs AS h ON h.account_id = a.account_id
        """,
        money=False,
    ),
)
