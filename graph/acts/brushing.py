"""刷单炒信 (`brushing`).

Members buy from each other to lift a shop in the ranking that victims trust.

Acts: an order between two accounts that are tied to each other; an order in a circle (each bought from the other);
an order at a seller where several accounts tied to the buyer bought in the same days, as hired hands do for a shop that
shares nothing with them (what one burst of sign-ups buys is the farm's); goods confirmed faster than any parcel
travels, or though none ever left.
Chances: paid orders, on the buyer's and on the seller's side; for trade with tied accounts, those of accounts that have
a tie, compared with accounts that trade as much: a small seller's customers are its friends.
Innocent explanation: relatives who buy from a relative's shop, neighbours who hand goods over in person.
"""

from graph.acts.act import BY_SIZE, Act

_PARCEL = """
NOT array_contains($virtual, category) AND category <> 'membership' AND paid_at IS NOT NULL AND confirmed_at IS NOT NULL
"""

_NO_PARCEL = "delivered_at IS NULL OR confirmed_at < paid_at + $quick_hours * INTERVAL 1 HOUR"

TABLES = {
    "tied_accounts": "SELECT a AS account_id FROM tied UNION SELECT b FROM tied",
    "tied_trades": """
    SELECT o.order_id FROM orders AS o
    JOIN (SELECT a AS buyer_id, b AS seller_id FROM tied UNION ALL SELECT b, a FROM tied) AS t
      ON t.buyer_id = o.buyer_id AND t.seller_id = o.seller_id
    WHERE o.paid_at IS NOT NULL
    """,
    "in_step": """
    WITH ends AS (SELECT a, b FROM tied UNION ALL SELECT b, a FROM tied),
    several AS (SELECT a FROM ends GROUP BY a HAVING count(*) >= $step_accounts)
    SELECT o.order_id
    FROM orders AS o JOIN (SELECT a, b FROM ends SEMI JOIN several USING (a)) AS t ON t.a = o.buyer_id
    JOIN orders AS x ON x.buyer_id = t.b AND x.seller_id = o.seller_id
    LEFT JOIN bursts AS p ON p.account_id = o.buyer_id LEFT JOIN bursts AS q ON q.account_id = x.buyer_id
    WHERE o.paid_at IS NOT NULL AND x.paid_at IS NOT NULL
      AND (p.burst IS NULL OR q.burst IS NULL OR p.burst <> q.burst)
      AND x.placed_at BETWEEN o.placed_at - $step_days * INTERVAL 1 DAY AND o.placed_at + $step_days * INTERVAL 1 DAY
    GROUP BY o.order_id HAVING count(DISTINCT x.buyer_id) >= $step_accounts
    """,
}

ACTS = (
    Act(
        "sold_to_a_tied_account",
        "seller",
        "trade",
        "orders",
        who="seller_id",
        stratum=BY_SIZE,
        chance="paid_at IS NOT NULL",
        among="tied_accounts",
        listed="tied_trades",
        money=False,
        between_tied=True,
    ),
    Act(
        "bought_from_a_tied_account",
        "buyer",
        "trade",
        "orders",
        who="buyer_id",
        stratum=BY_SIZE,
        chance="paid_at IS NOT NULL",
        among="tied_accounts",
        listed="tied_trades",
        money=False,
        between_tied=True,
    ),
    Act(
        "bought_in_step",
        "buyer",
        "together",
        "orders",
        who="buyer_id",
        stratum=BY_SIZE,
        chance="paid_at IS NOT NULL",
        among="tied_accounts",
        listed="in_step",
        money=False,
        between_tied=True,
        crowd=True,
    ),
    Act(
        "traded_in_a_circle",
        "buyer",
        "trade",
        "orders",
        who="buyer_id",
        chance="paid_at IS NOT NULL",
        listed="both_ways",
        money=False,
        between_tied=True,
        crowd=True,
    ),
    Act(
        "confirmed_too_quickly_seller",
        "seller",
        "logistics",
        "orders",
        who="seller_id",
        stratum="'goods'",
        chance=_PARCEL,
        hit=_NO_PARCEL,
        money=False,
    ),
    Act(
        "confirmed_too_quickly_buyer",
        "buyer",
        "logistics",
        "orders",
        who="buyer_id",
        stratum="'goods'",
        chance=_PARCEL,
        hit=_NO_PARCEL,
        money=False,
    ),
)
