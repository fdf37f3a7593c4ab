"""Card codes: sold and never sent, or sent too late, or sent to two; taken without being paid for, and sold on."""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar import quarrel
from jobs.simulate.bazaar.stage import Stage, codes, soon, undo
from jobs.simulate.bazaar.talk import send_codes
from jobs.simulate.columns import NONE, Ints, Rows
from jobs.simulate.options import DAY


def confirm_first(stage: Stage) -> list[Rows]:
    """The buyer must confirm receipt before the code comes, if it comes."""
    return [cheat_buyers(stage, stage.hand.active, stage.hand.script)]


def unpaid_harvest(stage: Stage) -> list[Rows]:
    """Orders nobody pays, at sellers who send all the same; then the account is closed."""
    hand, rng = stage.hand, stage.rng
    if hand.script != "grab_and_sell" or len(hand.active) < 2:
        rows = cheat_sellers(stage, hand.active)
        _leave(stage, rows, 0.9 if hand.script == "hop" else 0.5)
        return [rows]
    dealers = max(1, len(hand.active) // 3)
    rows = cheat_sellers(stage, hand.active[dealers:])
    sold = _sell_on(stage, rows, hand.active[:dealers])
    _leave(stage, rows, 0.4)
    quarrel.complain(rng, sold, stage.some(sold, 0.15, sold["delivered_at"] != NONE), "code_used", 1.0)
    return [rows, sold]


def cheat_buyers(stage: Stage, who: Ints, script: str) -> Rows:
    """Sales of codes; most of them confirmed before the code is sent, the rest honoured."""
    rng = stage.rng
    turns = stage.turns(who)
    rows = stage.sell(turns, category=codes(rng, len(turns)))
    at = stage.some(rows, 0.72, rows["paid_at"] != NONE)
    undo(rows, at)
    rows["confirmed_at"][at] = soon(rng, rows["paid_at"][at], 0.4)
    rows["delivered_at"][at] = soon(rng, rows["confirmed_at"][at], 0.3 if script == "twice" else 4.0, 1.1)
    if script == "no_code":
        rows["delivered_at"][at[rng.random(len(at)) < 0.8]] = NONE
    never = rows["delivered_at"][at] == NONE
    cross = rng.random(len(at)) < np.where(never, 0.6, 0.4)
    quarrel.complain(rng, rows, at[cross & never], "not_received", 0.7)
    quarrel.complain(rng, rows, at[cross & ~never], "code_used", 0.7)
    if script == "twice":
        _twice(stage, rows, at)
    asked = at[rng.random(len(at)) < 0.4]
    sellers = rows["seller_id"][asked]
    stage.tell(
        sellers, rows["buyer_id"][asked], soon(rng, rows["placed_at"][asked], 0.05), "contact",
        stage.handle(sellers, "contact"), tag="ask_confirm_first", order=rows["order_id"][asked], reported=0.08,
        loss=rows["amount"][asked],
    )  # fmt: skip
    return rows


def _twice(stage: Stage, rows: Rows, at: Ints) -> None:
    """Each code goes to two buyers, the second often through another member."""
    at = at[np.argsort(rows["delivered_at"][at], kind="stable")]
    code = np.repeat(stage.world.fresh("card_code", len(at) // 2 + 1), 2)[: len(at)]
    keep = stage.rng.random(len(at)) < 0.8
    send_codes(stage.world, rows, at[keep], code[keep])


def cheat_sellers(stage: Stage, who: Ints) -> Rows:
    """Orders for codes that are not paid; careless sellers read "ordered" as "paid"."""
    rng = stage.rng
    turns = stage.turns(who)
    rows = stage.buy(turns, category=codes(rng, len(turns)))
    at = stage.some(rows, 0.78)
    undo(rows, at)
    for column in ("paid_at", "payer_id", "delivered_at", "confirmed_at"):
        rows[column][at] = NONE
    got = at[rng.random(len(at)) < 0.72]
    rows["delivered_at"][got] = soon(rng, rows["placed_at"][got], 0.25, 1.0)
    quarrel.answer(rng, rows, got[rng.random(len(got)) < 0.45], "unpaid_code_taken", 0.4)
    done = at[rng.random(len(at)) < 0.6]
    rows["cancelled_at"][done] = soon(rng, np.maximum(rows["placed_at"], rows["delivered_at"])[done], 8.0)
    return rows


def _leave(stage: Stage, rows: Rows, share: float) -> None:
    """Close some of the buying accounts a day or a few after their last order."""
    for account in np.unique(rows["buyer_id"]):
        if stage.rng.random() < share:
            last = rows["placed_at"][rows["buyer_id"] == account].max()
            stage.close(
                np.array([account]), "cancelled_at", np.array([last + int(stage.rng.exponential(2.5) * DAY) + 7_200])
            )


def _sell_on(stage: Stage, taken: Rows, dealers: Ints) -> Rows:
    """The codes that were taken turn up again, sold by fellow members within days."""
    rng, world = stage.rng, stage.world
    got = np.flatnonzero((taken["paid_at"] == NONE) & (taken["delivered_at"] != NONE))
    code = world.fresh("card_code", len(got))
    send_codes(world, taken, got, code)
    sold = stage.sell(
        rng.choice(dealers, len(got)), category=taken["category"][got], after=taken["delivered_at"][got] + 600
    )
    there = np.flatnonzero(sold["delivered_at"] != NONE)
    # Deals that found no moment are dropped, so codes are matched to sales by what is left, oldest first.
    there = there[np.argsort(sold["delivered_at"][there], kind="stable")]
    order = np.argsort(taken["delivered_at"][got], kind="stable")
    for sale in there:
        ready = [n for n in order if code[n] >= 0 and taken["delivered_at"][got[n]] < sold["delivered_at"][sale]]
        if ready:
            send_codes(world, sold, np.array([sale]), code[ready[:1]])
            code[ready[0]] = NONE
    return sold
