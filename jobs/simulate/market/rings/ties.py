"""How the members of a ring hang together: all on the same things when loud, one thin thread each when quiet.

Each member is loud with probability 1 - camouflage. The loud share two or three devices, one or two payees, a
payer and a handle. Every other member hangs on one earlier member by one tie of a varying kind. So every ring
is connected, at any camouflage.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Ints, word
from jobs.simulate.market.population import AFTER
from jobs.simulate.market.rings.gang import BINDINGS, Gang
from jobs.simulate.options import DAY

COVER_PROOFS = 3
"""Ordinary orders that make a shared payee, payer or address visible."""


def bind(gang: Gang, members: Ints | None = None, kinds: tuple[str, ...] = BINDINGS) -> None:
    """Tie `members` (default: all) together, the quiet ones by one of `kinds` each."""
    who = gang.rng.permutation(gang.members if members is None else members)
    loud = gang.chance(len(who), 1.0 - gang.quiet)
    order = np.concatenate([who[loud], who[~loud]])
    first_quiet = int(loud.sum())
    if first_quiet > 1:
        share_everything(gang, order[:first_quiet])
    for place in range(max(1, first_quiet), len(order)):
        # A chain rather than a star: mostly the one before.
        parent = place - 1 if gang.rng.random() < 0.7 else int(gang.rng.integers(0, place))
        hang(gang, int(order[place]), int(order[parent]), kinds)
        if gang.rng.random() < 0.25 * (1 - gang.quiet) + 0.1:
            hang(gang, int(order[place]), int(order[parent]), kinds=("device", "contact"))


def share_everything(gang: Gang, who: Ints) -> None:
    """Loud: the same devices, payees, payer and handle, and an address."""
    a, rng = gang.world.accounts, gang.rng
    machines = ("phone", "pc", "emulator") if gang.typology != "account_farm" else ("emulator", "emulator", "phone")
    for machine in machines[: int(rng.integers(2, 4))]:
        on_device(gang, who, gang.world.one("device"), machine)
    payees = gang.world.fresh("payment", int(rng.integers(1, 3)))
    a["payee"][who] = a["payee_later"][who] = rng.choice(payees, len(who))
    a["payer"][who] = gang.world.one("payment")
    a["handle"][who] = rng.choice(gang.world.fresh("handle", int(rng.integers(1, 3))), len(who))
    if rng.random() < 0.5:
        a["address"][who] = gang.world.one("address")
    if rng.random() < 0.3:
        same = who[gang.chance(len(who), 0.6)]
        a["phone_id"][same] = gang.world.one("phone")


def on_device(gang: Gang, who: Ints, device: int, machine: str) -> None:
    """All of `who` on one device over the ring's time."""
    a, rng, n = gang.world.accounts, gang.rng, len(who)
    first = np.maximum(a["registered_at"][who], gang.start - 10 * DAY) + rng.integers(60, 3 * DAY, n)
    last = np.maximum(first, gang.end) + rng.integers(600, 10 * DAY, n)
    gang.world.use(who, device, first, last, word("device_kind", machine), rng.geometric(0.05, n))
    gang.devices.append(device)


def hang(gang: Gang, member: int, parent: int, kinds: tuple[str, ...] = BINDINGS) -> None:
    """Tie one member to an earlier one by one kind of tie."""
    a, rng = gang.world.accounts, gang.rng
    both_shops = a["kind"][member] == a["kind"][parent] == word("kind", "shop")
    # Repeated kinds are likelier: a device or a payment account is what rings share most.
    pool = [
        *kinds,
        *(k for k in ("device", "payee", "device") if k in kinds),
        *(("licence",) if both_shops and len(kinds) > 2 else ()),
    ]
    kind = str(rng.choice(pool))
    pair = np.array([parent, member])
    if kind == "device":
        on_device(gang, pair, gang.world.one("device"), str(rng.choice(["phone", "pc", "tablet"])))
    elif kind == "contact":
        _same_handle(gang, member, parent)
    elif kind == "inviter":
        a["registered_at"][member] = max(a["registered_at"][member], a["registered_at"][parent] + 3_600)
        a["inviter_id"][member] = parent
    elif kind in ("phone", "owner", "licence"):
        _same_identity(gang, kind, member, parent)
    else:
        _same_account(gang, kind, member, parent)


def _same_identity(gang: Gang, kind: str, member: int, parent: int) -> None:
    a, column = gang.world.accounts, f"{kind}_id"
    if a[column][parent] == NONE:
        a[column][parent] = gang.world.one(kind)
    a[column][member] = a[column][parent]


def _same_handle(gang: Gang, member: int, parent: int) -> None:
    """Both send the parent's handle to strangers."""
    a = gang.world.accounts
    a["handle"][member] = a["handle"][parent]
    sender = np.repeat([parent, member], 3)
    sent = np.maximum(gang.moments(6), a["registered_at"][sender] + DAY)
    gang.say(sender, gang.victims(6), sent, word("target_kind", "contact"), a["handle"][sender])


def _same_account(gang: Gang, kind: str, member: int, parent: int) -> None:
    """The same payee, payer or address, with ordinary orders that show it."""
    a = gang.world.accounts
    # A parcel station would hide the tie among hundreds; a tie made before must stay.
    if kind == "address" and a["address"][parent] in gang.world.groups["stations"]:
        a["address"][parent] = gang.world.one("address")
    a[kind][member] = a[kind][parent]
    if kind == "payee":
        a["payee_switch_at"][[member, parent]] = gang.world.options.end + AFTER
    gang.world.cover += [(who, kind == "payee", kind == "address", COVER_PROOFS) for who in (member, parent)]
