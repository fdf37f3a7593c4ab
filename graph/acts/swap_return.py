"""恶意退换 (`swap_return`).

As buyer: claims damage or that nothing came, refuses the parcel or sends another item back, and is refunded; at many
sellers, with the same claim. A bank's charge-back is such a refund.

Acts: a return that the seller disputes ("what came back is not what was sent"); a refund, though the
goods had left, after a claim that the buyer repeats at another seller.
Chances: the buyer's paid orders of goods.
Innocent explanation: a careless courier or one bad batch; an unlucky buyer claims once, at one seller. Whoever says
that a seller vanished, sold a fake or a used code, or led it off the platform is a victim, and claims nothing here.
"""

from graph.acts.act import Act

_GOODS = "NOT array_contains($virtual, category) AND paid_at IS NOT NULL"

ACTS = (
    Act(
        "return_disputed",
        "buyer",
        "counterparty",
        "orders",
        who="buyer_id",
        stratum="'goods'",
        chance=_GOODS,
        hit="seller_complaint = 'return_mismatch'",
        victim="seller_id",
    ),
    Act(
        "refund_on_claim",
        "buyer",
        "behaviour",
        "orders",
        who="buyer_id",
        stratum="'goods'",
        chance=_GOODS,
        hit="""
        refunded_at IS NOT NULL AND delivered_at IS NOT NULL AND jury_winner IS NULL
        AND (return_kind IS NOT NULL OR complaint IN ('damaged', 'not_as_described', 'not_received', 'other'))
        """,
        victim="seller_id",
    ),
)
