"""售假网络 (`counterfeit_network`).

One operator behind several shops that sell counterfeits into many provinces.

Acts: the complaint "counterfeit"; goods sent back and refunded after a complaint about what they are.
Chances: the seller's paid orders of goods, by category.
Innocent explanation: a reseller who was cheated by its own supplier; a category in which buyers often suspect fakes
(its base rate is higher, and is the one compared with).
"""

from graph.acts.act import Act

_GOODS = "NOT array_contains($virtual, category) AND paid_at IS NOT NULL"

ACTS = (
    Act(
        "counterfeit_complaint",
        "seller",
        "complaint",
        "orders",
        who="seller_id",
        stratum="category",
        chance=_GOODS,
        hit="complaint = 'counterfeit'",
        victim="buyer_id",
    ),
    Act(
        "refunded_as_not_described",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        stratum="category",
        chance=_GOODS,
        hit="""
        refunded_at IS NOT NULL AND delivered_at IS NOT NULL AND complaint IN ('counterfeit', 'not_as_described')
        AND seller_complaint IS NULL
        """,
        victim="buyer_id",
    ),
)
