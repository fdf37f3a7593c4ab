"""The fourteen typologies, one small file each, and the one pass that counts their acts against their chances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import networkx as nx
import polars as pl

from graph.acts import (
    account_farm,
    brushing,
    buyback_live,
    confirm_first,
    counterfeit_network,
    jury_gaming,
    leak_source,
    off_platform_lure,
    pyramid,
    reborn_shop,
    swap_return,
    two_way,
    unlicensed_operator,
    unpaid_harvest,
)
from graph.acts.act import Act
from graph.exports import VIRTUAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from graph.db import Db
    from graph.settings import ActSettings

TYPOLOGIES: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        confirm_first,
        unpaid_harvest,
        off_platform_lure,
        two_way,
        swap_return,
        jury_gaming,
        reborn_shop,
        counterfeit_network,
        buyback_live,
        pyramid,
        leak_source,
        unlicensed_operator,
        account_farm,
        brushing,
    )
}

REGULATED = ("medicine", "health_food", "liquor", "fertilizer")
"""Goods that need a permit of their own to sell: drug administration law art. 51, food safety law art. 35 (health food,
liquor), the rules on pesticides and fertilizers; counsel to confirm the list."""

BORN_TOGETHER = """
SELECT DISTINCT t.a, t.b
FROM ties AS t JOIN accounts AS x ON x.account_id = t.a JOIN accounts AS y ON y.account_id = t.b
WHERE abs(date_diff('minute', x.registered_at, y.registered_at)) <= 60 * $farm_hours
ORDER BY t.a, t.b
"""
"""Tied accounts that signed up close together; a burst is what these hang together to, whichever things tie them: a
careful hand gives each new account another phone."""

TIED = "SELECT DISTINCT a, b FROM ties WHERE nats >= 1.0 AND kind <> 'inviter'"

TALLY = """
SELECT account_id, stratum, count(*) AS n, count(*) FILTER (WHERE hit) AS k, list(key) FILTER (WHERE hit) AS keys
FROM ({chances}) AS chances GROUP BY account_id, stratum
"""

ACTED = """
SELECT $typology AS typology, $act AS act, t.account_id, coalesce(a.kind, 'person') AS kind, t.stratum,
       t.n, t.k, list_sort(t.keys) AS keys
FROM tally AS t LEFT JOIN accounts AS a USING (account_id) WHERE t.k > 0
"""

NEAR = """
SELECT t.a AS account_id FROM tied AS t JOIN acted_now AS x ON x.account_id = t.b
UNION
SELECT t.b FROM tied AS t JOIN acted_now AS x ON x.account_id = t.a
"""
"""Accounts tied to one that acted are kept out of the base rate: what rings do must not set it, what lone bad actors do
must."""

NOBODY = "SELECT account_id FROM acted_now WHERE FALSE"

LONE = """
SELECT x.*, n.account_id IS NULL AS lone FROM acted_now AS x LEFT JOIN near AS n USING (account_id)
"""

CHANCES = """
SELECT $typology AS typology, $act AS act, t.account_id, coalesce(a.kind, 'person') AS kind, t.stratum, t.n, t.k
FROM tally AS t
SEMI JOIN (SELECT a AS account_id FROM ties UNION SELECT b FROM ties) AS has USING (account_id)
LEFT JOIN accounts AS a USING (account_id)
"""
"""Chances of accounts that have a tie, taken or not: what a ring's members left undone speaks for it."""

