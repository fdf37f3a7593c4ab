"""The register of rings: the same ring keeps its name from night to night, and its history says what became of it.

Tonight's rings are matched one to one to the rings of other nights by the members and the tied things they share
(optimal assignment, Kuhn 1955), block by block of rings that overlap at all: a market's rings are many and nearly all
of them strangers to each other. A night looks at the nights that were published before it was first published, and at
no others. So a night that is run again finds what it found, and one that is filled in later takes the names of its
neighbours on both sides and changes none of theirs.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graph.db import Db
    from graph.settings import RegisterSettings

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

NEAREST = """
WITH seen AS (
    SELECT ring_id, max(run_date) FILTER (WHERE run_date < $night) AS before,
           min(run_date) FILTER (WHERE run_date > $night) AS after
    FROM register_history GROUP BY ring_id
)
SELECT h.ring_id, h.run_date, any_value(h.score) AS score, array_sort(array_agg(h.account_id)) AS accounts
FROM register_history AS h JOIN seen AS s ON s.ring_id = h.ring_id
WHERE h.run_date IN (s.before, s.after, $night) GROUP BY h.ring_id, h.run_date ORDER BY h.ring_id, h.run_date
"""
"""Each ring of the history as last seen before tonight, as first seen after it, and as tonight itself published it."""

THINGS = """
SELECT ring_id, run_date, array_sort(array_agg(DISTINCT entity_id)) AS things
FROM register_ties WHERE kind NOT IN ('inviter', 'succession') GROUP BY ring_id, run_date ORDER BY ring_id, run_date
"""

LATEST = """
SELECT account_id, max_by(ring_id, run_date) AS ring_id FROM register_history
WHERE run_date < $night GROUP BY account_id ORDER BY account_id
"""

LOOKS = """
WITH within AS (
    SELECT DISTINCT x.ring, t.entity_id FROM ties AS t
    JOIN members AS x ON x.account_id = t.a JOIN members AS y ON y.account_id = t.b AND y.ring = x.ring
    WHERE t.space <> 'account'
),
things AS (SELECT ring, array_sort(array_agg(entity_id)) AS things FROM within GROUP BY ring)
SELECT m.ring, array_sort(array_agg(m.account_id)) AS accounts, any_value(t.things) AS things
FROM members AS m SEMI JOIN ring_scores AS s ON s.ring = m.ring LEFT JOIN things AS t ON t.ring = m.ring
GROUP BY m.ring ORDER BY m.ring
"""


@dataclass(frozen=True)
class Look:
    """A ring by what it is known by: its accounts, and the things that tie them."""

    accounts: frozenset[str]
    things: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Past:
    """A ring as another night published it."""

    ring_id: str
    night: date
    look: Look
    score: float = 0.0


@dataclass(frozen=True)
class History:
    """What a night knows of the others: rings as last seen before it, as first seen after it, and as itself published
    them once; and for each account the ring that it was last on before."""

    before: Sequence[Past] = ()
    after: Sequence[Past] = ()
    own: Sequence[Past] = ()
    latest: Mapping[str, str] = field(default_factory=dict)
    last_night: date | None = None


@dataclass(frozen=True)
class Named:
    """A ring of tonight with its name and what became of it since; `before` is the ring whose name it keeps."""

    ring_id: str
    lifecycle: str
    previous: Sequence[str] = ()
    before: Past | None = None


def register(db: Db, run_date: date, s: RegisterSettings) -> None:
    """Make `ring_names`, `ring_accounts`, `ring_past`.

    Reads `members`, `ring_scores`, `ties`, and of the nights that tonight may know `known_nights` (`run_date`, those
    that listed nobody too), `register_history` (`run_date`, `ring_id`, `account_id`, `score`; its own earlier
    publication included) and `register_ties` (`run_date`, `ring_id`, `account_id`, `kind`, `entity_id`).

    `ring_names`: `ring`, `ring_id`, `lifecycle`, `previous_ring_ids`, `n_before`, `score_before`, `last_seen`.
    `ring_accounts`: `ring_id`, `account_id`, `score` (of the ring). `ring_past`:
    `ring_id`, `account_id`, `score` of the published night before tonight, `run_date`.
    """
    tonight = {ring: Look(frozenset(a), frozenset(t or ())) for ring, a, t in db.frame(LOOKS).iter_rows()}
    names = named(tonight, history(db, run_date), s, run_date)
    rows = [(ring, n.ring_id, n.lifecycle, list(n.previous), *_since(n.before)) for ring, n in sorted(names.items())]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "ring": pl.Int64, "ring_id": pl.String, "lifecycle": pl.String, "previous_ring_ids": pl.List(pl.String),
        "n_before": pl.Int64, "score_before": pl.Float64, "last_seen": pl.Date,
    }  # fmt: skip
    db.put("ring_names", pl.DataFrame(rows, schema=schema, orient="row"))
    db.make(
        "ring_accounts",
        """
        SELECT n.ring_id, m.account_id, r.score
        FROM ring_names AS n JOIN members AS m ON m.ring = n.ring JOIN ring_scores AS r ON r.ring = n.ring ORDER BY ALL
        """,
    )
    db.make(
        "ring_past",
        """
        SELECT ring_id, account_id, score, run_date FROM register_history
        WHERE run_date = (SELECT max(run_date) FROM known_nights WHERE run_date < $night) ORDER BY ALL
        """,
        night=run_date,
    )


def history(db: Db, run_date: date) -> History:
    """What this night knows, from `known_nights`, `register_history` and `register_ties`."""
    things = {(i, night): frozenset(t) for i, night, t in db.frame(THINGS).iter_rows()}
    seen = [
        Past(i, night, Look(frozenset(accounts), things.get((i, night), frozenset())), score)
        for i, night, score, accounts in db.frame(NEAREST, night=run_date).iter_rows()
    ]
    before = [p for p in seen if p.night < run_date]
    return History(
        before,
        [p for p in seen if p.night > run_date],
        [p for p in seen if p.night == run_date],
        dict(db.frame(LATEST, night=run_date).iter_rows()),
        db.frame("SELECT max(run_date) AS night FROM known_nights WHERE run_date < $night", night=run_date)["night"][0],
    )


def named(tonight: Mapping[int, Look], known: History, s: RegisterSettings, run_date: date) -> dict[int, Named]:
    """Names for tonight's rings: numbers -> Named. Earlier and later nights decide, then what tonight itself published
    once, and a name is new only where none of them knows the ring."""
    kept = assigned(tonight, [*known.before, *known.after], s)
    taken = {p.ring_id for p in (*known.before, *known.after)}
    free = {ring: look for ring, look in tonight.items() if ring not in kept}
    again = assigned(free, [p for p in known.own if p.ring_id not in taken], s)
    ids = {ring: past.ring_id for ring, past in (*kept.items(), *again.items())}
    taken |= {p.ring_id for p in known.own}
    for ring in sorted(free.keys() - ids.keys(), key=lambda r: sorted(tonight[r].accounts)):
        ids[ring] = fresh(tonight[ring].accounts, run_date, taken)
        taken.add(ids[ring])
    earlier = {p.ring_id: p for p in known.before}
    parents = {ring: parents_of(look, earlier, known.latest, s) for ring, look in tonight.items()}
    parts = Counter(parent for of_ring in parents.values() for parent in of_ring)
    out = {}
    for ring, look in tonight.items():
        own = earlier.get(ids[ring])
        previous = sorted({*parents[ring], *([own.ring_id] if own else [])})
        life = lifecycle(look, own, parents[ring], earlier, parts, known.last_night, s)
        out[ring] = Named(ids[ring], life, previous, own)
    return out


def parents_of(
    look: Look, earlier: Mapping[str, Past], latest: Mapping[str, str], s: RegisterSettings
) -> dict[str, int]:
    """Rings that this one continues -> members it has of them: two or more, who are a good part of the old ring or most
    of the new one. A member counts for the ring that it was last on: what merged once does not merge every night."""
    last = Counter(latest[a] for a in look.accounts if a in latest)
    return {
        i: n
        for i, n in sorted(last.items())
        if n > 1 and (n >= s.overlap * len(earlier[i].look.accounts) or 2 * n > len(look.accounts))
    }


def lifecycle(
    look: Look,
    own: Past | None,
    parents: Mapping[str, int],
    earlier: Mapping[str, Past],
    parts: Mapping[str, int],
    last_night: date | None,
    s: RegisterSettings,
) -> str:
    """What became of a ring: a value of `rings.lifecycle`. `parts`: how many rings of tonight continue an old one."""
    if any(parts[parent] > 1 for parent in parents):
        return "split"
    if sum(2 * n > len(earlier[i].look.accounts) for i, n in parents.items()) > 1:
        return "merged"
    if own is None:
        return "new"
    if last_night is not None and own.night < last_night:
        return "revived"
    ratio = len(look.accounts) / len(own.look.accounts)
    return "grown" if ratio >= s.grown else "shrunk" if ratio <= 1 / s.grown else "stable"


def assigned(tonight: Mapping[int, Look], known: Sequence[Past], s: RegisterSettings) -> dict[int, Past]:
    """The one-to-one matching of greatest total likeness; a name goes to one ring, whichever night knows it, and never
    away from the greater part of its accounts: where a ring parts in equal halves, neither bears its name."""
    best: dict[tuple[int, str], tuple[float, Past]] = {}
    where = {account: ring for ring, look in tonight.items() for account in look.accounts}
    for ring, past in overlapping(tonight, known):
        now = [where[account] for account in past.look.accounts if account in where]
        value = likeness(tonight[ring], past.look, s) if not now or 2 * now.count(ring) > len(now) else 0.0
        if value > best.get((ring, past.ring_id), (0.0,))[0]:
            best[ring, past.ring_id] = (value, past)
    if not best:
        return {}
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - half a second, which a first night can spare

    # Rings before names, and by their members: a ring's number is tonight's own and must not decide.
    order = {ring: n for n, ring in enumerate(sorted(tonight, key=lambda r: sorted(tonight[r].accounts)))}
    blocks = nx.Graph((("ring", ring), ("name", name)) for ring, name in best)
    out: dict[int, Past] = {}
    for block in nx.connected_components(blocks):
        rings = sorted((int(x) for side, x in block if side == "ring"), key=lambda r: order[r])
        names = sorted(str(x) for side, x in block if side == "name")
        worth = np.array([[best.get((r, n), (0.0,))[0] for n in names] for r in rings])
        for i, j in zip(*linear_sum_assignment(worth, maximize=True), strict=True):
            if worth[i, j] > 0:
                out[rings[i]] = best[rings[i], names[j]][1]
    return out


def overlapping(tonight: Mapping[int, Look], known: Sequence[Past]) -> Iterable[tuple[int, Past]]:
    """Pairs of a ring and a known ring that share an account or a thing."""
    where: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, past in enumerate(known):
        for account in past.look.accounts:
            where["account", account].append(number)
        for thing in past.look.things:
            where["thing", thing].append(number)
    for ring, look in tonight.items():
        keys = [("account", a) for a in look.accounts] + [("thing", t) for t in look.things]
        for number in sorted({n for key in keys for n in where.get(key, ())}):
            yield ring, known[number]


def likeness(one: Look, other: Look, s: RegisterSettings) -> float:
    """How much two looks are one ring's: Jaccard of members, and of things at half its worth; 0 where neither enough
    members nor, for a ring that changed all its accounts, two things and half of all stayed."""
    members = len(one.accounts & other.accounts)
    things = len(one.things & other.things)
    stayed = members >= s.overlap * min(len(one.accounts), len(other.accounts)) and members > 0
    left_behind = things > 1 and things >= s.things * min(len(one.things), len(other.things))
    if not (stayed or left_behind):
        return 0.0
    by_members = members / len(one.accounts | other.accounts)
    by_things = things / len(one.things | other.things) if things else 0.0
    return by_members + by_things / 2


def fresh(accounts: Iterable[str], run_date: date, taken: set[str]) -> str:
    """A new name: `R-` and eight letters or digits, from the members and the night, so that a re-run gives the same."""
    seed = "\n".join([str(run_date), *sorted(accounts)])
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
    while (name := "R-" + _spelled(number)) in taken:
        number += 1
    return name


def _spelled(number: int) -> str:
    digits = []
    for _ in range(8):
        number, digit = divmod(number, len(LETTERS))
        digits.append(LETTERS[digit])
    return "".join(digits)


def _since(before: Past | None) -> tuple[int | None, float | None, date | None]:
    return (len(before.look.accounts), before.score, before.night) if before else (None, None, None)
