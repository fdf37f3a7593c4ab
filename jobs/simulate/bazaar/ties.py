"""What ties a hand's accounts: a random tree of reused things, thin for a careful hand, a star for a careless one.

Every link of the tree is one thing out of the hand's habits. A thing is used for a share of a member's trade only, a
device for some days only; a few links leave nothing but timing.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar.circles import share_life
from jobs.simulate.bazaar.hand import Hand
from jobs.simulate.bazaar.people import lend
from jobs.simulate.bazaar.place import Bazaar
from jobs.simulate.columns import NONE, word
from jobs.simulate.options import DAY

HABITS = {
    "device": 5.0, "payee": 3.5, "payer": 2.0, "phone": 2.0, "owner": 1.2, "licence": 0.8, "ship_from": 1.5,
    "ship_to": 2.0, "contact": 2.0, "qr": 1.0, "url": 0.8, "inviter": 1.2, "name": 0.5, "nothing": 0.5,
}  # fmt: skip
"""How often hands reuse each thing."""

OF_SELLERS = {"payee", "licence", "ship_from", "contact", "qr", "url"}
OF_BUYERS = {"payer", "ship_to"}
BUYS = {"unpaid_harvest", "swap_return", "account_farm", "close_votes", "appeals"}
BOTH = {"circle", "both_hats", "goods", "pyramid"}
MIXED = {"troop", "divided"}
"""Typologies and scripts by the side on which members act: only as buyers, each as both, some as one and some as the
other; all others sell. A wallet to be paid into ties nobody who only buys."""

PAPERS = {"phone": "phone_id", "owner": "owner_id", "licence": "licence_id", "name": "display_name_id"}
OF_SHOPS = {"licence", "name"}
STILL = ("device", "device", "phone", "owner", "inviter")
STRANGERS_THING = 0.07
"""Share of links made of something that belongs to an honest person: a rented till, a friend's store, a known group."""

IN_PUBLIC = 0.06
"""Share of hands whose common device is a café's or a kiosk's, where everybody goes."""

SPELLED = {"payee": "payment", "payer": "payment", "ship_from": "address", "ship_to": "address"}


def knit(world: Bazaar, hand: Hand) -> None:
    """Tie each member to an earlier one by one of the hand's habits, and a few pairs once more."""
    rng, n = hand.rng, len(hand.members)
    habits = _habits(world, hand)
    main: dict[str, int] = {}
    for place in range(1, n):
        star = not hand.relay and rng.random() > hand.care
        parent = 0 if star else int(rng.integers(max(0, place - 2), place))
        # Who does nothing pays nobody and writes nobody: only a device or a paper can tie it.
        still = hand.idle[[parent, place]].any()
        _link(world, hand, main, str(rng.choice(STILL if still else habits)), parent, place, star)
    for _ in range(rng.poisson((1 - hand.care) * 0.5 * n)):
        first, second = sorted(rng.choice(n, 2, replace=False).tolist())
        _link(world, hand, main, "device" if "device" in habits else str(rng.choice(habits)), first, second, True)


def _habits(world: Bazaar, hand: Hand) -> list[str]:
    """Two to four habits that fit what the hand does, the strongest named more than once."""
    rng = hand.rng
    if hand.typology == "reborn_shop" and rng.random() < 0.12:
        return ["nothing"]
    unfit = _unfit({hand.typology, hand.script})
    if not (world.accounts["kind"][hand.members] == word("kind", "shop")).all():
        unfit = unfit | OF_SHOPS
    names = {name: weight for name, weight in HABITS.items() if name not in unfit}
    weights = np.array(list(names.values()))
    chosen = rng.choice(
        list(names), int(rng.integers(1, 4)) + (rng.random() > hand.care), False, weights / weights.sum()
    )
    if len(chosen) == 1 and chosen[0] == "nothing":
        chosen = np.array(["device"])
    return [str(name) for turn, name in enumerate(chosen) for _ in range(3 if turn == 0 else 1)]


def _unfit(names: set[str]) -> set[str]:
    """What would tie nobody, given the side on which members act."""
    if names & BOTH:
        return set()
    if names & MIXED:
        return OF_SELLERS | OF_BUYERS
    return OF_SELLERS if names & BUYS else OF_BUYERS


def _link(world: Bazaar, hand: Hand, main: dict[str, int], habit: str, parent: int, place: int, star: bool) -> None:
    """One thing in common between the members at these places; a careless hand takes the same one again and again."""
    a, rng = world.accounts, hand.rng
    one, other = (hand.members[[at]] for at in (parent, place))
    if habit == "device":
        _device(world, hand, main, parent, place, star)
    elif habit in PAPERS:
        column = PAPERS[habit]
        if a[column][one[0]] == NONE:
            a[column][one] = one
        a[column][other] = a[column][one]
    elif habit == "inviter":
        a["inviter_id"][other] = one
        a["registered_at"][other] = np.maximum(a["registered_at"][other], a["registered_at"][one] + 3_600)
    elif habit != "nothing":
        which = _thing(world, hand, main, habit) if star else int(a[habit][one[0]])
        pair = hand.members[[parent, place]] if star else other
        lend(world, habit, pair, which, float(np.clip(rng.beta(4, 1.2) * (1 - 0.6 * hand.care), 0.25, 1)))


def _thing(world: Bazaar, hand: Hand, main: dict[str, int], habit: str) -> int:
    """The hand's own, or one that it borrows: mostly from people who know nothing, seldom from another hand."""
    if habit not in main:
        others = np.flatnonzero((world.member != hand.number) & (world.accounts[f"{habit}_2_share"] > 0))
        lender = hand.rng.choice(others) if len(others) else None  # a small town may have nobody who lends
        borrowed = hand.rng.random() < STRANGERS_THING and lender is not None
        main[habit] = int(world.accounts[f"{habit}_2"][lender]) if borrowed else world.one(SPELLED.get(habit, habit))
    return main[habit]


def _device(world: Bazaar, hand: Hand, main: dict[str, int], parent: int, place: int, star: bool) -> None:
    """A device in common: handed over at a closing, lived on by both, or logged in to once or twice."""
    a, rng = world.accounts, hand.rng
    pair = hand.members[[parent, place]]
    if star and "device" not in main:
        in_public = rng.random() < IN_PUBLIC
        main["device"] = int(rng.choice(world.kiosks)) if in_public else world.one("device")
    device = main["device"] if star else int(pair[0])
    kind = str(rng.choice(["phone", "pc", "emulator"], p=[0.7, 0.18, 0.12]))
    if hand.relay and rng.random() < 0.6:
        change = a["registered_at"][pair[1]]
        first = np.array([min(a["registered_at"][pair[0]], change - DAY), change])
        last = np.array([change - int(rng.exponential(2) * DAY), world.options.end])
        world.use(pair, device, first, last, word("device_kind", kind), 20)
    elif rng.random() > hand.care:
        share_life(world, rng, pair, device, kind)
    else:
        low = max(int(world.since(pair).max()), hand.begun)
        moment = low + int(rng.random() * max(hand.ended - low, DAY))
        first = moment + rng.integers(0, 2 * DAY, 2)
        world.use(pair, device, first, first + rng.integers(600, 3 * DAY, 2), word("device_kind", kind), 2)
