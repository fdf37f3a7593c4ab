"""Shops that are a shell: gone with the money and opened anew, full of fakes, or without the licence they need."""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar import quarrel
from jobs.simulate.bazaar.stage import Stage, goods, undo
from jobs.simulate.columns import NONE, Ints, Rows, word
from jobs.simulate.goods import NUMBER
from jobs.simulate.options import DAY


def reborn_shop(stage: Stage) -> list[Rows]:
    """One shop after the other: trade, then orders that are taken and not sent, then nobody there."""
    hand, rng, a = stage.hand, stage.rng, stage.world.accounts
    kind = str(rng.choice(["phone", "clothing", "cosmetics", "household", "topup_card", "membership"]))
    a["main"][hand.members] = NUMBER[kind]
    opened = np.sort(a["registered_at"][hand.members])
    hand.members = hand.members[np.argsort(a["registered_at"][hand.members], kind="stable")]
    hand.idle[:] = False
    gap = (rng.lognormal(1.2, 0.8, len(opened)) * DAY).astype(np.int64)
    ends = np.append(opened[1:], hand.ended + gap[-1]) - np.where(rng.random(len(opened)) < 0.8, gap, -gap)
    ends = np.maximum(ends, opened + 5 * DAY)
    _end(stage, ends)
    a["region"][hand.members] = a["region"][hand.members[0]]
    turns = stage.turns(np.arange(len(opened)), 0.7)
    before = stage.sell(hand.members[turns])
    turns = stage.turns(np.arange(len(opened)), 1.4)
    last = stage.sell(hand.members[turns], after=ends[turns] - int(9 * DAY))
    _take_and_go(stage, last)
    return [before, last]


def _end(stage: Stage, ends: Ints) -> None:
    """How the shops end: closed by the holder, banned, or simply silent; the newest may still be open."""
    hand = stage.hand
    over = ends < hand.ended
    who, moments = hand.members[over], ends[over]
    if hand.script == "silent":
        stage.world.accounts["quiet_at"][who] = moments
    else:
        stage.close(who, "cancelled_at" if hand.script == "closes" else "banned_at", moments)


def _take_and_go(stage: Stage, rows: Rows) -> None:
    """Most of the last orders are paid and never sent; some buyers complain, fewer get their money back."""
    rng = stage.rng
    at = stage.some(rows, 0.85, rows["paid_at"] != NONE)
    undo(rows, at)
    rows["delivered_at"][at] = rows["confirmed_at"][at] = NONE
    talked_into = at[rng.random(len(at)) < 0.25]
    rows["confirmed_at"][talked_into] = rows["paid_at"][talked_into] + rng.integers(3_600, 4 * DAY, len(talked_into))
    cross = at[rng.random(len(at)) < 0.5]
    kinds = [word("complaint", k) for k in ("vanished_seller", "not_received")]
    quarrel.complain(rng, rows, cross, rng.choice(kinds, len(cross), p=[0.65, 0.35]), 6.0)
    quarrel.refund(rng, rows, cross[rng.random(len(cross)) < 0.3], 5.0)


def counterfeit_network(stage: Stage) -> list[Rows]:
    """One store behind several shops, cheap brands for every province."""
    hand, rng, a = stage.hand, stage.rng, stage.world.accounts
    kinds = [
        str(k) for k in rng.choice(["cosmetics", "liquor", "clothing", "jewellery", "health_food", "phone"], 2, False)
    ]
    a["main"][hand.members] = goods(rng, len(hand.members), *kinds)
    who = stage.turns(hand.active, 2.2)
    given = {}
    if hand.script == "staffed":
        staff, store = stage.world.fresh("staff", 3), stage.world.one("address")
        given["handler_id"] = np.where(rng.random(len(who)) < 0.6, rng.choice(staff, len(who)), NONE)
        own = a["ship_from"][who]
        given["ship_from_id"] = np.where(rng.random(len(who)) < 0.85 - 0.4 * hand.care, store, own)
    if hand.script == "relay":
        half = hand.members[: len(hand.members) // 2]
        stage.close(half, "banned_at", a["registered_at"][half] + rng.integers(25 * DAY, 70 * DAY, len(half)))
    rows = stage.sell(who, category=goods(rng, len(who), *kinds), **given)
    rows["amount"][:] = np.maximum(rows["amount"] * rng.uniform(0.3, 0.8, len(rows["amount"])), 100).astype(np.int64)
    fake = stage.some(rows, 0.8, rows["delivered_at"] != NONE)
    noticed = fake[rng.random(len(fake)) < 0.3]
    undo(rows, noticed)
    quarrel.complain(rng, rows, noticed, "counterfeit", 5.0)
    soft = noticed[rng.random(len(noticed)) < 0.2]
    rows["complaint"][soft] = word("complaint", "not_as_described")
    back = rng.random(len(noticed)) < 0.5
    quarrel.send_back(rng, rows, noticed[back])
    quarrel.judge(rng, rows, noticed[~back & (rng.random(len(noticed)) < 0.3)], 0.62)
    return [rows]


def unlicensed_operator(stage: Stage) -> list[Rows]:
    """Regulated goods from shops that show no licence, or all the same one under many names."""
    hand, rng, a = stage.hand, stage.rng, stage.world.accounts
    kinds = [str(k) for k in rng.choice(["medicine", "health_food", "liquor", "fertilizer"], 2, False)]
    a["main"][hand.members] = goods(rng, len(hand.members), *kinds)
    n = len(hand.members)
    if hand.script == "one_for_all":
        shares = rng.random(n) < 0.9
        shares[:2] = True
        a["licence_id"][hand.members[shares]] = stage.world.one("licence")
        a["licence_shown"][hand.members] = rng.random(n) < 0.5
        a["owner_id"][hand.members] = hand.members
    else:
        without = rng.random(n) < 0.85
        without[0] = True
        bare = hand.members[without]
        a["licence_id"][bare[rng.random(len(bare)) < 0.6]] = NONE
        a["licence_shown"][bare] = 0
    who = stage.turns(hand.active, 1.8)
    mixed = goods(rng, len(who), *kinds, *kinds, "household")
    rows = stage.sell(who, category=mixed)
    unwell = stage.some(rows, 0.05, rows["delivered_at"] != NONE)
    undo(rows, unwell)
    quarrel.complain(rng, rows, unwell, "not_as_described", 6.0)
    return [rows]
