"""售假网络 (`counterfeit_network`).

One operator behind several shops that sell counterfeits into many provinces.

Acts: the complaint "counterfeit"; goods sent back and refunded after a complaint about what they are.
Chances: the seller's paid orders of goods, by category.
Innocent explanation: a reseller who was cheated by its own supplier; a category in which buyers often suspect fakes
(its base rate is higher, and is the one compared with).
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "counterfeit_complaint",
        "seller",
        "complaint",
        "orders",
        """
        SELECT seller_id AS account_id, category AS stratum, order_id AS key,
               coalesce(complaint = 'counterfeit', FALSE) AS hit
        FROM orders WHERE NOT list_contains($virtual, category) AND paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "refunded_as_not_described",
        "seller",
        "behaviour",
        "orders",
        """
        SELECT seller_id AS account_id, category AS stratum, order_id AS key,
               refunded_at IS NOT NULL AND delivered_at IS NOT NULL
               AND coalesce(complaint IN ('counterfeit', 'not_as_described'), FALSE)
               AND seller_complaint IS NULL AS hit
        FROM orders WHERE NOT list_contains($virtual, category) AND paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
)
