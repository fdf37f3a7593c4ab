"""A labelled synthetic market in the contract's exports.

Everything in it is made up; no row comes from a real platform.
Honest trade with a realistic skew, innocent groups that look like rings, lone bad actors, and planted rings
of all fourteen typologies, from loud to quiet. One generator is never the whole truth: methods that survive
only this one are worth nothing.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from graph.exports import ACCOUNTS, CHAT_LINKS, DEVICES, ORDERS
from jobs.errors import UsageError
from jobs.simulate.cover import add_cover
from jobs.simulate.dirt import dirty
from jobs.simulate.loners import add_loners, choose_loners
from jobs.simulate.lookalikes import add_lookalikes
from jobs.simulate.nights import drop, finish
from jobs.simulate.options import DAY, FileFormat, Options, seconds
from jobs.simulate.population import gather_crowds, populate
from jobs.simulate.rings import plan_rings, plant_rings
from jobs.simulate.silence import silence
from jobs.simulate.spell import spell
from jobs.simulate.trade import trade
from jobs.simulate.world import World
from jobs.simulate.write import suffix, write

ORDERS_AN_ACCOUNT = 4

__all__ = ["simulate"]


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
) -> None:
    """Write `nights` drops `out/YYYY-MM-DD/` (the last dated `until`) and `out/truth.parquet`.

    truth: one row an account on a planted ring: ring_id, typology, account_id, role (of the contract's
    roles). The first drop holds 180 days of history, each later one the rows that are new or changed since.
    Same arguments, same bytes. Raises UsageError when an argument is out of range or `out` is not empty.
    """
    options = Options(accounts, seed, nights, camouflage, mute, dirt, file_format, until, every_days)
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty: name a new folder")
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    world = build(options)
    truth = _truth(world)
    write(iter([truth]), out / "truth.parquet")
    write_drops(world, out)


def build(options: Options) -> World:
    """The whole market, past and future, before anybody knows of it."""
    world = World(options)
    plan = plan_rings(world)
    reserved = sum(size for _, size in plan)
    honest, ring = np.split(np.arange(options.accounts), [options.accounts - reserved])
    populate(world, reserved)
    add_lookalikes(world, honest)
    choose_loners(world, honest)
    gather_crowds(world)
    plant_rings(world, plan, ring)
    add_cover(world)
    add_loners(world, honest)
    made = sum(len(rows["order_id"]) for rows in world.orders)
    trade(world, max(0, ORDERS_AN_ACCOUNT * options.accounts - made))
    return world


def write_drops(world: World, out: Path) -> None:
    """Write the market as each night knew it; the world's batches are used up."""
    options = world.options
    market = finish(world)
    silence(world, market.orders, market.chat_links)
    before: int | None = None
    for day in options.drops:
        folder, cut = out / day.isoformat(), seconds(day) + DAY - 1
        folder.mkdir(mode=0o700)
        for table in (ORDERS, ACCOUNTS, DEVICES, CHAT_LINKS):
            frames = drop(market, table, cut, before)
            write(frames, folder / f"{table.name}.{suffix(table.name, options.file_format)}")
        if options.dirt:
            dirty(folder)
        before = cut


def _truth(world: World) -> pl.DataFrame:
    """Ring ids and account ids as the exports spell them.

    Who registers after the last drop is nobody's truth yet.
    """
    seen = [row for row in world.truth if world.accounts["registered_at"][row[2]] <= world.options.end]
    number, typology, account, role = zip(*seen, strict=True)
    seed = world.options.seed
    return pl.DataFrame(
        {
            "ring_id": spell("T-", np.array(number), seed, "ring"),
            "typology": typology,
            "account_id": spell("a", np.array(account), seed, "account"),
            "role": role,
        }
    ).sort("ring_id", "account_id")
