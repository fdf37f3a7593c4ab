"""Simulated drops read back for the tests: CSV alone, as the simulator spells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import polars as pl

from graph.exports import ACCOUNTS, CHAT_LINKS, DEVICES, ORDERS, Export

TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "timestamp": pl.Datetime("us"),
    "money": pl.Float64,
    "integer": pl.Int64,
    "boolean": pl.Boolean,
}


@dataclass
class Drops:
    """`nights[table][day]` is one export of one drop; `truth` the planted rings."""

    nights: dict[str, dict[str, pl.DataFrame]]
    truth: pl.DataFrame

    def latest(self, table: Export) -> pl.DataFrame:
        """One row a key: its newest state."""
        return pl.concat(self.nights[table.name].values()).unique(table.key, keep="last", maintain_order=True)


def drops_of(out: Path) -> Drops:
    """Every drop below `out`, oldest first."""
    days = sorted(path for path in out.iterdir() if path.is_dir())
    nights = {
        table.name: {
            day.name: pl.read_csv(
                day / f"{table.name}.csv",
                schema_overrides={column.name: TYPES.get(column.type, pl.String) for column in table.columns},
            )
            for day in days
        }
        for table in (ORDERS, ACCOUNTS, DEVICES, CHAT_LINKS)
    }
    return Drops(nights, pl.read_parquet(out / "truth.parquet"))


def shared_things(drops: Drops) -> pl.DataFrame:
    """kind, thing, account: what every account used, by the contract's kinds of tie."""
    orders, accounts = drops.latest(ORDERS), drops.latest(ACCOUNTS)
    chats, sender = drops.latest(CHAT_LINKS), pl.col("sender_id")
    foreign = chats.join(orders.select("order_id", "buyer_id", "seller_id"), on="order_id").filter(
        (sender != pl.col("buyer_id")) & (sender != pl.col("seller_id"))
    )
    handles = chats.filter(~pl.col("target_kind").is_in(["item", "card_code"]))
    uses = [
        ("device", drops.latest(DEVICES), "account_id", "device_id"),
        ("payee", orders, "seller_id", "payee_id"),
        ("payer", orders, "buyer_id", "payer_id"),
        ("address", orders, "seller_id", "ship_from_id"),
        ("address", orders, "buyer_id", "ship_to_id"),
        ("contact", handles, "sender_id", "target_id"),
        ("card_code", chats.filter(pl.col("target_kind") == "card_code"), "sender_id", "target_id"),
        ("source", foreign, "sender_id", "seller_id"),
        ("source", drops.truth.filter(pl.col("role") == "source"), "account_id", "account_id"),
        ("inviter", accounts, "account_id", "inviter_id"),
        ("inviter", accounts, "account_id", "account_id"),
        *((kind, accounts, "account_id", f"{kind}_id") for kind in ("phone", "owner", "licence", "display_name")),
    ]
    return pl.concat(_uses(*use) for use in uses).unique(maintain_order=True)


def _uses(kind: str, frame: pl.DataFrame, account: str, thing: str) -> pl.DataFrame:
    columns = (pl.lit(kind).alias("kind"), pl.col(thing).alias("thing"), pl.col(account).alias("account"))
    return frame.select(columns).drop_nulls()


def within_rings(drops: Drops, things: pl.DataFrame) -> pl.DataFrame:
    """ring_id, kind, thing, accounts: what two or more accounts of one ring have in common."""
    return (
        things.join(drops.truth, left_on="account", right_on="account_id")
        .group_by("ring_id", "kind", "thing")
        .agg(pl.col("account").unique().sort().alias("accounts"))
        .filter(pl.col("accounts").list.len() > 1)
        .sort("ring_id", "kind", "thing")
    )


def ring_graphs(drops: Drops, shared: pl.DataFrame) -> Iterator[tuple[str, nx.Graph]]:
    """Each ring's typology, and its accounts joined to what they share."""
    for (ring,), members in drops.truth.group_by("ring_id", maintain_order=True):
        graph = nx.Graph()
        graph.add_nodes_from(members["account_id"])
        for _, kind, thing, accounts in shared.filter(pl.col("ring_id") == ring).iter_rows():
            graph.add_edges_from((account, f"{kind} {thing}") for account in accounts)
        yield members["typology"][0], graph
