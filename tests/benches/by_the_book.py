"""The script that an analyst would write: pandas and networkx, as their manuals show it. One drop of CSV files in,
one Parquet file of rings out. It does far less than a night of ours: no typologies, no evidence, no register, nothing
kept for tomorrow.

    python tests/benches/by_the_book.py EXPORTS OUT [nogc]

Written fairly: only the columns it needs are read and only shared things reach the graph. `nogc` turns the cyclic
garbage collector off, which makes building a large graph about three times as fast.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import networkx as nx

pd: Any = import_module("pandas")  # of the extra `bench` alone

MOST = 50
"""Accounts on one thing from which it is taken for a kiosk; without such a limit one component swallows the market."""
ORDERS = ["buyer_id", "seller_id", "payee_id", "amount", "paid_at", "confirmed_at", "refunded_at", "complaint"]


def load(exports: Path, table: str, columns: list[str]) -> Any:
    """One export, of the columns that are needed."""
    return pd.concat(pd.read_csv(path, usecols=columns) for path in sorted(exports.rglob(f"{table}*.csv")))


def shared(uses: Any) -> Any:
    """Rows `account`, `thing` of the things that two to MOST accounts use."""
    uses = uses.drop_duplicates()
    users = uses.groupby("thing")["account"].transform("size")
    return uses[(users > 1) & (users <= MOST)]


def main(exports: Path, out: Path) -> None:
    """Load, tie, part, sum up, write."""
    orders = load(exports, "orders", ORDERS)
    devices = load(exports, "devices", ["account_id", "device_id"])
    accounts = load(exports, "accounts", ["account_id", "kind", "region", "registered_at"])
    names = {"account_id": "account", "device_id": "thing", "seller_id": "account", "payee_id": "thing"}
    uses = [devices.rename(columns=names), orders[["seller_id", "payee_id"]].dropna().rename(columns=names)]
    edges = shared(pd.concat(uses))
    graph = nx.Graph()
    graph.add_edges_from(zip(edges["account"], edges["thing"], strict=True))
    rings = []
    for component in nx.connected_components(graph):
        rings += nx.community.louvain_communities(graph.subgraph(component), seed=1)
    users = set(edges["account"])
    rows = [(number, node) for number, ring in enumerate(rings) for node in ring if node in users]
    members = pd.DataFrame(rows, columns=["ring", "account_id"]).merge(accounts, on="account_id", how="left")
    sold = orders.merge(members, left_on="seller_id", right_on="account_id")
    sold["loss"] = sold["amount"].where(sold["confirmed_at"].notna() & sold["refunded_at"].isna(), 0)
    sums = sold.groupby("ring").agg(
        orders=("amount", "size"),
        victims=("buyer_id", "nunique"),
        loss=("loss", "sum"),
        complaints=("complaint", "count"),
    )
    size = members.groupby("ring").agg(accounts=("account_id", "size"), regions=("region", "nunique"))
    table = size.join(sums, how="left").fillna(0)
    table["rate"] = table["complaints"] / table["orders"].clip(lower=1)
    table.sort_values(["rate", "accounts"], ascending=False).to_parquet(out)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print("run by tests/benches/night.py, with exports and a file to write")
        sys.exit(0)
    if "nogc" in sys.argv[3:]:
        gc.disable()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
