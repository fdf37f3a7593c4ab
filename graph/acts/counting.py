"""The counting of acts against chances, for everybody; then more closely for the few whom a later stage asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from graph.acts.bursts import bursts
from graph.acts.listed import TYPOLOGIES, all_acts, tables_first
from graph.acts.passes import Pass, Picked, done, each, parameters, passes, picked, union
from graph.exports import VIRTUAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph.db import Db
    from graph.settings import ActSettings

REGULATED = ("medicine", "health_food", "liquor", "fertilizer")
"""Goods that need a permit of their own to sell: drug administration law art. 51, food safety law art. 35 (health food,
liquor), the rules on pesticides and fertilizers; counsel to confirm the list."""

TIED = "SELECT DISTINCT a, b FROM ties WHERE nats >= 1.0 AND kind <> 'inviter'"

BOTH_WAYS = """
WITH traders AS (
    SELECT order_id, buyer_id, seller_id FROM orders
    SEMI JOIN sellers ON sellers.account_id = orders.buyer_id WHERE paid_at IS NOT NULL
)
SELECT o.order_id, o.buyer_id, o.seller_id
FROM traders AS o SEMI JOIN traders AS back ON back.buyer_id = o.seller_id AND back.seller_id = o.buyer_id
"""
"""Paid orders of two who bought from each other."""

CHATS = """
SELECT c.message_id, c.sender_id, c.receiver_id, c.sent_at, c.target_kind, c.tag, c.reported_at,
       o.order_id, o.buyer_id, o.seller_id, o.promoter_id, o.handler_id, o.channel, o.paid_at, o.confirmed_at,
       o.cancelled_at
FROM chat_links AS c LEFT JOIN orders AS o ON o.order_id = c.order_id
"""

NEAR = """
WITH did AS (
    SELECT DISTINCT d.act, d.account_id FROM acts_done AS d JOIN kinds AS k ON k.act = d.act WHERE NOT k.between_tied
)
SELECT x.act, t.b AS account_id FROM did AS x JOIN tied AS t ON t.a = x.account_id
UNION
SELECT x.act, t.a FROM did AS x JOIN tied AS t ON t.b = x.account_id
"""
"""Accounts tied to one that acted are kept out of the base rate: what rings do must not set it, what lone bad actors do
must."""

TIMES = """
SELECT act, account_id, within, count(*) AS k FROM acts_done GROUP BY act, account_id, within
"""

ACTED = """
SELECT s.typology, c.act, c.account_id, c.kind, c.stratum, c.n, t.k, n.account_id IS NULL AS lone
FROM ({each}) AS c JOIN times AS t ON t.act = c.act AND t.account_id = c.account_id AND t.within = c.within
JOIN kinds AS s ON s.act = c.act LEFT JOIN near AS n ON n.act = c.act AND n.account_id = c.account_id
"""

HAD = """
SELECT s.typology, h.act, h.stratum, h.kind, h.n, h.accounts
FROM (
    SELECT act, stratum, kind, n, accounts FROM ({each}) AS everybody
  UNION ALL
    SELECT act, stratum, kind, n, -1 FROM ({near}) AS apart
) AS h JOIN kinds AS s ON s.act = h.act
"""
"""How many accounts had n chances; those near one that acted are taken off, so a stratum of such alone has 0."""

TOTALS = """
WITH chances AS (
    SELECT typology, act, stratum, kind, n, sum(accounts) AS accounts,
           cast(n * $spread / (n + $spread) AS DECIMAL(18, 6)) AS damped
    FROM ({each}) AS alike GROUP BY typology, act, stratum, kind, n
),
had AS (
    SELECT typology, act, stratum, kind, cast(coalesce(sum(accounts) FILTER (WHERE n > 1), 0) AS BIGINT) AS repeaters,
           cast(sum(accounts * n) AS BIGINT) AS n, cast(sum(accounts * damped) AS DOUBLE) AS heads,
           cast(sum(accounts * n * n) AS DOUBLE) AS nn
    FROM chances GROUP BY typology, act, stratum, kind
),
took AS (
    SELECT act, stratum, kind, cast(sum(k) AS BIGINT) AS k,
           cast(sum(cast(k * $spread / (n + $spread) AS DECIMAL(18, 6))) AS DOUBLE) AS taken,
           cast(sum(n * k) AS DOUBLE) AS nk, cast(sum(k * k) AS DOUBLE) AS kk
    FROM acted WHERE lone GROUP BY act, stratum, kind
)
SELECT h.typology, h.act, h.stratum, h.kind, h.repeaters, h.n, coalesce(t.k, 0) AS k, h.heads,
       coalesce(t.taken, 0) AS taken, h.nn, coalesce(t.nk, 0) AS nk, coalesce(t.kk, 0) AS kk
