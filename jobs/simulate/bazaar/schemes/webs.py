"""Many accounts to one end: streams that promise to buy back, fees that flow up a tree, farms, bought rankings."""

from __future__ import annotations

import numpy as np

from jobs.simulate.bazaar import quarrel
from jobs.simulate.bazaar.deal import strike
from jobs.simulate.bazaar.stage import Stage, goods, soon, undo
from jobs.simulate.columns import NONE, Bools, Ints, Rows, word
from jobs.simulate.goods import NUMBER
from jobs.simulate.options import DAY


def buyback_live(stage: Stage) -> list[Rows]:
    """Streams sell "collectables" that will be bought back dearer; some are, at first; then nobody answers."""
    hand, rng = stage.hand, stage.rng
    hosts = hand.active[: max(1, len(hand.active) // 3)]
    shops = hand.active[len(hosts) :]
    kind = str(rng.choice(["jewellery", "liquor", "phone", "household"]))
    fans = np.unique(stage.buyers(max(6, int(hand.zeal * len(hand.active) * 0.8))))
    who = stage.turns(np.concatenate([shops, shops, hosts[:1]]), 1.4)
    live, host = word("channel", "livestream"), rng.choice(hosts, len(who))
    rows = stage.sell(who, category=NUMBER[kind], buyers=rng.choice(fans, len(who)), promoter_id=host, channel=live)
    for account in hosts:
        hand.roles[int(account)] = "promoter"
    silence = hand.begun + int((hand.ended - hand.begun) * rng.uniform(0.6, 0.95))
    lost = stage.some(rows, 0.4, (rows["paid_at"] != NONE) & (rows["delivered_at"] != NONE))
    undo(rows, lost)
    wait = np.maximum(silence - rows["delivered_at"][lost], 0) / DAY
    kinds = [word("complaint", k) for k in ("vanished_seller", "not_as_described", "other")]
    quarrel.complain(rng, rows, lost, rng.choice(kinds, len(lost), p=[0.5, 0.3, 0.2]), 3.0)
    rows["complained_at"][lost] += (wait * DAY).astype(np.int64)
    thing = "qr" if hand.script == "outside_group" else "contact"
    told = stage.some(rows, 0.45)
    sender = rows["promoter_id"][told]
    stage.tell(
        sender, rows["buyer_id"][told], soon(rng, rows["placed_at"][told], 1.0), thing, stage.handle(sender, thing),
        tag="promise_buyback", order=rows["order_id"][told], reported=0.12, loss=rows["amount"][told] * 2,
    )  # fmt: skip
    return [rows] if hand.script != "early_payouts" else [rows, _payouts(stage, rows, shops)]


def _payouts(stage: Stage, sold: Rows, shops: Ints) -> Rows:
    """The first few are really bought back, for more, so that others believe."""
    rng = stage.rng
    early = np.flatnonzero(sold["placed_at"] < np.quantile(sold["placed_at"], 0.4))
    early = early[rng.random(len(early)) < 0.4]
    back = sold["promoter_id"][early] if rng.random() < 0.5 else rng.choice(shops, len(early))
    rows = stage.buy(
        back,
        sellers=sold["buyer_id"][early],
        category=sold["category"][early],
        after=sold["placed_at"][early] + 4 * DAY,
    )
    rows["amount"][:] = (rows["amount"] * rng.uniform(1.1, 1.5, len(rows["amount"]))).astype(np.int64)
    return rows


def pyramid(stage: Stage) -> list[Rows]:
    """Whoever joins pays, and whoever recruits is paid; the last to come, who recruit nobody, are only victims."""
    hand, rng, world = stage.hand, stage.rng, stage.world
    a, members = world.accounts, hand.members
    hand.idle[:] = False
    above = np.array([0] + [_upline(rng, place) for place in range(1, len(members))])
    _ages(stage, above)
    a["inviter_id"][members[1:]] = members[above[1:]]
    late = np.flatnonzero(
        world.honest
        & (a["registered_at"] > hand.begun)
        & (world.until(np.arange(len(a["buys"]))) > hand.begun + 9 * DAY)
    )
    victims = rng.choice(late, min(len(late), int(len(members) * rng.uniform(0.4, 1.2))), replace=False)
    recruiter = rng.integers(0, len(members), len(victims))
    came = rng.random(len(victims)) < 0.8
    older = a["registered_at"][members[recruiter]] < a["registered_at"][victims]
    a["inviter_id"][victims[came & older]] = members[recruiter[came & older]]
    payer = np.concatenate([members[1:], victims])
    line = np.concatenate([above[1:], recruiter])
    rows = [_fees(stage, payer, members[line])]
    again = rng.random(len(payer)) < 0.5
    rows.append(_fees(stage, payer[again], members[line[again]]))
    _preach(stage)
    for account in members:
        hand.roles[int(account)] = "promoter" if (members[above[1:]] == account).any() else "buyer"
    hand.roles[int(members[0])] = "organiser"
    hand.marks.append(np.repeat(victims, 2))
    return rows


def _upline(rng: np.random.Generator, place: int) -> int:
    """Above each member stands an earlier one; the first few have most, and levels grow to three and more."""
    return int(rng.integers(0, place) * rng.random() ** 0.7)


def _ages(stage: Stage, above: Ints) -> None:
    """Nobody joins before the one who brought him."""
    a, members = stage.world.accounts, stage.hand.members
    hand, rng = stage.hand, stage.rng
    a["registered_at"][members[0]] = min(a["registered_at"][members[0]], hand.begun - 5 * DAY)
    step = 0.55 * (hand.ended - hand.begun) / (1 + _depth(above).max())
    for place in range(1, len(members)):
        parent = max(a["registered_at"][members[above[place]]], hand.begun)
        a["registered_at"][members[place]] = parent + int(step * rng.beta(1.2, 2)) + 3_600


def _depth(above: Ints) -> Ints:
    depth = np.zeros(len(above), np.int64)
    for place in range(1, len(above)):
        depth[place] = depth[above[place]] + 1
    return depth


def _fees(stage: Stage, payer: Ints, upline: Ints) -> Rows:
    """Entry fees, a few fixed amounts, confirmed at once; into the upline's wallet or the one till."""
    hand, rng, world = stage.hand, stage.rng, stage.world
    a = world.accounts
    low = np.maximum(np.maximum(world.since(payer), world.since(upline)), hand.begun)
    joined = low + (rng.exponential(5, len(payer)) * DAY).astype(np.int64)
    ok = joined < np.minimum(np.minimum(world.until(payer), world.until(upline)), hand.ended)
    payer, upline, joined = payer[ok], upline[ok], joined[ok]
    head = rng.random(len(payer)) < (0.8 if hand.script == "one_till" else 0.15)
    price = int(rng.choice([98_000, 198_000, 298_000, 398_000]))
    rows = strike(
        world, rng, payer, upline, joined, category=NUMBER["membership"],
        amount=price * rng.choice([1, 1, 1, 2, 3], len(payer)),
        payee_id=np.where(head, a["payee"][hand.members[0]], a["payee"][upline]),
    )  # fmt: skip
    at = stage.some(rows, 0.8, rows["paid_at"] != NONE)
    undo(rows, at)
    rows["delivered_at"][at] = soon(rng, rows["paid_at"][at], 1.0)
    rows["confirmed_at"][at] = soon(rng, rows["delivered_at"][at], 1.5)
    sad = at[rng.random(len(at)) < 0.06]
    quarrel.complain(rng, rows, sad, "other", 20.0)
    return rows


def _preach(stage: Stage) -> None:
    """Members write to strangers: join us."""
    rng, hand = stage.rng, stage.hand
    who = stage.turns(hand.members, 0.35)
    receiver = stage.buyers(len(who))
    sent, ok = stage.moments(who, receiver, 0)
    kind = str(rng.choice(["qr", "contact", "url"]))
    target = stage.handle(who, kind)
    stage.tell(who[ok], receiver[ok], sent[ok], kind, target[ok], tag="recruit", reported=0.05, loss=298_000)


def account_farm(stage: Stage) -> list[Rows]:
    """Registered in one go, then moved as one: the same cheap offer, the same hour, the same way."""
    hand, rng, world = stage.hand, stage.rng, stage.world
    a, n = world.accounts, len(hand.members)
    hand.idle[:] = rng.random(n) < 0.1
    _rack(stage)
    rounds = 3 + rng.poisson(2.5)
    first = int(a["registered_at"][hand.members].max()) if hand.script != "slow" else hand.begun
    when = np.sort(rng.uniform(min(first, hand.ended - 20 * DAY), hand.ended, rounds)).astype(np.int64)
    shops = stage.sellers(rounds)
    batches = [_move(stage, int(moment), int(shop)) for moment, shop in zip(when, shops, strict=True)]
    return [rows for rows in batches if len(rows["placed_at"])]


def _rack(stage: Stage) -> None:
    """Phones in a rack: some accounts a phone, all signed up within hours or, by patient hands, weeks."""
    hand, rng, world = stage.hand, stage.rng, stage.world
    a, n = world.accounts, len(hand.members)
    spread = {"burst": 1.2, "invited": 4.0, "slow": 30.0}[hand.script] * (0.5 + hand.care)
    a["registered_at"][hand.members] = hand.begun + np.sort(rng.random(n) * spread * DAY).astype(np.int64)
    each = 2 + int(8 * (1 - hand.care) * rng.random())
    rack = world.fresh("device", n // each + 1)[np.arange(n) // each]
    on = rng.random(n) < 0.9
    first = a["registered_at"][hand.members][on]
    last = np.minimum(first + (rng.exponential(50, on.sum()) * DAY).astype(np.int64) + 900, world.options.end)
    kind = word("device_kind", str(rng.choice(["emulator", "phone"])))
    world.use(hand.members[on], rack[on], first, last, kind, 10)
    if hand.script == "invited":
        a["inviter_id"][hand.members[1:]] = hand.members[0]
    a["owner_id"][hand.members[rng.random(n) < 0.4]] = NONE


def _move(stage: Stage, moment: int, shop: int) -> Rows:
    """One offer taken by most of the farm within the hour or so; the goods go to a few addresses."""
    hand, rng, world = stage.hand, stage.rng, stage.world
    who = hand.active[rng.random(len(hand.active)) < 0.8]
    placed = moment + rng.integers(0, 1 + int(3_600 * (0.5 + 20 * hand.care**2)), len(who))
    ok = (placed > world.since(who)) & (placed < min(hand.ended, int(world.until(np.array([shop]))[0])))
    ok &= placed > world.since(np.array([shop]))[0]
    who, placed = who[ok], placed[ok]
    item = world.options.accounts + shop * 12
    price = int(rng.choice([990, 1_900, 2_900, 4_900]))
    near = world.accounts["ship_to"][hand.members[:2]]
    rows = strike(
        world, rng, who, np.full(len(who), shop), placed, item_id=item, amount=np.full(len(who), price),
        category=int(rng.choice([NUMBER["voucher"], NUMBER["topup_card"], NUMBER["household"]])),
    )  # fmt: skip
    sent = (rows["ship_to_id"] != NONE) & (rng.random(len(who)) < 0.7 - 0.4 * hand.care)
    rows["ship_to_id"][sent] = rng.choice(near, sent.sum())
    hand.act(who, "buyer")
    return rows


def brushing(stage: Stage) -> list[Rows]:
    """Sales that are none, to rise in the ranking; then real buyers come, and are less happy than the stars say."""
    hand, rng = stage.hand, stage.rng
    active = hand.active
    shops = active if hand.script == "circle" else active[: max(1, len(active) // 5)]
    kinds = ("clothing", "cosmetics", "household", "health_food", "phone")
    stage.world.accounts["main"][shops] = goods(rng, len(shops), *rng.choice(kinds, 2, replace=False))
    troop = active if hand.script == "circle" else active[len(shops) :]
    buyer = stage.turns(troop, 1.2)
    seller = rng.choice(shops, len(buyer))
    ok: Bools = buyer != seller
    rows = stage.sell(seller[ok], buyers=buyer[ok])
    hand.act(rows["buyer_id"], "buyer")
    hand.marks.pop()
    at = stage.some(rows, 0.9, rows["placed_at"] > 0)
    undo(rows, at)
    rows["paid_at"][at] = soon(rng, rows["placed_at"][at], 0.05)
    rows["payer_id"][at] = rows["buyer_id"][at]
    rows["delivered_at"][at] = soon(rng, rows["paid_at"][at], 5.0, 0.6)
    rows["confirmed_at"][at] = soon(rng, rows["delivered_at"][at], 3.0 + 30 * hand.care, 0.6)
    real = stage.sell(stage.turns(shops, 0.8))
    quarrel.complain(rng, real, stage.some(real, 0.1, real["delivered_at"] != NONE), "not_as_described")
    return [rows, real]
