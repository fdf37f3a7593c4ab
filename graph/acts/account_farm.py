"""批量养号 (`account_farm`).

Accounts registered in a burst on the same devices or payees, then used alike.

Acts: a sign-up in a burst of accounts that are tied; an order at a seller where others of the same burst bought
as well.
Chances: accounts; orders of accounts.
Innocent explanation: a family or a dormitory that signs up on one evening: few, slow, and then each buys its own
things.
"""

from graph.acts.act import Act

ACTS = (
    Act(
        "signed_up_in_a_burst",
        "buyer",
        "sign_up",
        "accounts",
        """
        SELECT a.account_id, a.kind AS stratum, a.account_id AS key, b.account_id IS NOT NULL AS hit
        FROM accounts AS a LEFT JOIN (SELECT DISTINCT account_id FROM bursts) AS b USING (account_id)
        """,
        money=False,
        between_tied=True,
    ),
    Act(
        "bought_where_the_burst_bought",
        "buyer",
        "behaviour",
        "orders",
        """
        WITH crowd AS (
            SELECT b.burst, o.seller_id, o.category, count(DISTINCT o.buyer_id) AS n
            FROM bursts AS b JOIN orders AS o ON o.buyer_id = b.account_id
            GROUP BY b.burst, o.seller_id, o.category HAVING count(DISTINCT o.buyer_id) > 2
        ),
        alike AS (
            SELECT DISTINCT o.order_id
            FROM bursts AS b JOIN orders AS o ON o.buyer_id = b.account_id
            JOIN crowd AS c ON c.burst = b.burst AND c.seller_id = o.seller_id AND c.category = o.category
        )
        SELECT o.buyer_id AS account_id, 'order' AS stratum, o.order_id AS key, a.order_id IS NOT NULL AS hit
        FROM orders AS o LEFT JOIN alike AS a USING (order_id)
        """,
        money=False,
        between_tied=True,
    ),
)
