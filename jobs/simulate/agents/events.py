"""What happens besides ordinary shopping: streams, group buys, sales, clubs, invitations, and people with a job in it.

Honest throughout. Each script is one function of the town and the day.
"""

from __future__ import annotations

import numpy as np

from jobs.simulate.agents.honest import ordinary, season
from jobs.simulate.agents.talk import listing, own_target, send, small_talk
from jobs.simulate.agents.town import CONTACT, ITEM, QR, URL, Town
from jobs.simulate.columns import NONE, Ints, Rng, Rows, word
from jobs.simulate.goods import NUMBER
from jobs.simulate.options import DAY

MEMBERSHIP = NUMBER["membership"]


def events(town: Town, day: int) -> None:
    """Every script of the honest for one day, in a fixed order."""
    rng = town.stream(111, day)
    for script in (streams, trade_ins, group_buys, flash_sales, clubs, fairs, welcomes, couriers, assistants, posters):
        script(town, rng, day)


def _alive(town: Town, day: int, who: Ints) -> Ints:
    a, now = town.accounts, town.moment(day)
    return np.asarray(who[(a["registered_at"][who] < now) & (a["gone_at"][who] > now + 12 * DAY)], np.int64)


def _sell(town: Town, rng: Rng, day: int, buyer: Ints, seller: Ints, placed: Ints) -> Rows:
    """Ordinary orders between these, of those who are there."""
    a, now = town.accounts, town.moment(day)
    here = (a["registered_at"][buyer] < now) & (a["registered_at"][seller] < now) & (buyer != seller)
    here &= (a["gone_at"][buyer] > now + 12 * DAY) & (a["stops_at"][seller] > now + DAY)
    if not here.any():  # as in `send`
        return town.book({}, 0)
    rows = town.order(rng, buyer[here], seller[here], placed[here])
    ordinary(town, rng, rows, np.zeros(int(here.sum()), np.bool_))
    small_talk(town, rng, rows, np.zeros(int(here.sum()), np.bool_))
    town.remember(rows)
    return rows


def streams(town: Town, rng: Rng, day: int) -> None:
    """Two evenings a week a streamer sells a shop's goods to viewers who come again and again."""
    a = town.accounts
    on_air = (town.casts["streamer"] * 3 + day) % 7 < 2
    on_air_now = town.casts["streamer"][on_air]
    viewers = np.flatnonzero(np.isin(a["watches"], on_air_now))
    buyer = viewers[rng.random(len(viewers)) < 0.025 * season(town, day)]
    streamer = a["watches"][buyer]
    placed = np.asarray(town.moment(day) + 20 * 3_600 + rng.integers(0, 9_000, len(buyer)), np.int64)
    own = rng.random(len(buyer)) < 0.3
    rows = _sell(town, rng, day, buyer, np.where(own, streamer, a["sells_for"][streamer]), placed)
    rows["channel"][:] = word("channel", "livestream")
    rows["promoter_id"][:] = a["watches"][rows["buyer_id"]]
    invited = rows["promoter_id"][rng.random(len(rows["buyer_id"])) < 0.1]
    some = rng.choice(viewers, len(invited)) if len(viewers) else invited[:0]
    send(town, rng, invited[: len(some)], some, town.hours(rng, day, len(some)), QR, a["qr"][invited[: len(some)]])


def trade_ins(town: Town, rng: Rng, day: int) -> None:
    """Dealers promise to take things back for money, say so, and do."""
    a = town.accounts
    dealer = _alive(town, day, town.casts["dealer"])
    dealer = dealer[rng.random(len(dealer)) < 0.08]
    client = town.draw(rng, "buyers", len(dealer))
    heard = np.where(rng.random(len(dealer)) < 0.4, word("tag", "promise_buyback"), NONE)
    moment = town.hours(rng, day, len(dealer))
    send(town, rng, dealer, client, moment, CONTACT, a["contact"][dealer], tag=heard)
    _sell(town, rng, day, client, dealer, moment + 1_200)
    past = town.recently()
    again = np.flatnonzero(
        np.isin(past["seller_id"], town.casts["dealer"]) & (past["placed_at"] < town.moment(day - 4))
    )
    again = again[rng.random(len(again)) < 0.03]
    back = town.hours(rng, day, len(again))
    _sell(town, rng, day, past["seller_id"][again], past["buyer_id"][again], back)


def group_buys(town: Town, rng: Rng, day: int) -> None:
    """Neighbours order the same thing within the hour; the one who organises it often pays for all."""
    who, number = town.casts["group_buys"], town.casts["group_buys/number"]
    groups = int(number.max(initial=0)) + 1
    ordering = rng.random(groups) < 0.03
    seller, start = town.draw(rng, "sellers", groups), town.hours(rng, day, groups)
    joins = ordering[number] & (rng.random(len(who)) < 0.7)
    _alike(town, rng, day, who[joins], seller[number[joins]], start[number[joins]])


def fairs(town: Town, rng: Rng, day: int) -> None:
    """Who signed up together uses the welcome voucher alike, some days later."""
    who, number = town.casts["fairs"], town.casts["fairs/number"]
    if not len(who):
        return
    groups = int(number.max()) + 1
    signed = np.full(groups, NONE)
    signed[number] = town.accounts["registered_at"][who]
    today = (town.moment(day) - signed) // DAY
    seller, start = town.draw(rng, "sellers", groups), town.hours(rng, day, groups)
    joins = (today[number] >= 1) & (today[number] <= 5) & (rng.random(len(who)) < 0.2)
    _alike(town, rng, day, who[joins], seller[number[joins]], start[number[joins]])


