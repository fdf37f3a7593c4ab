"""By what the members of a crew hang together: each crew has its habits, and uses what the honest use too."""

from __future__ import annotations

import numpy as np

from jobs.simulate.agents import course
from jobs.simulate.agents.circles import EMULATOR, KIOSK, PC, PHONE
from jobs.simulate.agents.crew import Crew
from jobs.simulate.agents.people import NEVER
from jobs.simulate.agents.scripts.lures import lure_of
from jobs.simulate.agents.town import CONTACT, PAYMENT, QR, URL, Town
from jobs.simulate.columns import NONE, Ints
from jobs.simulate.options import DAY

HABITS = (
    "handed_phone",
    "one_phone",
    "emulator",
    "office_pc",
    "handle",
    "link",
    "group_qr",
    "phone_number",
    "identity",
    "payee",
    "payer",
    "bookkeeper",
    "address",
)
OF_SELLERS = ("payee", "bookkeeper")
CHAT = {"handle": (CONTACT, "contact"), "link": (URL, "host"), "group_qr": (QR, "qr")}


def tie(town: Town, crew: Crew) -> None:
    """Tie every member to at least one other; loud crews by several things all share, quiet ones by one thin thread."""
    rng, n, quiet = crew.rng, len(crew.members), town.options.camouflage
    sells = town.accounts["appeal"][crew.members] > 0
    fit = [habit for habit in HABITS if sells.all() or habit not in OF_SELLERS]
    chosen = rng.permutation(np.array(fit))[: 1 + rng.binomial(3, 0.9 - 0.8 * quiet)].tolist()
    _lures(town, crew)
    everybody = np.arange(n)
    thin = rng.random() < quiet
    for place, habit in enumerate(chosen):
        if place == 0 and thin:
            _thread(town, crew, habit)
        elif place == 0:
            _share(town, crew, habit, everybody)
        else:
            _share(town, crew, habit, np.flatnonzero(rng.random(n) < 0.75))
    _mingle(town, crew)


def _thread(town: Town, crew: Crew, habit: str) -> None:
    """Each member has one thing with one who came before, and nothing with the others.

    What a member can have only one of (an identity, a number) cannot make a thread: those crews hand phones on.
    """
    if habit in ("phone_number", "identity"):
        habit = "handed_phone"
    for place in range(1, len(crew.members)):
        _share(town, crew, habit, np.array([int(crew.rng.integers(0, place)), place]), thread=True)


def _share(town: Town, crew: Crew, habit: str, places: Ints, thread: bool = False) -> None:
    if len(places) < 2:
        return
    a, rng, who, day = town.accounts, crew.rng, crew.members[places], crew.joins[places]
    if habit in ("handed_phone", "one_phone", "emulator", "office_pc"):
        _device(town, crew, habit, places)
    elif habit in CHAT:
        kind, column = CHAT[habit]
        target = lure_of(town, kind)
        if not thread:
            a[column][who] = target
        town.promised.append(("say", who, day, np.full(len(who), kind), np.full(len(who), target)))
    elif habit in ("phone_number", "identity"):
        column = {"phone_number": "phone_id", "identity": "owner_id"}[habit]
        a[column][who] = who[0]
    else:
        _account_or_address(town, habit, who, day, thread)
        if habit == "bookkeeper":
            near = rng.random(len(who)) < 0.7
            _account_or_address(town, "address", who[near], day[near], thread)


def _account_or_address(town: Town, habit: str, who: Ints, day: Ints, thread: bool) -> None:
    """What only an order shows; `town.promised` sees to it that one does."""
    a = town.accounts
    column = {"bookkeeper": "payee"}.get(habit, habit)
    thing = town.one("address" if habit == "address" else "payment")
    if habit == "bookkeeper" and len(town.casts["bookkeepers"]):
        # Now and then the same bookkeeper who serves honest shops.
        thing = int(a["payee"][town.casts["bookkeepers"][thing % len(town.casts["bookkeepers"])]])
    if not thread:
        a[column][who] = thing
        if column == "payee":
            a["payee_from"][who] = NEVER
    town.promised.append((column, who, day, np.zeros(len(who), np.int64), np.full(len(who), thing)))


