"""无照经营 (`unlicensed_operator`).

One operator's shops sell regulated goods with no licence shown, or one licence is lent over unrelated shops. Own
produce and petty trade by persons need none: only shops are counted.

Acts: a paid order of regulated goods at a shop that shows no licence; a shop that lives by such goods and shows none; a
licence that several owners' shops share.
Chances: paid orders of regulated goods at shops; shops with a shelf; shops with a licence that live by such goods.
Innocent explanation: a shop whose licence is under renewal, or an agency that registered its clients' shops under its
own licence by mistake.
"""

from graph.acts.act import Act

TABLES = {
    "unlicensed_shops": """
    SELECT account_id FROM accounts
    WHERE kind = 'shop' AND (licence_id IS NULL OR coalesce(NOT licence_shown, FALSE))
    """,
    "shelves": """
    SELECT seller_id AS account_id, count(*) AS n,
           count(*) FILTER (WHERE array_contains($regulated, category)) AS regulated,
           count(*) FILTER (WHERE paid_at IS NOT NULL) AS paid,
           count(*) FILTER (WHERE paid_at IS NOT NULL AND array_contains($regulated, category)) AS regulated_paid
    FROM orders AS o SEMI JOIN shops AS s ON s.account_id = o.seller_id GROUP BY seller_id
    """,
    "long_shelves": "SELECT account_id FROM shelves WHERE paid >= $shelf",
    "regulated_shelves": "SELECT account_id FROM shelves WHERE 2 * regulated >= n",
    "lent_licences": """
    SELECT licence_id FROM accounts WHERE kind = 'shop' AND licence_id IS NOT NULL AND owner_id IS NOT NULL
    GROUP BY licence_id HAVING count(DISTINCT owner_id) > 1
    """,
}

ACTS = (
    Act(
        "regulated_without_licence",
        "seller",
        "behaviour",
        "orders",
        who="seller_id",
        stratum="category",
        chance="array_contains($regulated, category) AND paid_at IS NOT NULL",
        among="shops",
        hit="seller_id IN (SELECT account_id FROM unlicensed_shops)",
        victim="buyer_id",
    ),
    Act(
        "lives_by_goods_unlicensed",
        "seller",
        "behaviour",
        "accounts",
        who="account_id",
        stratum="'shop'",
        chance="TRUE",
        among="long_shelves",
        hit="""
        account_id IN (SELECT account_id FROM shelves WHERE 2 * regulated_paid >= paid)
        AND account_id IN (SELECT account_id FROM unlicensed_shops)
        """,
        money=False,
    ),
    Act(
        "licence_lent",
        "seller",
        "licence",
        "accounts",
        who="account_id",
        stratum="'shop'",
        chance="licence_id IS NOT NULL",
        among="regulated_shelves",
        hit="licence_id IN (SELECT licence_id FROM lent_licences)",
        money=False,
        between_tied=True,
    ),
)
