"""What analysts decided, and what follows: who is cleared, what is raised, which ring stays off tonight's list.

A verdict attaches to accounts and to the things that tied them, never to a number of a cluster: a verdict on a ring
is one on its members of the night that the analyst had seen, so it outlives splits and merges. A person's own verdict
goes before that on a ring, and of each the newest. What is cleared does not speak again; what was done since does, once
it says enough, and so does a new kind of tie. Without verdicts nothing here changes anything.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl

from graph.opinions import (
    NO_THING,
    Known,
    Member,
    Opinion,
    Outcome,
    Tie,
    member_score,
    moved,
    newer,
    reason,
    silent,
    weigh,
)

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import VerdictSettings

Schema = dict[str, pl.DataType | type[pl.DataType]]

DECISIONS = """
WITH every AS (
    SELECT subject_id, verdict, decided_at FROM labels
  UNION ALL
    SELECT subject_id, verdict, decided_at FROM verdict_journal WHERE decided_at < $now
),
alive AS (SELECT DISTINCT * FROM every WHERE decided_at >= $expired),
nights AS (SELECT DISTINCT ring_id, run_date FROM register_history WHERE run_date < $night),
seen AS (
    SELECT a.subject_id, a.decided_at,
           coalesce(max(n.run_date) FILTER (WHERE n.run_date <= a.decided_at), min(n.run_date)) AS run_date
    FROM alive AS a JOIN nights AS n ON n.ring_id = a.subject_id GROUP BY a.subject_id, a.decided_at
)
SELECT a.*, s.run_date FROM alive AS a LEFT JOIN seen AS s USING (subject_id, decided_at)
ORDER BY a.decided_at, a.subject_id, a.verdict
"""
"""Verdicts in force, oldest first; for one on a ring the night that the analyst had seen, else the first there was."""

ATTACHED = """
SELECT d.subject_id, d.verdict, d.decided_at, h.account_id
FROM decisions AS d JOIN register_history AS h ON h.ring_id = d.subject_id AND h.run_date = d.run_date
ORDER BY d.decided_at, d.subject_id, d.verdict, h.account_id
"""

THINGS_THEN = """
SELECT DISTINCT d.subject_id, d.decided_at, t.kind, t.entity_id
FROM decisions AS d JOIN register_ties AS t ON t.ring_id = d.subject_id AND t.run_date = d.run_date
UNION
SELECT DISTINCT d.subject_id, d.decided_at, t.kind, t.entity_id
FROM decisions AS d JOIN register_ties AS t ON t.account_id = d.subject_id AND t.run_date <= d.decided_at
ORDER BY ALL
"""

ACTS_SINCE = """
WITH ours AS (
    SELECT c.account_id, c.decided_at, t.typology, t.act, t.axis, t."table", t.k, t.nats, unnest(a.keys) AS key
    FROM cleared AS c JOIN told AS t USING (account_id)
    JOIN acted AS a ON a.account_id = t.account_id AND a.typology = t.typology AND a.act = t.act
    WHERE t.nats > 0
),
dated AS (
    SELECT x.*,
           CASE x.axis WHEN 'complaint' THEN coalesce(o.complained_at, o.placed_at, c.sent_at)
                       WHEN 'counterparty' THEN coalesce(o.seller_complained_at, o.placed_at)
                       ELSE coalesce(o.confirmed_at, o.paid_at, o.placed_at, c.sent_at, r.registered_at) END
           AS happened_at
    FROM ours AS x
    LEFT JOIN orders AS o ON x."table" = 'orders' AND o.order_id = x.key
    LEFT JOIN chat_links AS c ON x."table" = 'chat_links' AND c.message_id = x.key
    LEFT JOIN accounts AS r ON x."table" = 'accounts' AND r.account_id = x.key
),
per_act AS (
    SELECT account_id, typology, act, axis, any_value(nats) AS nats,
           any_value(nats) * count(DISTINCT key) FILTER (WHERE happened_at > decided_at) / any_value(k) AS since,
           count(DISTINCT key) FILTER (WHERE happened_at > decided_at) AS n
    FROM dated GROUP BY account_id, typology, act, axis
),
per_axis AS (
    SELECT account_id, typology, axis, max(nats) AS nats, max(since) AS since, max(n) AS n
    FROM per_act GROUP BY account_id, typology, axis
),
per_typology AS (
    SELECT account_id, typology, sum(nats) AS nats, sum(since) AS since, cast(max(n) AS BIGINT) AS n
    FROM per_axis GROUP BY account_id, typology
)
SELECT account_id, max(nats) AS nats, max(since) AS since, max(n) AS n FROM per_typology
GROUP BY account_id ORDER BY account_id
"""
"""Of what a cleared account's acts say, the part of those dated after the decision: nats times their share."""

