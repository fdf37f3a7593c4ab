"""What hangs together by pairs that nobody's memory holds: by statements alone, in few rounds.

Every account is moved nearer to the first account of its component until each hangs on that one: large star and small
star in turn (Kiveris and others, Connected Components in MapReduce and Beyond, 2014). A round keeps what hangs together
and adds no pair; a chain of n is done after some log n of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.db import Db

PAIRS = """
SELECT DISTINCT least(a, b) AS low, greatest(a, b) AS high FROM ({sql}) AS given WHERE a <> b
"""

LARGE_STARS = """
WITH ends AS (SELECT low AS x, high AS y FROM stars UNION ALL SELECT high, low FROM stars),
firsts AS (SELECT x, least(x, min(y)) AS low FROM ends GROUP BY x)
SELECT DISTINCT f.low, e.y AS high FROM ends AS e JOIN firsts AS f ON f.x = e.x WHERE e.y > e.x
"""
"""Who comes after an account it is paired with, hangs on the first of those whom that account is paired with."""

STARS = """
WITH firsts AS (SELECT high, min(low) AS low FROM large_stars GROUP BY high)
SELECT low, high FROM firsts
UNION
SELECT f.low, s.low AS high FROM large_stars AS s JOIN firsts AS f ON f.high = s.high WHERE s.low <> f.low
"""
"""An account hangs on the first before it, and so do the others before it."""

UNFINISHED = """
SELECT high FROM (
    SELECT high FROM stars GROUP BY high HAVING count(*) > 1
  UNION ALL
    SELECT s.high FROM stars AS s JOIN stars AS t ON t.high = s.low
) AS moving LIMIT 1
"""

COMPONENTS = """
SELECT low AS component, high AS account_id FROM stars
UNION ALL
SELECT DISTINCT low, low FROM stars
"""


def stars(db: Db, table: str, sql: str, **params: object) -> None:
    """Make `table` as `Db.connect` promises, from one SELECT of pairs `a`, `b`."""
    db.make("stars", PAIRS.format(sql=sql), **params)
    while not db.frame(UNFINISHED).is_empty():
        db.make("large_stars", LARGE_STARS)
        db.make("stars", STARS)
    db.make(table, COMPONENTS)
    db.drop("stars", "large_stars")
