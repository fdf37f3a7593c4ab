"""False claims: goods sent back that are not what was sent, juries won narrowly, cheating on both sides."""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar import quarrel
from jobs.simulate.bazaar.quarrel import BUYER, JURORS, SELLER
from jobs.simulate.bazaar.schemes.cards import cheat_buyers, cheat_sellers
from jobs.simulate.bazaar.stage import Stage, goods, undo
from jobs.simulate.columns import NONE, Ints, Rows, word

CLAIMS = {"damaged": "damaged", "refused": "not_as_described", "other_goods": "counterfeit"}
DEAR = ("phone", "jewellery", "liquor", "cosmetics", "clothing", "household")


def swap_return(stage: Stage) -> list[Rows]:
    """Many sellers, one claim, and what comes back is not what was sent."""
    return [swap(stage, stage.hand.active, stage.hand.script)]


def swap(stage: Stage, who: Ints, script: str) -> Rows:
    """Purchases, most of which are claimed against and sent back."""
    rng = stage.rng
    kinds = rng.choice(DEAR, 2, replace=False)
    turns = stage.turns(who)
    rows = stage.buy(turns, category=goods(rng, len(turns), *kinds))
    at = stage.some(rows, 0.7, (rows["delivered_at"] != NONE) & (rows["paid_at"] != NONE))
    undo(rows, at)
    claims = at[rng.random(len(at)) < 0.85]
    odd = rng.random(len(claims)) < 0.12
    quarrel.complain(rng, rows, claims, CLAIMS.get(script, "damaged"), 1.2)
    rows["complaint"][claims[odd]] = word("complaint", "other")
    refused = rng.random(len(at)) < (0.8 if script == "refused" else 0.1)
    quarrel.send_back(rng, rows, at[refused], "refused", 1.5)
    quarrel.send_back(rng, rows, at[~refused], "returned", 4.0)
    quarrel.answer(rng, rows, at[rng.random(len(at)) < 0.55], "return_mismatch", 1.5)
    contested = claims[rng.random(len(claims)) < 0.15]
    quarrel.judge(rng, rows, contested, 0.55)
    return rows


def jury_gaming(stage: Stage) -> list[Rows]:
    """Friendly jurors: the same claim wins by a vote or two, or on appeal."""
    rng, hand = stage.rng, stage.hand
    turns = stage.turns(hand.active)
    category = goods(rng, len(turns), *rng.choice(DEAR, 3, replace=False))
    as_seller = hand.script == "as_seller"
    rows = stage.sell(turns, category=category) if as_seller else stage.buy(turns, category=category)
    at = stage.some(rows, 0.62, (rows["delivered_at"] != NONE) & (rows["paid_at"] != NONE))
    undo(rows, at)
    quarrel.complain(rng, rows, at, str(rng.choice(["damaged", "not_as_described", "counterfeit"])), 1.5)
    quarrel.judge(rng, rows, at, 0.5, 0.0)
    ours, theirs = (SELLER, BUYER) if as_seller else (BUYER, SELLER)
    appeals = hand.script == "appeals"
    narrow = at[rng.random(len(at)) < 0.75]
    won = rng.choice([7, 8] if appeals else [9, 9, 10, 10, 11], len(narrow), p=[0.4, 0.6] if appeals else None)
    _votes(rows, narrow, JURORS - won if as_seller else won)
    rows["jury_winner"][narrow] = theirs if appeals else ours
    final = np.full(len(narrow), ours)
    if appeals:
        quarrel.overturn(rng, rows, narrow, 0.78)
        final = rows["appeal_winner"][narrow].astype(np.int64)
    quarrel.settled(rng, rows, narrow, final)
    if not as_seller:
        quarrel.answer(rng, rows, at[rng.random(len(at)) < 0.2], "other", 1.0)
    return [rows]


def _votes(rows: Rows, at: Ints, buyer: Ints) -> None:
    rows["votes_buyer"][at], rows["votes_seller"][at] = buyer, JURORS - buyer


def two_way(stage: Stage) -> list[Rows]:
    """One hand cheats those who buy and those who sell."""
    active, script = stage.hand.active, stage.hand.script
    half = max(1, len(active) // 2)
    sellers, buyers = (active[:half], active[half:]) if script == "divided" else (active, active)
    if script == "goods":
        return [_short_change(stage, sellers), swap(stage, buyers, "damaged")]
    style = str(stage.rng.choice(["late_code", "no_code"]))
    return [cheat_buyers(stage, sellers, style), cheat_sellers(stage, buyers)]


def _short_change(stage: Stage, who: Ints) -> Rows:
    """Goods sold that are not what was promised, or never leave."""
    rng = stage.rng
    turns = stage.turns(who)
    rows = stage.sell(turns, category=goods(rng, len(turns), "phone", "jewellery", "cosmetics"))
    at = stage.some(rows, 0.6, rows["paid_at"] != NONE)
    undo(rows, at)
    never = rng.random(len(at)) < 0.4
    rows["delivered_at"][at[never]] = NONE
    rows["confirmed_at"][at[never]] = NONE
    quarrel.complain(rng, rows, at[never & (rng.random(len(at)) < 0.6)], "not_received", 6.0)
    quarrel.complain(rng, rows, at[~never & (rng.random(len(at)) < 0.6)], "not_as_described", 1.5)
    return rows
