"""Bursts: accounts that are tied to each other and signed up close together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import ActSettings

CLOSE = """
WITH halls AS (
    SELECT space, entity_id FROM crowds WHERE space IN ('address', 'contact') AND n > $beds
),
tied_then AS (
    SELECT t.a, t.b, t.kind = 'inviter' AS invited, t.space IN ('device', 'pay', 'phone') AS on_a_thing,
           x.at AS a_at, y.at AS b_at, coalesce(x.hours, y.hours, $burst_hours) AS hours
    FROM ties AS t JOIN sign_ups AS x ON x.account_id = t.a JOIN sign_ups AS y ON y.account_id = t.b
    LEFT JOIN halls AS h ON h.space = t.space AND h.entity_id = t.entity_id
    WHERE h.entity_id IS NULL
)
SELECT a, b, bool_and(invited) AS only_invited, bool_or(on_a_thing) AS on_a_thing,
       bool_or(on_a_thing AND a_at <> date_trunc('day', a_at)
               AND a_at BETWEEN b_at - $stretch_minutes * INTERVAL 1 MINUTE
                            AND b_at + $stretch_minutes * INTERVAL 1 MINUTE) AS at_a_stretch
FROM tied_then WHERE a_at BETWEEN b_at - hours * INTERVAL 1 HOUR AND b_at + hours * INTERVAL 1 HOUR
GROUP BY a, b
"""
"""Tied accounts that signed up close together, but not with a large part of the platform. Not by the address or the
chat group of a whole hall: its freshers sign up in the same week. A midnight is a date without a time of day."""

BORN_TOGETHER = """
WITH ends AS (SELECT a AS account_id, only_invited FROM close UNION ALL SELECT b, only_invited FROM close),
held AS (SELECT account_id FROM ends GROUP BY account_id HAVING NOT bool_and(only_invited) OR count(*) > 1)
SELECT c.a, c.b FROM close AS c
LEFT JOIN held AS x ON x.account_id = c.a LEFT JOIN held AS y ON y.account_id = c.b
WHERE NOT c.only_invited OR (x.account_id IS NOT NULL AND y.account_id IS NOT NULL)
"""
"""A burst is what such accounts hang together to, whichever things tie them: a careful hand gives each new account
another phone. But not by an invitation, where it is all that holds one of the two: a friend who is invited signs up the
same day."""

LARGE = """
SELECT component AS burst, account_id FROM born_together
SEMI JOIN (SELECT component FROM born_together GROUP BY component HAVING count(*) >= $least) AS large USING (component)
"""


def bursts(db: Db, s: ActSettings, burst_hours: int) -> None:
    """Make `bursts`, `crowd_bursts` and `stretches`: one row an account, `burst` (the first account of its own) and
    `account_id`.

    Reads `ties`, `sign_ups`, `crowds`. `bursts` hang together within `burst_hours` by whatever ties them, `farm_size`
    accounts or more; `crowd_bursts` by devices, numbers and payment accounts, more than `beds` of them; `stretches` by
    these within `stretch_minutes`, `farm_size` or more.
    """
    db.make("close", CLOSE, burst_hours=burst_hours, beds=s.beds, stretch_minutes=s.stretch_minutes)
    for made, pairs, least in (
        ("bursts", BORN_TOGETHER, s.farm_size),
        ("crowd_bursts", "SELECT a, b FROM close WHERE on_a_thing", s.beds + 1),
        ("stretches", "SELECT a, b FROM close WHERE at_a_stretch", s.farm_size),
    ):
        db.connect("born_together", pairs)
        db.make(made, LARGE, least=least)
    db.drop("close", "born_together")
