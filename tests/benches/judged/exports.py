"""One drop's exports as typed tables of an in-memory DuckDB, and the shared things in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import polars as pl

from graph.exports import EXPORTS, Export

TYPES = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "money": "DOUBLE",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}

USES = """
CREATE TABLE uses AS
SELECT DISTINCT account_id, space, thing FROM (
    SELECT account_id, 'device' AS space, device_id AS thing FROM devices
    UNION ALL SELECT seller_id, 'pay', payee_id FROM orders
    UNION ALL SELECT buyer_id, 'pay', payer_id FROM orders
    UNION ALL SELECT sender_id, 'pay', target_id FROM chat_links WHERE target_kind = 'payment_code'
    UNION ALL SELECT sender_id, 'contact', target_id FROM chat_links WHERE target_kind IN ('url', 'qr', 'contact')
    UNION ALL SELECT account_id, 'phone', phone_id FROM accounts
    UNION ALL SELECT account_id, 'owner', owner_id FROM accounts
    UNION ALL SELECT account_id, 'licence', licence_id FROM accounts
) WHERE thing IS NOT NULL
"""
"""Addresses are left out: parcel stations join half of a market, and every method beside ours did worse with them."""

SHARED = """
SELECT space, thing, list(account_id ORDER BY account_id) AS accounts FROM uses
GROUP BY space, thing HAVING count(*) BETWEEN 2 AND $most ORDER BY space, thing
"""


@dataclass(frozen=True)
class Drop:
    """A night's exports, read once for all methods."""

    con: duckdb.DuckDBPyConnection

    @classmethod
    def open(cls, folder: Path) -> Drop:
        """The CSV files of one drop; a column that is not there is NULL."""
        con = duckdb.connect()
        for export in EXPORTS:
            path = folder / f"{export.name}.csv"
            if path.is_file():
                con.execute(_table(con, export, str(path))).fetchall()
        con.execute(USES).fetchall()
        return cls(con)

    def frame(self, sql: str, **params: Any) -> pl.DataFrame:
        """Rows of one SELECT."""
        rows: pl.DataFrame = self.con.sql(sql, params=params or None).pl()
        return rows

    def tied_honest(self, guilty: list[str]) -> int:
        """How many accounts that are not `guilty` share a thing with another; at most 20 a thing."""
        return len({v for accounts in self.shared(20) for v in accounts} - set(guilty))

    def shared(self, most: int) -> list[list[str]]:
        """Accounts of each thing that two to `most` share."""
        found: list[list[str]] = self.frame(SHARED, most=most)["accounts"].to_list()
        return found

    @cached_property
    def communities(self) -> list[list[str]]:
        """Louvain communities of all accounts, by things that at most 20 share."""
        return louvain(self.shared(20))


def louvain(shared: list[list[str]]) -> list[list[str]]:
    """Louvain communities (Blondel et al. 2008) of accounts that share things; two accounts or more, all sorted.

    A thing that n share adds 1/(n-1) to each of its pairs (Newman 2001), counted in sixtieths: the library may run for
    ever on floats.
    """
    weights: dict[tuple[str, str], float] = {}
    for accounts in shared:
        for pair in combinations(accounts, 2):
            weights[pair] = weights.get(pair, 0.0) + 1 / (len(accounts) - 1)
    graph = nx.Graph()
    graph.add_nodes_from(sorted({v for pair in weights for v in pair}))
    graph.add_weighted_edges_from((a, b, max(1, round(60 * w))) for (a, b), w in sorted(weights.items()))
    found = nx.community.louvain_communities(graph, weight="weight", seed=1)
    return sorted(sorted(group) for group in found if len(group) > 1)


def _table(con: duckdb.DuckDBPyConnection, export: Export, path: str) -> str:
    there = {
        name for name, *_ in con.execute(f"DESCRIBE SELECT * FROM read_csv('{path}', all_varchar=true)").fetchall()
    }
    columns = ", ".join(
        f"CAST({c.name if c.name in there else 'NULL'} AS {TYPES[c.type]}) AS {c.name}" for c in export.columns
    )
    return f"CREATE TABLE {export.name} AS SELECT {columns} FROM read_csv('{path}', all_varchar=true)"
