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

ACTS = (
    Act(
        "regulated_without_licence",
        "seller",
        "behaviour",
        "orders",
        """
        SELECT o.seller_id AS account_id, o.category AS stratum, o.order_id AS key,
               a.licence_id IS NULL OR coalesce(NOT a.licence_shown, FALSE) AS hit
        FROM orders AS o JOIN accounts AS a ON a.account_id = o.seller_id
        WHERE a.kind = 'shop' AND list_contains($regulated, o.category) AND o.paid_at IS NOT NULL
        """,
        victim="buyer_id",
    ),
    Act(
        "lives_by_goods_unlicensed",
        "seller",
        "behaviour",
        "accounts",
        """
        WITH sold AS (
            SELECT seller_id AS account_id,
                   2 * count(*) FILTER (WHERE list_contains($regulated, category)) >= count(*) AS mostly
            FROM orders WHERE paid_at IS NOT NULL GROUP BY seller_id HAVING count(*) >= $shelf
        )
        SELECT a.account_id, 'shop' AS stratum, a.account_id AS key,
               s.mostly AND (a.licence_id IS NULL OR coalesce(NOT a.licence_shown, FALSE)) AS hit
        FROM accounts AS a JOIN sold AS s USING (account_id) WHERE a.kind = 'shop'
        """,
        money=False,
    ),
    Act(
        "licence_lent",
        "seller",
        "licence",
        "accounts",
        """
        WITH lent AS (
            SELECT licence_id FROM accounts
            WHERE kind = 'shop' AND licence_id IS NOT NULL AND owner_id IS NOT NULL
            GROUP BY licence_id HAVING count(DISTINCT owner_id) > 1
        )
        SELECT a.account_id, 'shop' AS stratum, a.account_id AS key, l.licence_id IS NOT NULL AS hit
        FROM accounts AS a
        SEMI JOIN (
            SELECT seller_id FROM orders GROUP BY seller_id
            HAVING 2 * count(*) FILTER (WHERE list_contains($regulated, category)) >= count(*)
        ) AS r ON r.seller_id = a.account_id
        LEFT JOIN lent AS l USING (licence_id)
        WHERE a.kind = 'shop' AND a.licence_id IS NOT NULL
        """,
        money=False,
        between_tied=True,
    ),
)
