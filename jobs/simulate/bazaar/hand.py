"""Hands: operators who control several accounts, each with habits of its own.

A hand is careful in part: it has things that it reuses (a device, a wallet, a phone, an address, a handle, an
inviter, an owner, a licence, or nothing but its timing), a patience, a taste for honest cover, and it works its
accounts side by side or one after the other. Camouflage makes hands more careful and their cover thicker.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jobs.simulate.bazaar.place import FOREVER, Bazaar
from jobs.simulate.columns import NONE, Bools, Ints, Rng, word
from jobs.simulate.options import DAY

SCRIPTS: dict[str, tuple[str, ...]] = {
    "confirm_first": ("late_code", "no_code", "twice"),
    "unpaid_harvest": ("grab", "grab_and_sell", "hop"),
    "off_platform_lure": ("scan_for_code", "no_order", "pay_outside", "take_over"),
    "two_way": ("both_hats", "divided", "goods"),
    "swap_return": ("damaged", "refused", "other_goods"),
    "jury_gaming": ("close_votes", "appeals", "as_seller"),
    "reborn_shop": ("closes", "banned", "silent"),
    "counterfeit_network": ("spread", "staffed", "relay"),
    "buyback_live": ("studio", "early_payouts", "outside_group"),
    "pyramid": ("fees_up", "one_till"),
    "leak_source": ("of_seller", "of_handler", "of_insider"),
    "unlicensed_operator": ("none_shown", "one_for_all"),
    "account_farm": ("burst", "slow", "invited"),
    "brushing": ("circle", "troop"),
}
"""What each typology's hands play; a hand keeps to one script."""

SIZES = {
    # typology: fewest, and scale of what comes on top (heavy-tailed)
    "pyramid": (14, 12.0),
    "account_farm": (5, 6.0),
    "brushing": (4, 5.0),
    "buyback_live": (3, 2.5),
    "leak_source": (3, 3.0),
    "two_way": (2, 3.0),
}
USUAL = (2, 3.5)
LARGEST = {"pyramid": 60, "account_farm": 60, "brushing": 45, "leak_source": 40, "reborn_shop": 10}
USUAL_LARGEST = 25
"""No hand opens a shop every other day; a farm is only as good as it is large."""

PERSONS = {"unpaid_harvest", "swap_return", "jury_gaming", "account_farm", "pyramid"}
"""Typologies whose members are mostly persons."""

SHOPS = {"counterfeit_network", "reborn_shop", "unlicensed_operator"}
"""Typologies whose members are all shops; elsewhere about a third of the sellers are."""

ACCOUNTS_A_RING = 340
FEWEST_ACTS = 16
"""A hand tries at least about so many deals; with fewer it is not yet a ring to anybody."""


@dataclass
class Hand:
    """One operator. `members` in the order in which they begin; `idle` ones only lend their name or their things."""

    number: int
    typology: str
    script: str
    members: Ints
    care: float
    cover: float
    zeal: float
    relay: bool
    begun: int
    ended: int
    rng: Rng
    idle: Bools
    roles: dict[int, str] = field(default_factory=dict)
    marks: list[Ints] = field(default_factory=list)

    @property
    def active(self) -> Ints:
        """Members who act."""
        return self.members[~self.idle]

    def act(self, accounts: Ints, role: str) -> None:
        """These members acted in this role; seller and buyer make both."""
        for account in set(accounts.tolist()):
            before = self.roles.get(account, role)
            self.roles[account] = "both" if {before, role} == {"seller", "buyer"} or before == "both" else before


def recruit(world: Bazaar) -> list[Hand]:
    """All hands of the market, their members chosen and their lives fixed."""
    rng, options = world.stream(2), world.options
    rings = max(len(SCRIPTS), round(options.accounts / ACCOUNTS_A_RING))
    names = [list(SCRIPTS)[place % len(SCRIPTS)] for place in rng.permutation(rings)]
    sizes = [_size(rng, name, options.accounts) for name in names]
    pool = rng.permutation(options.accounts)[: sum(sizes)]
    played: dict[str, int] = {}
    hands = []
    for number, (name, members) in enumerate(zip(names, np.split(pool, np.cumsum(sizes)[:-1]), strict=True)):
        turn = played[name] = played.get(name, int(rng.integers(9))) + 1
        hands.append(_hand(world, number, name, SCRIPTS[name][turn % len(SCRIPTS[name])], members))
    return hands


