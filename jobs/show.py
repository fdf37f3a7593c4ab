"""One ring on a terminal: why, why not, who, what ties them, what changed, and the money that can still be saved."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from graph.displays import plain
from graph.explore import NotThereError, ReplacedError, Ring
from jobs import published
from jobs.errors import RingwatchError, UsageError

_ACCOUNTS = ("account_id", "score", "role", "typology", "n_victims", "loss_cny", "region")
_TIES = ("entity_kind", "entity_id", "weight", "accounts", "first_seen_at", "last_seen_at")
_ORDERS = ("order_id", "buyer_id", "seller_id", "amount", "paid_at")
_CHANGES = ("change", "account_id", "detail")


def show(ring_id: str, watchlists: Path, run_date: date | None) -> None:
    """Print one ring of a published night. Raises UsageError for a ring that the night does not have."""
    try:
        ring = published.opened(watchlists, run_date).ring(ring_id)
        Console().print(
            Panel(_head(ring), title=f"{ring_id} · {ring.night.folder.name}", title_align="left"),
            _table("accounts", ring.members(), _ACCOUNTS),
            _table("tied by", ring.tied_by(), _TIES),
            _table("since the night before", ring.joined(), _CHANGES),
            _table("money that can still be saved", ring.open_orders(), _ORDERS),
            sep="\n",
        )
    except NotThereError as missing:
        raise UsageError(str(missing)) from missing
    except ReplacedError as replaced:
        raise RingwatchError(str(replaced)) from replaced


def _head(ring: Ring) -> Group:
    return Group(
        escape(plain(ring.head())),
        *(f"[red]+[/] {escape(plain(sentence))}" for sentence in ring.why()),
        *(f"[green]-[/] {escape(plain(sentence))}" for sentence in ring.against()),
    )


def _table(title: str, rows: pl.DataFrame, columns: tuple[str, ...]) -> Table | str:
    if rows.is_empty():
        return f"{title}: none"
    table = Table(*columns, title=title, title_justify="left")
    for row in rows.select(columns).iter_rows():
        table.add_row(*(escape(plain(_text(value))) for value in row))
    return table


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
