"""刷单炒信 (`brushing`).

Members buy from each other to lift a shop in the ranking that victims trust.

Acts: an order between two accounts that are tied to each other; an order in a circle (each bought from the other);
goods confirmed faster than any parcel travels.
Chances: paid orders, on the buyer's and on the seller's side; for trade with tied accounts, those of accounts that have
a tie, compared with accounts that trade as much: a small seller's customers are its friends.
Innocent explanation: relatives who buy from a relative's shop, neighbours who hand goods over in person.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "sold_to_a_tied_account",
        "seller",
        "behaviour",
        "orders",
        """
        SELECT o.seller_id AS account_id,
               CASE WHEN count(*) OVER (PARTITION BY o.seller_id) < 8 THEN 'few'
                    WHEN count(*) OVER (PARTITION BY o.seller_id) < 32 THEN 'some' ELSE 'many' END AS stratum,
               o.order_id AS key, t.a IS NOT NULL AS hit
        FROM orders AS o
        SEMI JOIN (SELECT a AS account_id FROM tied UNION SELECT b FROM tied) AS has ON has.account_id = o.seller_id
        LEFT JOIN tied AS t ON t.a = least(o.buyer_id, o.seller_id) AND t.b = greatest(o.buyer_id, o.seller_id)
        WHERE o.paid_at IS NOT NULL
        """,
        money=False,
        between_tied=True,
    ),
    Act(
        "bought_from_a_tied_account",
        "buyer",
        "behaviour",
        "orders",
        """
        SELECT o.buyer_id AS account_id,
               CASE WHEN count(*) OVER (PARTITION BY o.buyer_id) < 8 THEN 'few'
                    WHEN count(*) OVER (PARTITION BY o.buyer_id) < 32 THEN 'some' ELSE 'many' END AS stratum,
               o.order_id AS key, t.a IS NOT NULL AS hit
        FROM orders AS o
        SEMI JOIN (SELECT a AS account_id FROM tied UNION SELECT b FROM tied) AS has ON has.account_id = o.buyer_id
        LEFT JOIN tied AS t ON t.a = least(o.buyer_id, o.seller_id) AND t.b = greatest(o.buyer_id, o.seller_id)
        WHERE o.paid_at IS NOT NULL
        """,
        money=False,
        between_tied=True,
    ),
    Act(
        "traded_in_a_circle",
        "buyer",
        "behaviour",
        "orders",
        """
        SELECT o.buyer_id AS account_id, 'order' AS stratum, o.order_id AS key, b.buyer_id IS NOT NULL AS hit
        FROM orders AS o
        LEFT JOIN (SELECT DISTINCT buyer_id, seller_id FROM orders WHERE paid_at IS NOT NULL) AS b
          ON b.buyer_id = o.seller_id AND b.seller_id = o.buyer_id
        WHERE o.paid_at IS NOT NULL
        """,
        money=False,
        between_tied=True,
    ),
    Act(
        "confirmed_too_quickly_seller",
        "seller",
        "logistics",
        "orders",
        """
        SELECT seller_id AS account_id, 'goods' AS stratum, order_id AS key,
               confirmed_at < paid_at + to_hours($quick_hours) AS hit
        FROM orders
        WHERE NOT list_contains($virtual, category) AND category <> 'membership'
          AND paid_at IS NOT NULL AND confirmed_at IS NOT NULL
        """,
        money=False,
    ),
    Act(
        "confirmed_too_quickly_buyer",
        "buyer",
        "logistics",
        "orders",
        """
        SELECT buyer_id AS account_id, 'goods' AS stratum, order_id AS key,
               confirmed_at < paid_at + to_hours($quick_hours) AS hit
        FROM orders
        WHERE NOT list_contains($virtual, category) AND category <> 'membership'
          AND paid_at IS NOT NULL AND confirmed_at IS NOT NULL
        """,
        money=False,
    ),
)
