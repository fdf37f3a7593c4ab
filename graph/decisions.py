"""The verdicts in force on a night, and all that they say: for the stages that learn from them and apply them.

A verdict attaches to accounts and to the things that tied them, never to a number of a cluster: a verdict on a ring
is one on its members of the night that the analyst had seen, so it outlives splits and merges. A person's own verdict
goes before that on a ring, and of each the newest. A sanction that followed our own flag alone is shown and counts for
nothing: it would let the lists confirm themselves.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl

from graph.opinions import NO_THING, Known, Opinion, Tie, newer, reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph.db import Db
    from graph.settings import VerdictSettings

Schema = dict[str, pl.DataType | type[pl.DataType]]

DECISIONS = """
WITH every AS (
    SELECT subject_id, verdict, decided_at, action_taken, 0 AS by_command FROM labels
  UNION ALL
    SELECT subject_id, verdict, decided_at, action_taken, 1 FROM verdict_journal WHERE decided_at < $now
),
counted AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id, decided_at ORDER BY by_command DESC) AS place
    FROM every WHERE decided_at >= $expired
),
alive AS (SELECT subject_id, verdict, decided_at, action_taken FROM counted WHERE place = 1),
nights AS (SELECT DISTINCT ring_id, run_date FROM register_history WHERE run_date < $night),
seen AS (
    SELECT a.subject_id, a.decided_at,
           coalesce(max(n.run_date) FILTER (WHERE n.run_date <= a.decided_at), min(n.run_date)) AS run_date
    FROM alive AS a JOIN nights AS n ON n.ring_id = a.subject_id GROUP BY a.subject_id, a.decided_at
)
SELECT a.*, s.run_date
FROM alive AS a LEFT JOIN seen AS s ON s.subject_id = a.subject_id AND s.decided_at = a.decided_at
ORDER BY a.decided_at, a.subject_id, a.verdict
"""
"""Verdicts in force, oldest first; for one on a ring the night that the analyst had seen, else the first there was."""

ATTACHED = """
SELECT d.subject_id, d.verdict, d.decided_at, d.counts, h.account_id
FROM decisions AS d JOIN register_history AS h ON h.ring_id = d.subject_id AND h.run_date = d.run_date
ORDER BY d.decided_at, d.subject_id, d.verdict, h.account_id
"""

THINGS_THEN = """
SELECT DISTINCT d.subject_id, d.decided_at, t.kind, t.entity_id
FROM decisions AS d JOIN register_ties AS t ON t.ring_id = d.subject_id AND t.run_date = d.run_date WHERE d.counts
UNION
SELECT DISTINCT d.subject_id, d.decided_at, t.kind, t.entity_id
FROM decisions AS d JOIN register_ties AS t ON t.account_id = d.subject_id AND t.run_date <= d.decided_at
WHERE d.counts
ORDER BY ALL
"""

TIES_NOW = """
SELECT DISTINCT x.ring, t.kind, t.entity_id, t.nats, t.first_at
FROM ties AS t JOIN members AS x ON x.account_id = t.a JOIN members AS y ON y.account_id = t.b AND y.ring = x.ring
SEMI JOIN ring_scores AS n ON n.ring = x.ring
ORDER BY ALL
"""

BESIDE = """
WITH pairs AS (SELECT a, b, kind, nats FROM ties UNION ALL SELECT b, a, kind, nats FROM ties)
SELECT DISTINCT m.ring, p.kind
FROM pairs AS p JOIN confirmed AS c ON c.account_id = p.a JOIN members AS m ON m.account_id = p.b
SEMI JOIN ring_scores AS r ON r.ring = m.ring
LEFT JOIN members AS own ON own.account_id = c.account_id
WHERE p.nats >= $least AND own.ring IS DISTINCT FROM m.ring
ORDER BY ALL
"""
"""Kinds of tie, strong enough, that run tonight from a ring to a confirmed account which is not on it."""


def decisions(db: Db, run_date: date, s: VerdictSettings) -> pl.DataFrame:
    """Make `decisions`: the verdicts in force at the end of `run_date`, oldest first; and give it.

    Reads `labels`, `verdict_journal` (`subject_id`, `verdict`, `decided_at`, `action_taken`), `register_history`.
    Columns `subject_id`, `verdict`, `decided_at`, `action_taken`, `run_date` (of the night that a verdict on a ring
    had seen, else NULL), `counts`.
    """
    now = datetime.combine(run_date + timedelta(days=1), time())
    found = db.frame(DECISIONS, night=run_date, now=now, expired=now - timedelta(days=s.days))
    found = found.with_columns(counting(s.own_flag_markers).alias("counts"))
    db.put("decisions", found)
    return found


def counting(markers: Sequence[str]) -> pl.Expr:
    """Whether a verdict counts: all do but a confirmation whose `action_taken` holds one of the markers, in whatever
    case. What was cleared after such a sanction was looked at by a person, and counts."""
    said = pl.col("action_taken").cast(pl.String).fill_null("").str.to_lowercase()
    marked = pl.any_horizontal(pl.lit(False), *(said.str.contains(m.lower(), literal=True) for m in markers if m))
    return (pl.col("verdict") != "confirmed") | ~marked


def read(db: Db, found: pl.DataFrame) -> Known:
    """What the verdicts of `decisions` say, by account and by ring. Reads `register_history`, `register_ties`."""
    known = Known()
    if found.is_empty():
        return known
    members: defaultdict[str, set[str]] = defaultdict(set)
    through: dict[str, Opinion] = {}
    for subject, verdict, at, counts, account in db.frame(ATTACHED).iter_rows():
        members[subject].add(account)
        through[account] = newer(through.get(account), verdict, at, counts=counts)
        known.rings_of.setdefault(account, set()).add(subject)
    own: dict[str, Opinion] = {}
    for subject, verdict, at, counts in found.select("subject_id", "verdict", "decided_at", "counts").iter_rows():
        own[subject] = newer(own.get(subject), verdict, at, counts=counts)
    known.rings = {subject: (frozenset(members.get(subject, ())), opinion) for subject, opinion in own.items()}
    known.accounts = through | {subject: o for subject, o in own.items() if subject not in members}
    for subject, at, kind, thing in db.frame(THINGS_THEN).iter_rows():
        known.kinds[subject] = known.kinds.get(subject, frozenset()) | {reason(kind)}
        if own[subject].confirms and own[subject].decided_at == at and kind not in NO_THING:
            known.confirmed_things[thing] = kind
    return known


def ties_within(db: Db) -> defaultdict[int, list[Tie]]:
    """Ring of tonight -> the things that tie its members. Reads `ties`, `members`, `ring_scores`."""
    out: defaultdict[int, list[Tie]] = defaultdict(list)
    for ring, kind, thing, nats, first_at in db.frame(TIES_NOW).iter_rows():
        out[ring].append(Tie(kind, thing, nats, first_at))
    return out


def ties_beside(db: Db, known: Known, s: VerdictSettings) -> defaultdict[int, frozenset[str]]:
    """Ring of tonight -> kinds of its ties to confirmed accounts that are not on it."""
    names = [account for account, opinion in sorted(known.accounts.items()) if opinion.confirms]
    db.put("confirmed", pl.DataFrame({"account_id": names}, schema={"account_id": pl.String}))
    out: defaultdict[int, frozenset[str]] = defaultdict(frozenset)
    for ring, kind in db.frame(BESIDE, least=s.beside).iter_rows():
        out[ring] |= {kind}
    return out