def flash_sales(town: Town, rng: Rng, day: int) -> None:
    """Strangers buy the same voucher at the same price within minutes."""
    shops = town.draw(rng, "code_sellers", rng.poisson(town.options.accounts / 60_000))
    for seller in shops.tolist():
        n = int(rng.integers(15, 70))
        start = town.hours(rng, day, 1).repeat(n)
        _alike(town, rng, day, town.draw(rng, "buyers", n), np.full(n, seller), start)


def _alike(town: Town, rng: Rng, day: int, buyer: Ints, seller: Ints, start: Ints) -> None:
    """The same listing of a seller's, at one price, within the hour."""
    rows = _sell(town, rng, day, buyer, seller, start)
    shift = rng.integers(0, 1_800, len(rows["placed_at"]))
    for column in ("placed_at", "paid_at", "delivered_at", "confirmed_at", "cancelled_at", "refunded_at"):
        rows[column] += np.where(rows[column] == NONE, 0, np.minimum(shift, 900))
    for column in ("complained_at", "seller_complained_at", "jury_at", "appealed_at"):
        rows[column] += np.where(rows[column] == NONE, 0, 900)
    first = np.unique(rows["seller_id"], return_index=True, return_inverse=True)
    for column in ("item_id", "amount"):
        rows[column][:] = rows[column][first[1]][first[2]]


def clubs(town: Town, rng: Rng, day: int) -> None:
    """Collectors, and students of one room, sell each other things, confirm at once and never complain."""
    for name, rate in (("clubs", 0.05), ("dormitories", 0.012), ("families", 0.001)):
        who, number = town.casts[name], town.casts[f"{name}/number"]
        at = np.flatnonzero(rng.random(len(who)) < rate)
        first, size = np.searchsorted(number, number[at]), np.bincount(number)[number[at]]
        other = who[np.minimum(first + (size * rng.random(len(at))).astype(np.int64), len(who) - 1)]
        _sell(town, rng, day, who[at], other, town.hours(rng, day, len(at)))


def welcomes(town: Town, rng: Rng, day: int) -> None:
    """The newly invited buy something from the friend who asked them, or a membership with real goods in it."""
    a = town.accounts
    new = np.flatnonzero((a["registered_at"] // DAY == town.moment(day - 1) // DAY) & (a["inviter_id"] != NONE))
    new = new[(rng.random(len(new)) < 0.25) & (a["crew"][new] == NONE)]
    inviter = a["inviter_id"][new]
    members = np.flatnonzero((a["goods"] == MEMBERSHIP) & (a["appeal"] > 0) & (a["crew"] == NONE))
    friend = (rng.random(len(new)) < 0.4) | (len(members) == 0)
    # Friends of one chain join the same club.
    club = members[a["inviter_id"][new] % 7 % len(members)] if len(members) else inviter
    _sell(town, rng, day, new, np.where(friend, inviter, club), town.hours(rng, day, len(new)))
    asked = rng.random(len(new)) < 0.4
    heard = np.where(rng.random(int(asked.sum())) < 0.4, word("tag", "recruit"), NONE)
    sender = inviter[asked]
    moment = town.hours(rng, day, len(sender))
    send(town, rng, sender, new[asked], moment, QR, a["qr"][sender], tag=heard)


def couriers(town: Town, rng: Rng, day: int) -> None:
    """Couriers write about anybody's parcel: a lock's address, a handle, a code to scan."""
    _about_orders(town, rng, day, town.casts["courier"], 0.003, (CONTACT, QR, ITEM))


def assistants(town: Town, rng: Rng, day: int) -> None:
    """A service desk speaks for its shops from an account of its own, and quotes the order."""
    _about_orders(town, rng, day, town.casts["assistant"], 0.004, (ITEM, URL, CONTACT))


def _about_orders(town: Town, rng: Rng, day: int, staff: Ints, share: float, kinds: tuple[int, ...]) -> None:
    past = town.recently()
    at = np.flatnonzero(rng.random(len(past["order_id"])) < share)
    at = at[past["placed_at"][at] < town.moment(day)]
    # Each has a round of sellers, so that one voice and one seller meet often.
    voice = staff[past["seller_id"][at] * 31 % len(staff)]
    kind = rng.choice(kinds, len(at))
    target = np.where(kind == ITEM, past["item_id"][at], own_target(town, kind, voice))
    heard = np.where(rng.random(len(at)) < 0.15, word("tag", "knows_order"), NONE)
    moment, order = town.hours(rng, day, len(at)), past["order_id"][at]
    send(town, rng, voice, past["buyer_id"][at], moment, kind, target, order_id=order, tag=heard)


def posters(town: Town, rng: Rng, day: int) -> None:
    """Affiliates and people of a forum post their link to strangers; some come by it and buy."""
    a = town.accounts
    affiliates = _alive(town, day, town.casts["affiliate"]).repeat(rng.integers(0, 2))
    forum = _alive(town, day, town.casts["forums"])
    sender = np.concatenate([affiliates, forum[rng.random(len(forum)) < 0.02]])
    reader = town.draw(rng, "buyers", len(sender))
    moment = town.hours(rng, day, len(sender))
    heard = np.where(rng.random(len(sender)) < 0.05, word("tag", "ask_off_platform"), NONE)
    send(town, rng, sender, reader, moment, URL, a["host"][sender], tag=heard)
    comes = np.flatnonzero(rng.random(len(sender)) < 0.08)
    rows = _sell(town, rng, day, reader[comes], town.draw(rng, "sellers", len(comes)), moment[comes] + 900)
    rows["channel"][:] = word("channel", "external")
    shop = town.draw(rng, "sellers", len(sender) // 4)
    sellers_own = listing(rng, shop)
    send(town, rng, shop, town.draw(rng, "buyers", len(shop)), town.hours(rng, day, len(shop)), ITEM, sellers_own)
