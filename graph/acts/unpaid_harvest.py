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

ACTS = (
    Act(
        "took_code_unpaid",
        "buyer",
        "behaviour",
        "orders",
        """
        SELECT buyer_id AS account_id, category AS stratum, order_id AS key,
               paid_at IS NULL AND delivered_at IS NOT NULL AS hit
        FROM orders WHERE list_contains($virtual, category)
        """,
        victim="seller_id",
    ),
    Act(
        "got_code_unpaid",
        "buyer",
        "code",
        "chat_links",
        """
        SELECT c.receiver_id AS account_id, 'code' AS stratum, c.message_id AS key, o.paid_at IS NULL AS hit
        FROM chat_links AS c JOIN orders AS o ON o.order_id = c.order_id AND o.buyer_id = c.receiver_id
        WHERE c.target_kind = 'card_code'
        """,
        victim="sender_id",
        money=False,
    ),
    Act(
        "seller_says_unpaid",
        "buyer",
        "counterparty",
        "orders",
        """
        SELECT buyer_id AS account_id, category AS stratum, order_id AS key,
               coalesce(seller_complaint = 'unpaid_code_taken', FALSE) AS hit
        FROM orders WHERE list_contains($virtual, category)
        """,
        victim="seller_id",
    ),
    Act(
        "closed_after_taking",
        "buyer",
        "sign_up",
        "accounts",
        """
        WITH took AS (
            SELECT buyer_id AS account_id, max(placed_at) AS last_at,
                   max(placed_at) FILTER (WHERE paid_at IS NULL AND delivered_at IS NOT NULL) AS took_at
            FROM orders WHERE list_contains($virtual, category) GROUP BY buyer_id
        )
        SELECT a.account_id, a.kind AS stratum, a.account_id AS key,
               coalesce(a.cancelled_at BETWEEN t.took_at AND t.took_at + to_days($closed_days), FALSE) AS hit
        FROM accounts AS a JOIN took AS t USING (account_id)
        """,
        money=False,
    ),
)
