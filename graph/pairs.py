"""Pairs: which two accounts may be one hand, and which hang together by that.

Ties make the pairs; acts only say how far a weak tie is believed. Between two accounts that both stand out a weak tie
counts, between two that did nothing it does not: honest people share links, hosts and payees too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.tables import BUYING, SELLING

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import RingSettings

TRUST = """
WITH acting AS (SELECT account_id FROM by_typology WHERE nats >= $acting GROUP BY account_id),
things AS (
    SELECT t.kind, t.space, t.entity_id,
           max(CASE WHEN x.account_id IS NOT NULL AND y.account_id IS NOT NULL THEN 1 ELSE 0 END) AS both_act
    FROM ties AS t LEFT JOIN acting AS x ON x.account_id = t.a LEFT JOIN acting AS y ON y.account_id = t.b
    GROUP BY t.kind, t.space, t.entity_id
),
counted AS (SELECT kind, count(*) AS n, cast(sum(both_act) AS BIGINT) AS k FROM things GROUP BY kind),
usual AS (
    SELECT cast(coalesce(sum(k), 0) + 1 AS DOUBLE) / (coalesce(sum(n), 0) + 10) AS share
    FROM counted WHERE kind IN ('address', 'inviter')
)
SELECT kind,
       CASE WHEN kind IN ('payee', 'card_code')
            THEN greatest($shy, least(1, (cast(k + 6 AS DOUBLE) / (n + 10) - share) / (1 - share) / $full))
            ELSE 1 END AS trust
FROM counted CROSS JOIN usual
"""
"""On one platform two sellers share a pocket or a card secret only if they are one hand; on another honest people lend
pockets and trade codes. Which it is shows tonight: by how many such things join two accounts that both act, beyond
the share of friends and neighbours who do so by chance. From a share of `$full` the strengths hold as they are set; ten
things are counted beforehand, six of them joining such accounts, so that a small platform keeps them."""

PAIRS = """
WITH weighted AS (
    SELECT t.a, t.b, t.space, t.kind, t.burst, t.overlap,
           cast(t.nats * CASE WHEN x.account_id IS NULL OR y.account_id IS NULL THEN w.trust ELSE 1 END
                AS DECIMAL(12, 6)) AS nats
    FROM ties AS t JOIN trust AS w ON w.kind = t.kind
    LEFT JOIN signed_together AS x ON x.account_id = t.a AND x.space = t.space AND x.entity_id = t.entity_id
    LEFT JOIN signed_together AS y ON y.account_id = t.b AND y.space = t.space AND y.entity_id = t.entity_id
),
per_space AS (
    SELECT a, b, space, max(nats) + sum(nats) AS twice,
           space IN ('device', 'address', 'phone') AS shared_at_home,
           (space IN ('device', 'address', 'phone') OR bool_and(kind = 'payer')) AND NOT bool_or(burst) AS of_a_home,
           max(CASE WHEN NOT overlap AND space IN ('device', 'phone') THEN nats / $apart ELSE nats END) AS handed_on
    FROM weighted GROUP BY a, b, space
),
per_pair AS (
    SELECT a, b,
           least(coalesce(cast(sum(twice) FILTER (WHERE shared_at_home) AS DOUBLE), 0) / 2, $household)
           + coalesce(cast(sum(twice) FILTER (WHERE NOT shared_at_home) AS DOUBLE), 0) / 2 AS nats,
           least(coalesce(cast(sum(twice) FILTER (WHERE shared_at_home AND of_a_home) AS DOUBLE), 0) / 2, $household)
           + coalesce(cast(sum(twice) FILTER (WHERE NOT shared_at_home AND of_a_home) AS DOUBLE), 0) / 2 AS home,
           max(handed_on) AS handed_on
    FROM per_space GROUP BY a, b
),
acting AS (
    SELECT account_id, max(nats) AS nats,
           CASE WHEN array_contains($selling, max_by(typology, (nats, typology))) THEN 'selling'
                WHEN array_contains($buying, max_by(typology, (nats, typology))) THEN 'buying' ELSE 'either' END AS side
    FROM by_typology WHERE nats > 0 GROUP BY account_id
),
alike AS (
    SELECT p.a, p.b, max(least(x.nats, y.nats)) AS nats
    FROM per_pair AS p
    JOIN by_typology AS x ON x.account_id = p.a
    JOIN by_typology AS y ON y.account_id = p.b AND y.typology = x.typology
    GROUP BY p.a, p.b
),
weighed AS (
    SELECT p.a, p.b, cast(p.nats AS DOUBLE) AS nats, cast(p.home AS DOUBLE) AS home,
           cast(greatest(p.nats, p.handed_on) AS DOUBLE) AS most,
           least(coalesce(s.nats, 0), $most_trust) AS alike,
           CASE WHEN (x.side = 'selling' AND y.side = 'buying') OR (x.side = 'buying' AND y.side = 'selling') THEN 0
                ELSE least(least(coalesce(x.nats, 0), coalesce(y.nats, 0)), $most_trust) END AS acts
    FROM per_pair AS p
    LEFT JOIN alike AS s ON s.a = p.a AND s.b = p.b
    LEFT JOIN acting AS x ON x.account_id = p.a
    LEFT JOIN acting AS y ON y.account_id = p.b
),
believed AS (
    SELECT a, b, nats, home, most,
           nats + least($trust * (2 * alike - (acts - least(alike, acts)) - $doubt), $lend * most) AS belief
    FROM weighed
)
SELECT a, b, nats, home, belief FROM believed WHERE belief >= $tie ORDER BY a, b
"""
"""What a household shares (device, address, phone) is one reason, however many of the three it shares; a second thing
of one space (another device) says half as much again (`twice` is that doubled: a decimal, whose sums do not depend on
order). A tie is believed more between two accounts that do the same, and less between two that both act but do
different things (two rings that share a host are not one), unless one cheats as seller and the other as buyer, which
one hand may. A crowd that signed up together has not lent each other a pocket. Acts add at most `$lend` times its own
weight: a chance tie stays one whatever its ends did. A phone or number that passed from one to the other without their
meeting was most likely sold, and weighs little; but a hand that takes up one account after the other on one phone
leaves the same trace, so acts may add as much as if they had met.
`home` is the part of `nats` that a home would explain as well: device, address, number, paying for each other, unless
both began within days."""


def pairs(db: Db, s: RingSettings, *, apart: float) -> None:
    """Make `pairs` and `components`: which accounts may be one hand, and which hang together by that.

    Reads `ties`, `signed_together`, `suspicion`, `by_typology`. `pairs`: one row two tied accounts, `a` < `b`: `nats`,
    `home` (the part of it that living together would explain), `belief` (`nats` with what both did). `components`:
    `component` (its first account), `account_id`. `apart` is the factor that ties of users who never met were given.
    """
    db.make("trust", TRUST, acting=s.acting, full=s.full, shy=s.shy)
    db.make(
        "pairs",
        PAIRS,
        household=s.household,
        trust=s.trust,
        most_trust=s.most_trust,
        doubt=s.doubt,
        tie=s.tie,
        lend=s.lend,
        apart=apart,
        selling=list(SELLING),
        buying=list(BUYING),
    )
    db.drop("trust")
    db.connect("components", "SELECT a, b FROM pairs")
