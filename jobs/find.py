"""Where an id appears on a night: an order, account, payee, device, contact; on which ring, as member or as victim."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from graph.exports import EXPORTS, Export
from graph.state import stored
from jobs import published
from jobs.errors import UsageError
from jobs.screen import escape
from jobs.warehouse import Warehouse

Found = tuple[str, str | None, str, str]
"""Place, ring, as what, detail."""

_SIDES = {"buyer_id": "seller_id", "seller_id": "buyer_id", "receiver_id": "sender_id", "sender_id": "receiver_id"}
_USERS = {"orders": ("seller_id", "buyer_id"), "devices": ("account_id",), "accounts": ("account_id",),
          "chat_links": ("sender_id",)}  # fmt: skip
_SHOWN = 20
"""Rows of one kind; a payee of a thousand orders needs no thousand lines."""


def find(wanted: str, watchlists: Path, warehouse: Path | None, run_date: date | None) -> None:
    """Print every place of a night where an id appears; with the warehouse also whom the exports name beside it. Of a
    ring that is no longer listed: when it last was, and where its accounts are now.

    Raises UsageError where it appears nowhere.
    """
    folder = published.night(watchlists, run_date)
    night = date.fromisoformat(folder.name.removeprefix("run_date="))
    found = list(dict.fromkeys(on_lists(wanted, folder)))
    if warehouse:
        with Warehouse.open(warehouse, read_only=True) as db:
            found += in_exports(db, wanted, night, folder)
    found = found or of_old(wanted, watchlists, night)
    if not found:
        more = "" if warehouse else ". With --warehouse the exports are searched as well"
        raise UsageError(f"{wanted} appears nowhere on {folder.name}{more}")
    table = Table("where", "ring", "as", "detail", title=f"{escape(wanted)} · {folder.name}", title_justify="left")
    for place, ring, role, detail in found:
        table.add_row(*map(escape, (place, ring or "-", role, detail)))
    Console().print(table)


def on_lists(wanted: str, folder: Path) -> list[Found]:
    """Where the night's watchlists have it."""
    names = ("rings", "accounts", "lone", "links", "evidence", "open_orders", "hubs", "operators")
    rings, accounts, lone, links, evidence, orders, hubs, operators = published.tables(folder, *names)
    out: list[Found] = []
    for row in rings.filter(ring_id=wanted).iter_rows(named=True):
        out.append(
            ("rings", wanted, "ring", f"rank {row['rank']}, score {row['score']:.2f}, {row['n_accounts']} accounts")
        )
    for row in accounts.filter(account_id=wanted).iter_rows(named=True):
        out.append(
            ("accounts", row["ring_id"], "member", f"{row['role']}, score {row['score']:.2f}, {row['typology']}")
        )
    for row in lone.filter(account_id=wanted).iter_rows(named=True):
        out.append(("lone", None, "alone", f"score {row['score']:.2f}, {row['typology']}"))
    for ring, kind, users in (
        links.filter(entity_id=wanted)
        .group_by("ring_id", "entity_kind")
        .agg("account_id")
        .sort("ring_id", "entity_kind")
        .iter_rows()
    ):
        out.append(("links", ring, f"tie ({kind})", ", ".join(sorted(users))))
    keyed = evidence.filter((pl.col("key") == wanted) | pl.col("key").str.split("|").list.contains(wanted))
    for row in keyed.head(_SHOWN).iter_rows(named=True):
        out.append(
            (
                "evidence",
                row["ring_id"],
                f"fact about {row['account_id']}",
                f"{row['fact']} {row['file']}:{row['line']}",
            )
        )
    for row in (
        orders.filter(pl.any_horizontal(pl.col("order_id", "buyer_id", "seller_id") == wanted))
        .head(_SHOWN)
        .iter_rows(named=True)
    ):
        role = "victim, can be saved" if wanted == row["buyer_id"] else "order that can be saved"
        out.append(
            (
                "open_orders",
                row["ring_id"],
                role,
                f"{row['order_id']}: {row['buyer_id']} paid {row['amount']:,} CNY to {row['seller_id']}",
            )
        )
    for row in hubs.filter(entity_id=wanted).iter_rows(named=True):
        out.append(("hubs", None, f"hub, {row['treatment']}", row["reason"]))
    for row in operators.filter(pl.col("accounts").list.contains(wanted) | (pl.col("operator_id") == wanted)).iter_rows(
        named=True
    ):
        out.append(
            ("operators", row["ring_id"], "of one operator", f"{row['operator_id']}: {', '.join(row['accounts'])}")
        )
    return out


def of_old(wanted: str, watchlists: Path, night: date) -> list[Found]:
    """A ring that only nights before list: its last one, and tonight's rings that its accounts are on."""
    for day in reversed([d for d in published.dates(watchlists) if d < night]):
        [rings] = published.tables(published.folder_of(watchlists, day), "rings")
        for row in rings.filter(ring_id=wanted).iter_rows(named=True):
            [now] = published.tables(published.folder_of(watchlists, night), "accounts")
            where = now.filter(pl.col("account_id").is_in(row["accounts"])).group_by("ring_id").len().sort("ring_id")
            last = ("rings", wanted, "ring", f"last listed on {day}, {row['n_accounts']} accounts")
            return [last, *(("accounts", ring, "has of its accounts", str(n)) for ring, n in where.iter_rows())]
    return []


def in_exports(db: Warehouse, wanted: str, night: date, folder: Path) -> list[Found]:
    """Rows of the exports that name it, up to the night: as what, and the rings of the accounts beside it."""
    accounts, evidence = published.tables(folder, "accounts", "evidence")
    rings: dict[str, str] = dict(accounts.select("account_id", "ring_id").iter_rows())
    shown: dict[str, str] = dict(evidence.select("key", "ring_id").iter_rows())
    out: list[Found] = []
    for export in EXPORTS[:4]:
        for column in (c.name for c in export.columns if c.type == "id"):
            rows = _rows(db, export, column, wanted, night)
            out += [_told(export, column, row, rings, shown) for row in rows.head(_SHOWN).iter_rows(named=True)]
            if rows.height > _SHOWN:
                out.append((export.name, None, column, f"and {rows.height - _SHOWN} more rows"))
    return out


def _rows(db: Warehouse, export: Export, column: str, wanted: str, night: date) -> pl.DataFrame:
    """The newest row a key, those first whose key comes first."""
    key = ", ".join(export.key)
    names = ", ".join(stored(c)[0] for c in export.columns)
    return db.frame(
        f"SELECT {names} FROM {export.name}_rows WHERE {column} = $id AND drop_date <= $night"
        f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY drop_date DESC, line DESC) = 1 ORDER BY {key}",
        id=wanted,
        night=night,
    )


def _told(export: Export, column: str, row: dict[str, object], rings: dict[str, str], shown: dict[str, str]) -> Found:
    key = "|".join(str(row[name]) for name in export.key)
    beside = [str(row[name]) for name in _USERS[export.name] if row[name] and row[name] != row[column]]
    other = _SIDES.get(column)
    role, ring = column, next((rings[a] for a in beside if a in rings), None) or shown.get(key)
    if str(row[column]) in rings:
        role, ring = f"{column}, member", rings[str(row[column])]
    elif other and key in shown and str(row[other]) in rings:
        role, ring = f"{column}, victim", rings[str(row[other])]
    return export.name, ring, role, f"{key}: {', '.join(beside) or '-'}"