TIES_NOW = """
SELECT DISTINCT x.ring, t.kind, t.entity_id, t.nats, t.first_at
FROM ties AS t JOIN members AS x ON x.account_id = t.a JOIN members AS y ON y.account_id = t.b AND y.ring = x.ring
SEMI JOIN ring_names AS n ON n.ring = x.ring
ORDER BY ALL
"""


def verdicts(db: Db, run_date: date, s: VerdictSettings, *, listed: float) -> None:
    """Make `held_off` and `opinions`, `notes`; where verdicts ask for it, change `ring_scores`, `member_scores`,
    `lone_scores`, `ring_names`, `ring_accounts`.

    Reads `labels`, `verdict_journal` (`subject_id`, `verdict`, `decided_at`), `register_history`, `register_ties`,
    `told`, `acted`, `members`, `ties`, the scores and the night's exports. `held_off`: one row a ring left off the
    list: `ring`, `ring_id`, `decided_at`. `opinions`: `subject_id` (a ring or an account of tonight), `verdict`.
    `notes`: `ring`, `account_id` (NULL: of the ring), `side` (`for|against`), `name`, `figures` (JSON).
    """
    now = datetime.combine(run_date + timedelta(days=1), time())
    db.make("decisions", DECISIONS, night=run_date, now=now, expired=now - timedelta(days=s.days))
    known = read(db)
    outcomes = {} if not (known.accounts or known.rings) else _outcomes(db, known, s)
    names = dict(db.frame("SELECT ring, ring_id FROM ring_names ORDER BY ring").iter_rows())
    scores = dict(db.frame("SELECT ring, score FROM ring_scores ORDER BY ring").iter_rows())
    scores |= {ring: moved(scores[ring], o.factor) for ring, o in outcomes.items()}
    off = [(r, names[r], o.cleared_at) for r, o in outcomes.items() if o.cleared_at and scores[r] < listed]
    schema: Schema = {"ring": pl.Int64, "ring_id": pl.String, "decided_at": pl.Datetime("us")}
    db.put("held_off", pl.DataFrame(off, schema=schema, orient="row"))
    said = [(names[r], o.verdict) for r, o in outcomes.items() if o.verdict]
    said += [(account, o.verdict) for account, o in sorted(known.accounts.items())]
    db.put("opinions", pl.DataFrame(said, schema={"subject_id": pl.String, "verdict": pl.String}, orient="row"))
    notes = [
        (n.ring, n.account_id, n.side, n.name, json.dumps(n.figures, ensure_ascii=False))
        for o in outcomes.values()
        for n in o.notes
    ]
    text = dict.fromkeys(("account_id", "side", "name", "figures"), pl.String)
    db.put("notes", pl.DataFrame(notes, schema={"ring": pl.Int64, **text}, orient="row"))
    if known.accounts or known.rings:
        apply(db, scores, known, s)


