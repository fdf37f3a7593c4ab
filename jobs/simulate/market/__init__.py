"""The first world: trade drawn at random over the whole time, and rings planted into it."""

from __future__ import annotations

import numpy as np

from jobs.simulate.market.cover import add_cover
from jobs.simulate.market.loners import add_loners, choose_loners
from jobs.simulate.market.lookalikes import add_lookalikes
from jobs.simulate.market.population import gather_crowds, populate
from jobs.simulate.market.rings import plan_rings, plant_rings
from jobs.simulate.market.trade import trade
from jobs.simulate.market.world import World
from jobs.simulate.options import Options

ORDERS_AN_ACCOUNT = 4

__all__ = ["build"]


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