def _device(town: Town, crew: Crew, habit: str, places: Ints) -> None:
    """Handed round, nobody has it at the same time as another; else they all use it for weeks."""
    a, rng, m = town.accounts, crew.rng, len(places)
    who, device = crew.members[places], town.one("device")
    born = (a["registered_at"][who] - town.options.start) // DAY + 1
    gone = np.minimum((a["gone_at"][who] - town.options.start) // DAY, town.days)
    if habit == "handed_phone":
        order = np.argsort(gone, kind="stable")
        begin = np.maximum(born[order], crew.joins[places][order] - 5)
        end = np.minimum(begin + rng.integers(4, 30, m), gone[order])
        for k in range(1, m):
            begin[k] = max(begin[k], end[k - 1])
            end[k] = min(max(end[k], begin[k] + 1), max(gone[order][k], begin[k]))
        late = begin >= town.days
        # Too many hands for the days that are left: the last ones use it side by side.
        begin[late], end[late] = np.maximum(born[order][late], town.days - 3), town.days
        first, last = town.moment(begin) + 3_600, town.moment(end)
        town.use(who[order], device, first, np.maximum(last, first + 1_800), PHONE, rng.integers(2, 40, m))
        return
    kind = {"emulator": EMULATOR, "office_pc": PC}.get(habit, PHONE)
    first = np.maximum(a["registered_at"][who], town.moment(crew.joins[places] - rng.integers(0, 10, m)))
    last = np.maximum(town.moment(crew.joins[places] + rng.integers(10, 90, m)), first + DAY)
    town.use(who, device, first, np.minimum(last, a["gone_at"][who]), kind, rng.integers(2, 60, m))


def _lures(town: Town, crew: Crew) -> None:
    """What the crew sends in its campaigns: one target for all when loud, each its own when quiet."""
    a, rng, quiet = town.accounts, crew.rng, town.options.camouflage
    a["front"][crew.members] = crew.members[0]
    kind = int(rng.choice([URL, QR, CONTACT, PAYMENT], p=[0.3, 0.35, 0.25, 0.1]))
    a["lure_kind"][crew.members] = kind
    a["lure_target"][crew.members] = lure_of(town, kind)
    own = rng.random(len(crew.members)) < 0.9 * quiet
    for member in crew.members[own].tolist():
        a["lure_target"][member] = lure_of(town, kind)


def _mingle(town: Town, crew: Crew) -> None:
    """Crews sit in the same PC rooms, post in the same forums and rent from the same landlords as the honest."""
    a, rng = town.accounts, crew.rng
    m = len(crew.members)
    if rng.random() < 0.35 and len(town.casts["pc_rooms"]):
        seat = town.kiosks[int(rng.integers(0, len(town.kiosks)))]
        some = crew.members[rng.random(m) < 0.7]
        first = np.maximum(a["registered_at"][some], town.moment(rng.integers(0, town.days - 10, len(some))))
        town.use(some, int(seat), first, first + rng.integers(1, 9, len(some)) * DAY, KIOSK, 3)
    for cast, column in (("forums", "host"), ("landlords", "address"), ("stations", "payee")):
        if rng.random() < 0.12 and len(town.casts[cast]):
            other = int(rng.choice(town.casts[cast]))
            free = crew.members[a[column][crew.members] == crew.members]
            a[column][free[rng.random(len(free)) < 0.6]] = a[column][other]


def keep_promises(town: Town) -> None:
    """One ordinary order or message for each tie that nothing else is sure to show."""
    rng, a = town.stream(130), town.accounts
    for column in ("payee", "payer", "address", "say"):
        rows = [(w, d, k, t) for c, w, d, k, t in town.promised if c == column]
        if not rows:
            continue
        who, day, kind, thing = (np.concatenate(part) for part in zip(*rows, strict=True))
        early = np.maximum(day, (a["registered_at"][who] - town.options.start) // DAY + 1)
        last = np.minimum(np.minimum(a["stops_at"][who], a["gone_at"][who]), town.options.end) - town.options.start
        room = np.maximum(last // DAY - early, 1)
        placed = town.hours(rng, early + (room * rng.random(len(who))).astype(np.int64), len(who))
        placed = np.minimum(placed, town.options.end - 3_600)
        other = rng.choice(
            np.flatnonzero((a["crew"] == NONE) & (a["registered_at"] < town.options.start) & (a["gone_at"] == NEVER)),
            len(who),
        )
        if column == "say":
            town.say(who, other, placed, kind, thing)
            continue
        _show(town, rng, column, who, other, placed, thing)


def _show(town: Town, rng: np.random.Generator, column: str, who: Ints, other: Ints, placed: Ints, thing: Ints) -> None:
    buys = (column == "payer") | ((column == "address") & (town.accounts["appeal"][who] == 0))
    buyer, seller = np.where(buys, who, other), np.where(buys, other, who)
    rows = town.order(rng, buyer, seller, placed, category=np.full(len(who), 12))
    if column == "address":
        rows["ship_to_id"] = np.where(buys, thing, rows["ship_to_id"])
        rows["ship_from_id"] = np.where(buys, rows["ship_from_id"], thing)
    else:
        rows[f"{column}_id"] = thing.copy()
    everyone = course.everyone(rows)
    course.pay(rng, rows, everyone)
    rows["paid_at"] = np.minimum(rows["paid_at"], placed + 600)
    course.hand_over(rng, rows, everyone, 1.0)
    course.confirm(rng, rows, everyone, 3.0)