def _size(rng: Rng, typology: str, accounts: int) -> int:
    fewest, scale = SIZES.get(typology, USUAL)
    largest = min(LARGEST.get(typology, USUAL_LARGEST), max(fewest + 1, accounts // 50))
    return min(largest, fewest + int(scale * rng.pareto(1.9)) + int(rng.integers(0, 3)))


def _hand(world: Bazaar, number: int, typology: str, script: str, members: Ints) -> Hand:
    options, rng = world.options, world.stream(20, number)
    quiet, n = options.camouflage, len(members)
    last = options.end - int(rng.integers(0, 20) * DAY * (rng.random() < 0.4))
    begun = max(options.start + 12 * DAY, last - int(rng.uniform(14, 130) * DAY))
    idle = rng.random(n) < (0.12 if n > 3 else 0.0)
    idle[:2] = False
    hand = Hand(
        number, typology, script, members,
        care=float(rng.beta(1.6 + 3 * quiet, 2.6)),
        cover=float(rng.lognormal(0.5 + 0.8 * quiet, 0.4)),
        zeal=_zeal(rng, quiet, n),
        relay=typology == "reborn_shop" or (script in {"relay", "hop", "slow"}) or rng.random() < 0.12,
        begun=begun, ended=last, rng=rng, idle=idle,
    )  # fmt: skip
    world.member[members] = number
    _live(world, hand)
    return hand


def _zeal(rng: Rng, quiet: float, n: int) -> float:
    """Deals that each member tries; in small rings each does more."""
    eager = rng.lognormal(1.9 - 0.4 * quiet, 0.55) * max(1.0, (5 / n) ** 0.6)
    return float(np.clip(eager, max(3.0, FEWEST_ACTS / n), 40))


def _live(world: Bazaar, hand: Hand) -> None:
    """When each member is opened or bought, what it is, how it trades."""
    a, rng, n = world.accounts, hand.rng, len(hand.members)
    bought = rng.random(n) < 0.12 + 0.35 * world.options.camouflage
    if hand.typology in {"account_farm", "reborn_shop"}:
        bought[:] = False
    opened = _openings(hand, n)
    a["registered_at"][hand.members] = np.where(bought, np.minimum(a["registered_at"][hand.members], opened), opened)
    a["quiet_at"][hand.members] = FOREVER
    shops = rng.random(n) < (1.0 if hand.typology in SHOPS else 0.05 if hand.typology in PERSONS else 0.35)
    _papers(world, hand, shops)
    a["buys"][hand.members] = rng.lognormal(0.2, 0.6, n)
    a["sells"][hand.members] = np.where(shops, rng.lognormal(1.2, 0.6, n), rng.lognormal(-0.4, 0.7, n))
    a["credit_level"][hand.members] = np.clip(a["credit_level"][hand.members] - ~bought, 0, 5)


def _openings(hand: Hand, n: int) -> Ints:
    """Side by side within the hand's patience, or one after the other over its life."""
    rng = hand.rng
    if hand.relay:
        steps = np.sort(rng.random(n - 1)) * 0.85 if n > 1 else np.empty(0)
        return hand.begun + (np.concatenate([[0.0], steps]) * (hand.ended - hand.begun)).astype(np.int64)
    patience = rng.lognormal(1.6, 1.1) * (0.5 + hand.care)
    wait = np.minimum(np.cumsum(rng.exponential(patience, n)) - rng.exponential(patience), 60.0)
    latest = hand.begun + 0.6 * (hand.ended - hand.begun)
    return np.minimum(hand.begun - 6 * DAY + (wait * DAY).astype(np.int64), int(latest) + rng.integers(0, DAY, n))


def _papers(world: Bazaar, hand: Hand, shops: Bools) -> None:
    """A person has no licence; bought identities are whole, so most members are verified as others are."""
    a, who, rng = world.accounts, hand.members, hand.rng
    a["kind"][who] = np.where(shops, word("kind", "shop"), word("kind", "person"))
    licensed = shops & (rng.random(len(who)) < 0.85)
    a["licence_id"][who] = np.where(licensed, who, NONE)
    a["licence_shown"][who] = np.where(shops, licensed & (rng.random(len(who)) < 0.85), NONE)
    a["display_name_id"][who] = np.where(shops, who, NONE)
    a["staff"][who] = np.where(shops, np.maximum(a["staff"][who], 1), 0)
    a["asks_early"][who] = 0.0
