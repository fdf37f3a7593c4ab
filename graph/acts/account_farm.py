"""批量养号 (`account_farm`).

Accounts registered in a burst on the same devices or payees, then used alike.

Acts: a sign-up in a burst of accounts that are tied; one in a burst that hangs together by devices, numbers or payment
accounts and is more than a dormitory has beds, or of four who signed up at one stretch; a first order within minutes of
signing up, as scripts do it; an order at a seller where others of the same burst bought within a day of it; a sale of
goods of which others of the same burst sold some within a day of it.
Chances: accounts; orders of accounts; sales.
Innocent explanation: a family or a dormitory that signs up on one evening: few, slow, and then each buys its own
things; a shop's or a firm's tablet on which a whole class is helped to sign up; a firm's buyers, who get their accounts
in one morning and order from one supplier for months, each when something is wanted. Freshers sell little, and not the
same.

That sign-ups in a short window on one device say far more than sharing ever is known from public data of a shop
(0.91 of such accounts were fraudulent, 0.23 of those that shared one slowly). A crowd of them is one witness all the
same, and says `crowd_cap` at most: a ring of it is listed, and stands below those of which more is known.
"""

from graph.acts.act import Act

ALIKE = """
WITH used AS (
    SELECT b.burst, b.account_id, o.order_id, o.seller_id, o.category, o.placed_at,
           date_trunc('day', o.placed_at) AS day
    FROM orders AS o JOIN bursts AS b ON b.account_id = o.{who}
),
daily AS (
    SELECT burst, {where}, day, account_id, min(placed_at) AS first_at, max(placed_at) AS last_at
    FROM used GROUP BY burst, {where}, day, account_id
),
ranked AS (
    SELECT *,
           row_number() OVER (PARTITION BY burst, {where}, day ORDER BY first_at, account_id) AS early,
           row_number() OVER (PARTITION BY burst, {where}, day ORDER BY last_at DESC, account_id) AS late
    FROM daily
)
SELECT o.order_id FROM used AS o JOIN ranked AS x USING (burst, {where})
WHERE (x.early <= 3 OR x.late <= 3) AND x.day BETWEEN o.day - INTERVAL 1 DAY AND o.day + INTERVAL 1 DAY
  AND x.first_at <= o.placed_at + INTERVAL 1 DAY AND x.last_at >= o.placed_at - INTERVAL 1 DAY
GROUP BY o.order_id HAVING count(DISTINCT x.account_id) > 2
"""
"""Three of a burst within a day of an order are looked for among the first and the last three of each day: whoever else
was there then has three beside. Order by order, five thousand accounts that buy at one shop made 2.5 billion pairs."""

TABLES = {
    "bought_alike": ALIKE.format(who="buyer_id", where="seller_id, category"),
    "sold_alike": ALIKE.format(who="seller_id", where="category"),
    "began_at_once": """
    SELECT DISTINCT a.account_id FROM orders AS o JOIN accounts AS a ON a.account_id = o.buyer_id
    WHERE o.placed_at BETWEEN a.registered_at AND a.registered_at + $soon_minutes * INTERVAL 1 MINUTE
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
        listed="bursts",
        money=False,
        between_tied=True,
        of_the_group=True,
    ),
    Act(
        "signed_up_in_a_crowd",
        "buyer",
        "sign_up",
        "accounts",
        who="account_id",
        stratum="kind",
        chance="TRUE",
        listed="crowd_bursts",
        money=False,
        between_tied=True,
        crowd=True,
        of_the_group=True,
    ),
    Act(
        "signed_up_at_a_stretch",
        "buyer",
        "sign_up",
        "accounts",
        who="account_id",
        stratum="kind",
        chance="TRUE",
        listed="stretches",
        money=False,
        between_tied=True,
        crowd=True,
        of_the_group=True,
    ),
    Act(
        "ordered_on_signing_up",
        "buyer",
        "behaviour",
        "accounts",
        who="account_id",
        stratum="kind",
        chance="TRUE",
        listed="began_at_once",
        money=False,
    ),
    Act(
        "bought_where_the_burst_bought",
        "buyer",
        "behaviour",
        "orders",
        who="buyer_id",
        chance="TRUE",
        listed="bought_alike",
        money=False,
        between_tied=True,
    ),
    Act(
        "sold_where_the_burst_sold",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        chance="TRUE",
        listed="sold_alike",
        money=False,
        between_tied=True,
    ),
)
