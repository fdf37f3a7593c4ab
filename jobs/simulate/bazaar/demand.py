"""The market's ordinary trade: who buys from whom and when; the honest crowd's habits that look like a ring's."""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar.deal import strike
from jobs.simulate.bazaar.people import CATALOGUE
from jobs.simulate.bazaar.place import Bazaar, drawn
from jobs.simulate.bazaar.talk import chat, gifts, gossip
from jobs.simulate.columns import NONE, Ints, Rng, Rows, word
from jobs.simulate.goods import NUMBER
from jobs.simulate.options import DAY

ORDERS_EACH = 4
"""Orders an account has on average in the market's time."""

BATCH = 400_000


def trade(world: Bazaar) -> None:
    """All ordinary orders and messages; members of rings buy and sell here as anybody does."""
    rng = world.stream(7)
    orders = world.options.accounts * ORDERS_EACH
    for first in range(0, orders, BATCH):
        _ordinary(world, rng, min(BATCH, orders - first))
    livestreams(world, rng, orders // 20)
    together(world, rng, "floor", 4)
    together(world, rng, "station", 3)
    restock(world, rng)
    clubs(world, rng)
    couriers(world, rng)
    gossip(world, rng, orders // 25)
    gifts(world, rng)


def _ordinary(world: Bazaar, rng: Rng, n: int) -> None:
    """Strangers, neighbours, and customers who come again."""
    a = world.accounts
    seller, buyer = drawn(rng, a["sells"], n), drawn(rng, a["buys"], n)
    near = np.flatnonzero(rng.random(n) < 0.2)
    buyer[near] = _neighbour(world, rng, a["region"][seller[near]])
    again = np.flatnonzero(rng.random(n) < 0.14)
    before = rng.integers(0, n, len(again))
    seller[again], buyer[again] = seller[before], buyer[before]
    meet(world, rng, buyer, seller)


def _neighbour(world: Bazaar, rng: Rng, region: Ints) -> Ints:
    """A buyer from each region."""
    regions = world.accounts["region"]
    order = np.argsort(regions, kind="stable")
    low, high = (np.searchsorted(regions[order], region, side=side) for side in ("left", "right"))
    found: Ints = order[low + ((high - low) * rng.random(len(region))).astype(np.int64)]
    return found


def meet(world: Bazaar, rng: Rng, buyer: Ints, seller: Ints, **given: object) -> None:
    """Deals at some moment when both are there; pairs that never are do not deal."""
    low = np.maximum(world.since(buyer), world.since(seller))
    # A shop that is closing takes orders to the end; one that just stops coming still has its listings up.
    high = np.minimum(world.until(buyer), np.minimum(world.accounts["gone_at"][seller], world.options.end))
    idle = np.minimum(world.accounts["quiet_at"][seller] + 3 * DAY, high)
    high = np.where(rng.random(len(seller)) < 0.9, idle, high)
    ok = (low < high) & (buyer != seller)
    given = {name: values[ok] if isinstance(values, np.ndarray) else values for name, values in given.items()}
    placed = world.calendar.draw(rng, low[ok], high[ok])
    rows = strike(world, rng, buyer[ok], seller[ok], placed, **given)
    chat(world, rng, rows)


def livestreams(world: Bazaar, rng: Rng, n: int) -> None:
    """Viewers follow few hosts and buy again and again; hosts of agencies sell for each other."""
    a = world.accounts
    weight = np.sqrt(a["sells"]) * np.where(a["agency"] != NONE, 30.0, 0.04) * world.honest
    host = drawn(rng, weight, n)
    fans = drawn(rng, a["buys"] ** 1.4, n)
    again = np.flatnonzero(rng.random(n) < 0.35)
    before = rng.integers(0, n, len(again))
    host[again], fans[again] = host[before], fans[before]
    in_house = (a["agency"][host] != NONE) & (rng.random(n) < 0.15)
    seller = np.where(in_house, a["agency"][host], host)
    meet(world, rng, fans, seller, channel=word("channel", "livestream"), promoter_id=host)


def together(world: Bazaar, rng: Rng, column: str, times: int) -> None:
    """Floors and villages order together: one shop, one hour, one after the other, often the very same thing."""
    a = world.accounts
    living = np.flatnonzero(a[column] != NONE)
    turns = np.repeat(np.arange(int(a[column].max()) + 1), times)
    shop = drawn(rng, a["sells"] * world.honest, len(turns))
    when = world.calendar.draw(rng, np.full(len(turns), world.options.start), np.full(len(turns), world.options.end))
    buyers = [living[(a[column][living] == group) & (rng.random(len(living)) < 0.6)] for group in turns]
    buyer, turn = np.concatenate(buyers), np.repeat(np.arange(len(turns)), [len(b) for b in buyers])
    placed, seller = when[turn] + rng.integers(0, 3_600, len(turn)), shop[turn]
    ok = (placed > np.maximum(world.since(buyer), world.since(seller))) & (buyer != seller)
    ok &= placed < np.minimum(world.until(buyer), world.until(seller))
    rows = strike(world, rng, buyer[ok], seller[ok], placed[ok])
    offer = (turn[ok] % 2 == 0) & (rng.random(ok.sum()) < 0.8)
    rows["item_id"][offer] = world.options.accounts + rows["seller_id"][offer] * CATALOGUE
    rows["category"][offer] = a["main"][rows["seller_id"][offer]]
    rows["amount"][offer] = 990 + 500 * (turn[ok][offer] % 7)
    chat(world, rng, rows)


def restock(world: Bazaar, rng: Rng) -> None:
    """Small sellers buy from their wholesaler, and now and then from each other: trade in a circle, paid and sent."""
    a = world.accounts
    members = np.flatnonzero(a["wholesaler"] != NONE)
    buyer = np.repeat(members, rng.poisson(1.5, len(members)))
    seller = a["wholesaler"][buyer]
    by_group = members[np.argsort(a["wholesaler"][members], kind="stable")]
    low, high = (np.searchsorted(a["wholesaler"][by_group], seller, side=side) for side in ("left", "right"))
    fellow = by_group[low + ((high - low) * rng.random(len(buyer))).astype(np.int64)]
    meet(world, rng, buyer, np.where(rng.random(len(buyer)) < 0.35, fellow, seller))


def clubs(world: Bazaar, rng: Rng) -> None:
    """Gyms, courses and direct sellers: some of the invited pay a membership fee to whoever brought them, once."""
    a = world.accounts
    invited = np.flatnonzero((a["inviter_id"] != NONE) & world.honest)
    inviter = a["inviter_id"][invited]
    sells = (a["sells"][inviter] > 0) & world.honest[inviter]
    joins = sells & (rng.random(len(invited)) < 0.06)
    fee = np.array([9_900, 19_900, 39_900, 98_000, 198_000])[inviter[joins] % 5]
    meet(world, rng, invited[joins], inviter[joins], category=np.full(joins.sum(), NUMBER["membership"]), amount=fee)


def couriers(world: Bazaar, rng: Rng) -> None:
    """Couriers and repairers write to people about orders at other sellers: they know the order by their job."""
    a, rows = world.accounts, max(world.orders, key=_size)
    n = max(2, world.options.accounts // 4_000)
    who = rng.choice(np.flatnonzero(world.honest & (a["registered_at"] < world.options.start)), n, replace=False)
    turn = np.repeat(who, (4 + 12 * rng.pareto(1.5, n)).astype(np.int64).clip(0, 90))
    at = np.flatnonzero(rows["delivered_at"] != NONE)
    at = rng.choice(at, len(turn))
    sent = rows["delivered_at"][at] + rng.integers(3_600, 4 * DAY, len(turn))
    ok = (sent < world.until(turn)) & (turn != rows["buyer_id"][at])
    turn, at, sent = turn[ok], at[ok], sent[ok]
    kind = rng.choice([word("target_kind", k) for k in ("contact", "qr", "url")], len(turn), p=[0.6, 0.25, 0.15])
    tag = np.where(rng.random(len(turn)) < 0.15, word("tag", "knows_order"), NONE)
    world.say(turn, rows["buyer_id"][at], sent, kind, turn, order_id=rows["order_id"][at], tag=tag)
    world.resemble(who, "courier")


def _size(rows: Rows) -> int:
    return len(rows["order_id"])
