"""A shop takes money and goes; the same hand opens the next: "换壳重生"."""

from __future__ import annotations

import numpy as np

from graph.exports import COMPLAINTS
from jobs.simulate.columns import NONE, Ints, word
from jobs.simulate.market.population import AFTER
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import hang
from jobs.simulate.options import DAY

HANDED_OVER = ("device", "payee", "phone", "owner", "licence", "name", "address")


def plant(gang: Gang) -> None:
    """Shops one after the other, and perhaps people who lent a device or a payee."""
    count = min(len(gang.members), int(gang.rng.integers(2, 5)))
    shops, holders = gang.members[:count], gang.members[count:]
    gang.spare[:] = np.isin(gang.members, holders)
    gang.open_shops(shops)
    gang.role(shops, "seller")
    gang.world.accounts["goods"][shops] = gang.category("phone", "jewellery", "liquor", "cosmetics", "household")
    cuts = np.linspace(gang.start, gang.end, count + 1).astype(np.int64)
    for place, shop in enumerate(shops):
        opened = int(cuts[place]) + int(gang.rng.integers(-3, 6)) * DAY
        gang.register(shop, opened)
        # Before the hand-over: it may tie the next shop to this one by a device of this one's time.
        closed = int(cuts[place + 1]) - int(gang.rng.integers(0, 3)) * DAY
        _live(gang, int(shop), opened, closed, place == count - 1 and gang.rng.random() < 0.4)
        if place:
            _hand_over(gang, int(shops[place - 1]), int(shop))
    for holder in holders:
        hang(gang, int(holder), int(gang.rng.choice(shops)), kinds=("device", "payee", "owner", "phone"))


def _live(gang: Gang, shop: int, opened: int, closed: int, goes_on: bool) -> None:
    """Honest at first, then takes money for nothing; the last shop may still be at it."""
    n = int(gang.rng.integers(14, 30))
    u = np.sort(gang.rng.random(n))
    placed = gang.world.at_daytime(gang.rng, opened + DAY + ((closed - opened - 2 * DAY) * u).astype(np.int64))
    placed = np.maximum(placed, opened + 3_600)
    rows = gang.deal(gang.victims(n), np.full(n, shop), placed)
    gang.normal(rows)
    robbed = u > 0.35 + 0.3 * gang.quiet
    rows["delivered_at"] = np.where(robbed, NONE, rows["delivered_at"])
    rows["confirmed_at"] = np.where(robbed, NONE, rows["confirmed_at"])
    kinds = np.where(gang.chance(n, 0.6), COMPLAINTS.index("vanished_seller"), COMPLAINTS.index("not_received"))
    gang.complain(rows, robbed & gang.chance(n, 0.65), kinds, np.maximum(rows["paid_at"] + 3 * DAY, closed - DAY), 2)
    fate = gang.rng.random()
    if not goes_on and fate < 0.75:
        gang.world.leave(shop, "banned_at" if fate < 0.4 else "cancelled_at", closed + DAY // 2)


def _hand_over(gang: Gang, old: int, new: int) -> None:
    """What goes from one shop to the next: most things when loud, one or two when quiet."""
    a, rng = gang.world.accounts, gang.rng
    certain = str(rng.choice(["device", "device", "payee", "phone", "owner", "licence"]))
    for kind in HANDED_OVER:
        if kind != certain and rng.random() > 0.75 - 0.65 * gang.quiet:
            continue
        if kind == "device":
            # The new shop's first login comes after the old one's last: a hand-over, not a sharing.
            device, last = (
                gang.world.one("device"),
                int(a["registered_at"][new]) - int(rng.integers(600, 2 * DAY)),
            )
            first = min(int(a["registered_at"][old]), last - DAY)
            kind_number = word("device_kind", "phone")
            gang.world.use(np.array([old]), device, first, last, kind_number, rng.geometric(0.03, 1))
            gang.world.use(
                np.array([new]),
                device,
                a["registered_at"][new],
                gang.world.options.end + AFTER,
                kind_number,
                20,
            )
        elif kind in ("payee", "address"):
            a[kind][new] = a[kind][old]
            a["payee_switch_at"][[old, new]] = gang.world.options.end + AFTER
        else:
            column = "display_name_id" if kind == "name" else f"{kind}_id"
            if a[column][old] == NONE:
                a[column][old] = gang.world.one(kind)
            a[column][new] = a[column][old]
    _pay_to(gang, np.array([old, new]))


def _pay_to(gang: Gang, shops: Ints) -> None:
    """Orders made before the hand-over was decided go to the payee that it settled."""
    payee = gang.world.accounts["payee"]
    for rows in gang.world.orders[-2:]:
        own = np.isin(rows["seller_id"], shops)
        rows["payee_id"] = np.where(own, payee[rows["seller_id"]], rows["payee_id"])
