"""拍下不付取码 (`unpaid_harvest`).

As buyer: places an order for a code, does not pay, gets the code from a seller who reads "拍下" as paid, and often
closes the account the same week; the code is resold.

Acts: a virtual order never paid whose code left all the same; a code sent in chat while the order was unpaid; the
seller's complaint; the account closed soon after.
Chances: the buyer's virtual orders; codes received; accounts that bought virtual goods.
Innocent explanation: a seller who sent the code by mistake before the buyer paid; the buyer did not ask for it, and it
does not happen to the same buyer at seller after seller.
"""

from graph.acts.act import Act

TABLES = {
    "closed_after_code": """
    SELECT a.account_id
    FROM accounts AS a JOIN (
        SELECT buyer_id, max(placed_at) AS took_at FROM orders
        WHERE array_contains($virtual, category) AND paid_at IS NULL AND delivered_at IS NOT NULL GROUP BY buyer_id
    ) AS t ON t.buyer_id = a.account_id
    WHERE a.cancelled_at BETWEEN t.took_at AND t.took_at + $closed_days * INTERVAL 1 DAY
    """,
    "code_buyers": "SELECT DISTINCT buyer_id AS account_id FROM orders WHERE array_contains($virtual, category)",
}

ACTS = (
    Act(
        "took_code_unpaid",
        "buyer",
        "behaviour",
        "orders",
        who="buyer_id",
        stratum="category",
        chance="array_contains($virtual, category)",
        hit="paid_at IS NULL AND delivered_at IS NOT NULL",
        victim="seller_id",
    ),
    Act(
        "got_code_unpaid",
        "buyer",
        "code",
        "chat_links",
        who="receiver_id",
        stratum="'code'",
        chance="target_kind = 'card_code' AND buyer_id = receiver_id",
        hit="paid_at IS NULL",
        victim="sender_id",
        money=False,
    ),
    Act(
        "seller_says_unpaid",
        "buyer",
        "counterparty",
        "orders",
        who="buyer_id",
        stratum="category",
        chance="array_contains($virtual, category)",
        hit="seller_complaint = 'unpaid_code_taken'",
        victim="seller_id",
    ),
    Act(
        "closed_after_taking",
        "buyer",
        "sign_up",
        "accounts",
        who="account_id",
        stratum="kind",
        chance="TRUE",
        among="code_buyers",
        listed="closed_after_code",
        money=False,
    ),
)
