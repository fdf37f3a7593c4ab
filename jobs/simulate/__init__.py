"""Labelled synthetic markets in the contract's exports.

Everything in them is made up; no row comes from a real platform. Three worlds, made apart from each other, have honest
trade with a realistic skew, innocent groups that look like rings, and planted rings of all fourteen typologies, from
loud to quiet. One generator is never the whole truth: methods that survive only one of them are worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl

from graph.exports import ACCOUNTS, CHAT_LINKS, DEVICES, ORDERS
from jobs.errors import UsageError
from jobs.simulate import agents, bazaar, market
from jobs.simulate.dirt import dirty
from jobs.simulate.ledger import Ledger
from jobs.simulate.nights import drop, finish
from jobs.simulate.options import DAY, FileFormat, Options, WorldName, seconds
from jobs.simulate.silence import silence
from jobs.simulate.spell import spell
from jobs.simulate.write import suffix, write

WORLDS: Mapping[WorldName, Callable[[Options], Ledger]] = MappingProxyType(
    {"market": market.build, "agents": agents.build, "bazaar": bazaar.build}
)
"""What makes each world: `market` draws trade at random, `agents` lets people follow scripts day by day, `bazaar` grows
a heavy-tailed population first and hides hands in it."""

__all__ = ["WORLDS", "simulate"]


def simulate(
    out: Path,
    *,
    accounts: int,
    seed: int,
    nights: int = 1,
    camouflage: float = 0.0,
    mute: float = 0.0,
    dirt: bool = False,
    file_format: FileFormat = "csv",
    until: date = date(2025, 6, 30),
    every_days: int = 7,
    world: WorldName = "market",
) -> None:
    """Write `nights` drops `out/YYYY-MM-DD/` (the last dated `until`) and `out/truth.parquet`.

    truth: one row an account on a planted ring: ring_id, typology, account_id, role (of the contract's
    roles). The first drop holds 180 days of history, each later one the rows that are new or changed since.
    A world that notes who only looks guilty also writes `out/lookalikes.parquet`: account_id, kind.
    Same arguments, same bytes. Raises UsageError when an argument is out of range or `out` is not empty.
    """
    options = Options(accounts, seed, nights, camouflage, mute, dirt, file_format, until, every_days)
    if world not in WORLDS:
        raise UsageError(f"the world must be one of {', '.join(WORLDS)}")
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty: name a new folder")
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger = WORLDS[world](options)
    write(iter([_truth(ledger)]), out / "truth.parquet")
    if ledger.lookalikes:
        write(iter([_lookalikes(ledger)]), out / "lookalikes.parquet")
    _write_drops(ledger, out)


def _write_drops(ledger: Ledger, out: Path) -> None:
    """Write the market as each night knew it; the ledger's batches are used up."""
    options = ledger.options
    tables = finish(ledger)
    silence(ledger, tables.orders, tables.chat_links)
    before: int | None = None
    for day in options.drops:
        folder, cut = out / day.isoformat(), seconds(day) + DAY - 1
        folder.mkdir(mode=0o700)
        for table in (ORDERS, ACCOUNTS, DEVICES, CHAT_LINKS):
            frames = drop(tables, table, cut, before)
            write(frames, folder / f"{table.name}.{suffix(table.name, options.file_format)}")
        if options.dirt:
            dirty(folder)
        before = cut


def _truth(ledger: Ledger) -> pl.DataFrame:
    """Ring ids and account ids as the exports spell them.

    Who registers after the last drop is nobody's truth yet.
    """
    seen = [row for row in ledger.truth if ledger.accounts["registered_at"][row[2]] <= ledger.options.end]
    number, typology, account, role = zip(*seen, strict=True)
    seed = ledger.options.seed
    return pl.DataFrame(
        {
            "ring_id": spell("T-", np.array(number), seed, "ring"),
            "typology": typology,
            "account_id": spell("a", np.array(account), seed, "account"),
            "role": role,
        }
    ).sort("ring_id", "account_id")


def _lookalikes(ledger: Ledger) -> pl.DataFrame:
    """One row an account on no planted ring, with the first reason noted for it."""
    members = {row[2] for row in ledger.truth}
    kinds: dict[int, str] = {}
    for account, kind in ledger.lookalikes:
        if account not in members and ledger.accounts["registered_at"][account] <= ledger.options.end:
            kinds.setdefault(account, kind)
    ids = spell("a", np.array(list(kinds), np.int64), ledger.options.seed, "account")
    return pl.DataFrame({"account_id": ids, "kind": list(kinds.values())}).sort("account_id")