def read(db: Db) -> Known:
    """The verdicts in force, by account and by ring."""
    known = Known()
    decisions = db.frame("SELECT * FROM decisions ORDER BY decided_at, subject_id, verdict")
    if decisions.is_empty():
        return known
    members: defaultdict[str, set[str]] = defaultdict(set)
    through: dict[str, Opinion] = {}
    for subject, verdict, at, account in db.frame(ATTACHED).iter_rows():
        members[subject].add(account)
        through[account] = newer(through.get(account), verdict, at)
        known.rings_of.setdefault(account, set()).add(subject)
    own: dict[str, Opinion] = {}
    for subject, verdict, at in decisions.select("subject_id", "verdict", "decided_at").iter_rows():
        own[subject] = newer(own.get(subject), verdict, at)
    known.rings = {subject: (frozenset(members.get(subject, ())), opinion) for subject, opinion in own.items()}
    known.accounts = through | {subject: o for subject, o in own.items() if subject not in members}
    for subject, at, kind, thing in db.frame(THINGS_THEN).iter_rows():
        known.kinds[subject] = known.kinds.get(subject, frozenset()) | {reason(kind)}
        if own[subject].verdict == "confirmed" and own[subject].decided_at == at and kind not in NO_THING:
            known.confirmed_things[thing] = kind
    cleared = [(a, o.decided_at) for a, o in sorted(known.accounts.items()) if o.verdict == "cleared"]
    schema: Schema = {"account_id": pl.String, "decided_at": pl.Datetime("us")}
    db.put("cleared", pl.DataFrame(cleared, schema=schema, orient="row"))
    known.since = {account: (nats, since, n) for account, nats, since, n in db.frame(ACTS_SINCE).iter_rows()}
    return known


def _outcomes(db: Db, known: Known, s: VerdictSettings) -> dict[int, Outcome]:
    """Ring of tonight -> what becomes of it, for the rings that a verdict concerns."""
    ties: defaultdict[int, list[Tie]] = defaultdict(list)
    for ring, kind, thing, nats, first_at in db.frame(TIES_NOW).iter_rows():
        ties[ring].append(Tie(kind, thing, nats, first_at))
    rows = db.frame(
        """
        SELECT n.ring, n.ring_id, m.account_id, greatest(m.acts, 0) AS acts
        FROM ring_names AS n JOIN members AS m USING (ring) ORDER BY ALL
        """
    )
    out = {}
    for (ring, ring_id), frame in rows.group_by("ring", "ring_id", maintain_order=True):
        members = [Member(account, acts) for account, acts in frame.select("account_id", "acts").iter_rows()]
        outcome = weigh(int(ring), str(ring_id), members, ties[int(ring)], known, s)
        if outcome != Outcome():
            out[int(ring)] = outcome
    return out


def apply(db: Db, scores: dict[int, float], known: Known, s: VerdictSettings) -> None:
    """Change the night's scores, and take what is held off from its names."""
    rings = db.frame("SELECT * FROM ring_scores ORDER BY ring")
    now = [scores[ring] for ring in rings["ring"]]
    ratio = {ring: scores[ring] / was for ring, was in rings.select("ring", "score").iter_rows() if was}
    members = db.frame("SELECT * FROM member_scores ORDER BY ring, account_id")
    each = [
        member_score(score * ratio.get(ring, 1.0), account, known, s)
        for ring, account, score in members.select("ring", "account_id", "score").iter_rows()
    ]
    lone = db.frame("SELECT * FROM lone_scores ORDER BY account_id")
    stays = [not silent(account, known, s) for account in lone["account_id"]]
    db.put("ring_scores", rings.with_columns(pl.Series("score", now, dtype=pl.Float64)))
    db.put("member_scores", members.with_columns(pl.Series("score", each, dtype=pl.Float64)))
    db.put("lone_scores", lone.filter(pl.Series(stays, dtype=pl.Boolean)))
    db.make("ring_names", "SELECT n.* FROM ring_names AS n ANTI JOIN held_off USING (ring) ORDER BY n.ring")
    db.make(
        "ring_accounts",
        """
        SELECT n.ring_id, m.account_id, r.score
        FROM ring_names AS n JOIN members AS m USING (ring) JOIN ring_scores AS r USING (ring) ORDER BY ALL
        """,
    )
