"""One ring on a terminal: why, why not, who, what ties them, and the money that can still be saved."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from jobs import published
from jobs.errors import UsageError

_ACCOUNTS = ("account_id", "score", "role", "typology", "n_victims", "loss_cny", "region")
_TIES = ("entity_kind", "entity_id", "weight", "accounts", "first_seen_at", "last_seen_at")
_ORDERS = ("order_id", "buyer_id", "seller_id", "amount", "paid_at")


def show(ring_id: str, watchlists: Path, run_date: date | None) -> None:
    """Print one ring of a published night. Raises UsageError for a ring that the night does not have."""
    folder = published.night(watchlists, run_date)
    rings, accounts, links, orders = published.tables(folder, "rings", "accounts", "links", "open_orders")
    ring = _find(rings, ring_id, folder)
    ours = pl.col("ring_id") == ring_id
    Console().print(
        Panel(_head(ring), title=f"{ring_id} · {folder.name}", title_align="left"),
        _table("accounts", accounts.filter(ours), _ACCOUNTS),
        _table("tied by", _by_entity(links.filter(ours)), _TIES),
        _table("money that can still be saved", orders.filter(ours), _ORDERS),
    )


def _find(rings: pl.DataFrame, ring_id: str, folder: Path) -> dict[str, Any]:
    for ring in rings.filter(pl.col("ring_id") == ring_id).iter_rows(named=True):
        return ring
    near = difflib.get_close_matches(ring_id, rings["ring_id"].to_list(), n=1)
    hint = f"Did you mean {near[0]}?" if near else "rings.parquet lists them"
    raise UsageError(f"{folder.name} has no ring {ring_id}. {hint}")


def _head(ring: dict[str, Any]) -> Group:
    named = ", ".join(f"{t['name']} {t['score']:.2f}" for t in ring["typologies"])
    return Group(
        f"rank {ring['rank']} · score {ring['score']:.3f} · {ring['lifecycle']} · {escape(named)}",
        f"proposed: {ring['action']}"
        + (f", refer to {ring['refer_to']}" if ring["refer_to"] else "")
        + (f" · verdict: {escape(ring['verdict'])}" if ring["verdict"] else ""),
        f"{ring['n_accounts']} accounts · {ring['n_victims']} victims · "
        f"exposure {ring['exposure_cny']:,} CNY · lost {ring['loss_cny']:,} · open {ring['open_cny']:,}",
        *(f"[red]+[/] {escape(sentence)}" for sentence in ring["reasons"]),
        *(f"[green]-[/] {escape(sentence)}" for sentence in ring["against"]),
        *([f"falls apart without: {escape(ring['weakest_tie'])}"] if ring["weakest_tie"] else []),
    )


def _by_entity(links: pl.DataFrame) -> pl.DataFrame:
    """One row a shared thing, what says most first: a ring of fifty has hundreds of links and a dozen of these."""
    return (
        links.group_by("entity_kind", "entity_id")
        .agg(
            pl.col("weight").max(),
            pl.col("account_id").sort().str.join(" ").alias("accounts"),
            pl.len().alias("n"),
            pl.col("first_seen_at").min(),
            pl.col("last_seen_at").max(),
        )
        .sort("weight", "n", "entity_kind", "entity_id", descending=[True, True, False, False])
    )


def _table(title: str, rows: pl.DataFrame, columns: tuple[str, ...]) -> Table | str:
    if rows.is_empty():
        return f"{title}: none"
    table = Table(*columns, title=title, title_justify="left")
    for row in rows.select(columns).iter_rows():
        table.add_row(*(escape(_text(value)) for value in row))
    return table


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
