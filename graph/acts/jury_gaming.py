"""小法庭钻空子 (`jury_gaming`).

Wins close votes of the users' jury, or loses them and overturns them on appeal, again and again and with the same
claim.

Acts: a jury case won by a margin that opens an appeal, or lost and overturned, on the account's side.
Chances: the account's paid orders on that side (a jury case is rare in itself).
Innocent explanation: an honest party in a borderline case; that is one case, not five.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "close_case_as_buyer",
        "buyer",
        "behaviour",
        "orders",
        who="buyer_id",
        chance="paid_at IS NOT NULL",
        hit="""
        appeal_winner = 'buyer'
        OR (jury_winner = 'buyer' AND appeal_winner IS NULL AND abs(votes_buyer - votes_seller) <= $close_margin)
        """,
        victim="seller_id",
    ),
    Act(
        "close_case_as_seller",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        chance="paid_at IS NOT NULL",
        hit="""
        appeal_winner = 'seller'
        OR (jury_winner = 'seller' AND appeal_winner IS NULL AND abs(votes_buyer - votes_seller) <= $close_margin)
        """,
        victim="buyer_id",
    ),
)