FROM had AS h LEFT JOIN took AS t ON t.act = h.act AND t.stratum = h.stratum AND t.kind = h.kind
"""
"""From how many accounts had n chances, those near an act taken off, and from those that acted. A large account counts
as at most `$spread` chances: a busy fraudster must not set the platform's rate. Decimals: a sum of floats differs with
the order of threads."""


ASKED = """
WITH did AS (SELECT DISTINCT g.component, d.act FROM acts_done AS d JOIN {groups} AS g ON g.account_id = d.account_id)
SELECT d.act, g.account_id FROM did AS d JOIN {groups} AS g ON g.component = d.component
"""

CHANCES = """
SELECT s.typology, c.act, c.account_id, c.kind, c.stratum, c.n, coalesce(t.k, 0) AS k
FROM ({each}) AS c JOIN kinds AS s ON s.act = c.act
LEFT JOIN times AS t ON t.act = c.act AND t.account_id = c.account_id AND t.within = c.within
"""


def tally(db: Db, s: ActSettings, *, now: object, spread: float, burst_hours: int) -> None:
    """Make `acted`, `acts_done` and `totals`: acts against chances, for every kind of act; and what `chances_of` reads.
    Sign-ups within `burst_hours` of each other are a burst, as for ties.

    Reads the night's exports, `uses`, `crowds`, `sign_ups`, `ties`, `sellers`, `closings`, `successions`, `fees`,
    `fee_orders`. `acts_done`: one row an act: `typology`, `act`, `account_id`, `within`, `key` of its row. `acted`: one
    row an account that took a chance of one kind in one stratum: `typology`, `act`, `account_id`, `kind`, `stratum`,
    `n` chances, `k` acts, `lone` (tied to nobody who did the same). `totals`: one row a kind of act, stratum and kind
    of account, over lone accounts: `repeaters` (accounts with more than one chance), `n`, `k`, `heads`, `taken` (`n`
    and `k` with large accounts damped), and `nn`, `nk`, `kk`: sums of products, for the spread.
    """
    names = named(s, now)
    # Messages with their orders are the largest table of a night: what is made of orders has its memory afterwards.
    look_up_messages(db, names)
    _count_and_pick(db, names, "chat_links")
    db.drop("chats")
    look_up(db, s, names, burst_hours)
    _count_and_pick(db, names, "orders", "accounts")
    for typology, module in TYPOLOGIES.items():
        if module.ACTS:
            sql = union(done(typology, act) for act in module.ACTS)
            db.make(f"done_{typology}", sql, **parameters(sql, names))
    db.drop("both_ways", *tables_first(), *tables_first(of_messages=True))
    db.drop(*sorted({one.table for one in picked().values()}))
    db.view("acts_done", union(f"SELECT * FROM done_{t}" for t, module in TYPOLOGIES.items() if module.ACTS))
    rows = [(typology, act.name, act.between_tied) for typology, act in all_acts()]
    schema = {"typology": pl.String, "act": pl.String, "between_tied": pl.Boolean}
    db.put("kinds", pl.DataFrame(rows, schema=schema, orient="row"))
    db.make("near", NEAR)
    db.make("times", TIMES)
    db.make("taken", "SELECT DISTINCT act, account_id FROM times")
    db.make("acted", ACTED.format(each=each(lambda one: one.of("taken"))))
    for one in passes():
        db.make(f"alike_{one.table}", one.alike())
    had = HAD.format(each=each(lambda one: one.spread(f"alike_{one.table}")), near=each(lambda one: one.of("near")))
    db.make("totals", TOTALS.format(each=had), spread=spread)
    db.drop("near", "taken", *(f"alike_{one.table}" for one in passes()))


def named(s: ActSettings, now: object) -> dict[str, object]:
    """Every parameter that the conditions of acts may mention."""
    return {**s.model_dump(), "now": now, "virtual": list(VIRTUAL), "regulated": list(REGULATED)}


def look_up(db: Db, s: ActSettings, names: dict[str, object], burst_hours: int) -> None:
    """Make what conditions of acts in orders and accounts look up: what `bursts` makes, `tied`, `both_ways`, every
    typology's `TABLES`."""
    bursts(db, s, burst_hours)
    db.make("tied", TIED)
    db.make("both_ways", BOTH_WAYS)
    _make_all(db, names, tables_first())


def look_up_messages(db: Db, names: dict[str, object]) -> None:
    """Make what is read of messages: `chats`, every typology's `MESSAGES`; and `shops`, of which all chances ask."""
    db.make("shops", "SELECT account_id FROM accounts WHERE kind = 'shop'")
    _make_all(db, names, {"chats": CHATS, **tables_first(of_messages=True)})


def _count_and_pick(db: Db, names: dict[str, object], *exports: str) -> None:
    made: list[Pass | Picked] = [*passes(), *picked().values()]
    _make_all(db, names, {one.table: one.sql() for one in made if one.rows in exports})


def _make_all(db: Db, names: dict[str, object], selects: Mapping[str, str]) -> None:
    for table, sql in selects.items():
        db.make(table, sql, **parameters(sql, names))


def chances_of(db: Db, groups: str) -> None:
    """Make `chances` for the accounts of the table `groups` (`component`, `account_id`), of every kind of act that
    somebody of their component did: as `acted`, without `lone` and with k = 0 included: what a ring's members left
    undone speaks for it."""
    db.make("asked", ASKED.format(groups=groups))
    db.make("chances", CHANCES.format(each=each(lambda one: one.of("asked"))))
    db.drop("asked")


def forget(db: Db) -> None:
    """Drop what `chances_of` reads, which is as large as the market, once no more chances are asked for."""
    db.drop("times", "kinds", "tied", "bursts", "crowd_bursts", "stretches", "shops", *(one.table for one in passes()))