TOTALS = """
WITH apart AS (
    SELECT t.stratum, coalesce(a.kind, 'person') AS kind, t.n, t.k, x.account_id IS NULL AS lone,
           cast(t.n * $spread / (t.n + $spread) AS DECIMAL(18, 6)) AS n_damped,
           cast(t.k * $spread / (t.n + $spread) AS DECIMAL(18, 6)) AS k_damped
    FROM tally AS t LEFT JOIN near AS x USING (account_id) LEFT JOIN accounts AS a USING (account_id)
)
SELECT $typology AS typology, $act AS act, stratum, kind,
       count(*) FILTER (WHERE lone AND n > 1) AS repeaters,
       cast(coalesce(sum(n) FILTER (WHERE lone), 0) AS BIGINT) AS n,
       cast(coalesce(sum(k) FILTER (WHERE lone), 0) AS BIGINT) AS k,
       cast(coalesce(sum(n_damped) FILTER (WHERE lone), 0) AS DOUBLE) AS heads,
       cast(coalesce(sum(k_damped) FILTER (WHERE lone), 0) AS DOUBLE) AS taken,
       cast(coalesce(sum(n * n) FILTER (WHERE lone), 0) AS DOUBLE) AS nn,
       cast(coalesce(sum(n * k) FILTER (WHERE lone), 0) AS DOUBLE) AS nk,
       cast(coalesce(sum(k * k) FILTER (WHERE lone), 0) AS DOUBLE) AS kk
FROM apart GROUP BY stratum, kind
"""
"""A large account counts as at most `$spread` chances: a busy fraudster must not set the platform's rate. Decimals: a
sum of floats differs with the order of threads."""


def all_acts() -> Iterator[tuple[str, Act]]:
    """Every (typology, act), in contract order."""
    for typology, module in TYPOLOGIES.items():
        for act in module.ACTS:
            yield typology, act


def tally(db: Db, s: ActSettings, *, now: object, spread: float) -> None:
    """Make `acted`, `chances` and `totals`: acts against chances, for every kind of act.

    Reads the night's exports, `uses`, `crowds`, `ties`, `closings`, `successions`, `fees`, `fee_orders`.
    `acted`: one row an account that took a chance of one kind in one stratum: `typology`, `act`, `account_id`, `kind`,
    `stratum`, `n` chances, `k` acts, `keys` of the rows, `lone` (tied to nobody who did the same). `chances`: the same
    without keys for every account that has a tie, `k` = 0 included. `totals`: one row a kind of act, stratum and kind
    of account, over lone accounts: `repeaters` (accounts with more than one chance), `n`, `k`, `heads`, `taken` (`n`
    and `k` with large accounts damped), and `nn`, `nk`, `kk`: sums of products, for the spread.
    """
    names = {
        **s.model_dump(),
        "now": now,
        "virtual": list(VIRTUAL),
        "regulated": list(REGULATED),
    }
    db.put("bursts", bursts(db.frame(BORN_TOGETHER, farm_hours=s.farm_hours), s.farm_size))
    db.make("tied", TIED)
    acted, chances, totals = [], [], []
    for typology, act in all_acts():
        db.make("tally", TALLY.format(chances=act.sql), **_named(act.sql, names))
        db.make("acted_now", ACTED, typology=typology, act=act.name)
        db.make("near", NOBODY if act.between_tied else NEAR)
        db.make(f"acted_{act.name}", LONE)
        db.make(f"chances_{act.name}", CHANCES, typology=typology, act=act.name)
        db.make(f"totals_{act.name}", TOTALS, typology=typology, act=act.name, spread=spread)
        acted.append(f"acted_{act.name}")
        chances.append(f"chances_{act.name}")
        totals.append(f"totals_{act.name}")
    db.make("acted", _all_of(acted))
    db.make("chances", _all_of(chances))
    db.make("totals", _all_of(totals))
    db.drop("tally", "tied", "acted_now", "near", *acted, *chances, *totals)


def bursts(together: pl.DataFrame, size: int) -> pl.DataFrame:
    """Connected accounts, `size` or more: `burst` (a number), `account_id`, from pairs `a`, `b`."""
    graph = nx.Graph(together.iter_rows())
    groups = sorted(sorted(c) for c in nx.connected_components(graph) if len(c) >= size)
    rows = [(number, account) for number, group in enumerate(groups, start=1) for account in group]
    return pl.DataFrame(rows, schema={"burst": pl.Int64, "account_id": pl.String}, orient="row")


def _named(sql: str, names: dict[str, object]) -> dict[str, object]:
    """The parameters that a statement mentions: the engine refuses others."""
    return {name: names[name] for name in sorted(set(re.findall(r"\$(\w+)", sql)))}


def _all_of(tables: list[str]) -> str:
    return " UNION ALL ".join(f"SELECT * FROM {table}" for table in tables)
