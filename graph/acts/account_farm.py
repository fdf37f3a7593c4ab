"""批量养号 (`account_farm`).

Accounts registered in a burst on the same devices or payees, then used alike.

Acts: a sign-up in a burst of accounts that are tied; an order at a seller where others of the same burst bought
as well.
Chances: accounts; orders of accounts.
Innocent explanation: a family or a dormitory that signs up on one evening: few, slow, and then each buys its own
things.
"""

from graph.acts.act import Act

TABLES = {
    "bought_alike": """
    WITH bought AS (
        SELECT b.burst, o.order_id, o.buyer_id, o.seller_id, o.category
        FROM orders AS o JOIN bursts AS b ON b.account_id = o.buyer_id
    ),
    crowd AS (
        SELECT burst, seller_id, category FROM bought
        GROUP BY burst, seller_id, category HAVING count(DISTINCT buyer_id) > 2
    )
    SELECT order_id FROM bought SEMI JOIN crowd USING (burst, seller_id, category)
    """,
}

ACTS = (
    Act(
        "signed_up_in_a_burst",
        "buyer",
        "sign_up",
        "accounts",
        who="account_id",
        stratum="kind",
        chance="TRUE",
        hit="account_id IN (SELECT account_id FROM bursts)",
        money=False,
        between_tied=True,
    ),
    Act(
        "bought_where_the_burst_bought",
        "buyer",
        "behaviour",
        "orders",
        who="buyer_id",
        chance="TRUE",
        hit="order_id IN (SELECT order_id FROM bought_alike)",
        money=False,
        between_tied=True,
    ),
)
