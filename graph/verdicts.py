"""What analysts decided, and what follows: who is cleared, what is raised, which ring stays off tonight's list.

What is cleared does not speak again; what was done since does, once it says enough, and so does a new kind of tie.
Without verdicts nothing here changes anything.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from graph.decisions import Schema, read, ties_beside, ties_within
from graph.opinions import Known, Member, Outcome, member_score, moved, of_loner, silent, weigh

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import VerdictSettings

ACTS_SINCE = """
WITH ours AS (
    SELECT c.account_id, c.decided_at, t.typology, t.act, t.axis, t.export, t.k, t.nats, a.key
    FROM cleared AS c JOIN told AS t ON t.account_id = c.account_id
    JOIN acts_done AS a ON a.account_id = t.account_id AND a.typology = t.typology AND a.act = t.act
    WHERE t.nats > 0
),
dated AS (
    SELECT x.*,
           CASE x.axis WHEN 'complaint' THEN coalesce(o.complained_at, o.placed_at, c.sent_at)
                       WHEN 'counterparty' THEN coalesce(o.seller_complained_at, o.placed_at)
                       ELSE coalesce(o.confirmed_at, o.paid_at, o.placed_at, c.sent_at, r.registered_at) END
           AS happened_at
    FROM ours AS x
    LEFT JOIN orders AS o ON x.export = 'orders' AND o.order_id = x.key
    LEFT JOIN chat_links AS c ON x.export = 'chat_links' AND c.message_id = x.key
    LEFT JOIN accounts AS r ON x.export = 'accounts' AND r.account_id = x.key
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


def verdicts(db: Db, run_date: date, s: VerdictSettings, *, listed: float, power: float) -> None:
    """Make `held_off` and `opinions`, `notes`; where verdicts ask for it, change `ring_scores`, `member_scores`,
    `lone_scores`, `ring_names`, `ring_accounts`.

    Reads `decisions`, `lesson_notes`, `lone_everybody`, `register_history`, `register_ties`, `told`, `acts_done`,
    `members`, `ties`, the scores and the night's exports. `held_off`: one row a ring left off the list: `ring`,
    `ring_id`, `decided_at`. `opinions`: `subject_id` (a ring or an account of tonight), `verdict`. `notes`: `ring`
    (NULL: of an account that is listed alone), `account_id` (NULL: of the ring), `side` (`for|against`), `name`,
    `figures` (JSON). `listed`, `power`: of the score.
    """
    known = _known(db)
    outcomes = {} if not (known.accounts or known.rings) else _outcomes(db, known, s)
    names = dict(db.frame("SELECT ring, ring_id FROM ring_names ORDER BY ring").iter_rows())
    scores = dict(db.frame("SELECT ring, score FROM ring_scores ORDER BY ring").iter_rows())
    # The score's odds grow with this power of the evidence, so what is silent must leave them by the same power.
    scores |= {ring: moved(scores[ring], o.factor * o.speaks**power) for ring, o in outcomes.items()}
    off = [(r, names[r], o.cleared_at) for r, o in outcomes.items() if o.cleared_at and scores[r] < listed]
    schema: Schema = {"ring": pl.Int64, "ring_id": pl.String, "decided_at": pl.Datetime("us")}
    db.put("held_off", pl.DataFrame(off, schema=schema, orient="row"))
    said = [(names[r], o.verdict) for r, o in outcomes.items() if o.verdict]
    said += [(account, o.verdict) for account, o in sorted(known.accounts.items())]
    db.put("opinions", pl.DataFrame(said, schema={"subject_id": pl.String, "verdict": pl.String}, orient="row"))
    if known.accounts or known.rings:
        apply(db, scores, known, s)
    notes = [note for o in outcomes.values() for note in o.notes]
    if known.accounts:
        alone = db.frame("SELECT account_id FROM lone_scores ORDER BY account_id")["account_id"]
        notes += [note for account in alone for note in of_loner(account, known)]
    rows = [(n.ring, n.account_id, n.side, n.name, json.dumps(n.figures, ensure_ascii=False)) for n in notes]
    text = dict.fromkeys(("account_id", "side", "name", "figures"), pl.String)
    said_before = db.frame("SELECT * FROM lesson_notes").rows()
    db.put("notes", pl.DataFrame([*said_before, *rows], schema={"ring": pl.Int64, **text}, orient="row"))


def _known(db: Db) -> Known:
    """The verdicts in force, and what the cleared did since."""
    known = read(db, db.frame("SELECT * FROM decisions ORDER BY decided_at, subject_id, verdict"))
    cleared = [(a, o.decided_at) for a, o in sorted(known.accounts.items()) if o.verdict == "cleared"]
    if cleared:
        schema: Schema = {"account_id": pl.String, "decided_at": pl.Datetime("us")}
        db.put("cleared", pl.DataFrame(cleared, schema=schema, orient="row"))
        known.since = {account: (nats, since, n) for account, nats, since, n in db.frame(ACTS_SINCE).iter_rows()}
    return known


def _outcomes(db: Db, known: Known, s: VerdictSettings) -> dict[int, Outcome]:
    """Ring of tonight -> what becomes of it, for the rings that a verdict concerns."""
    within, beside = ties_within(db), ties_beside(db, known, s)
    rows = db.frame(
        """
        SELECT n.ring, n.ring_id, m.account_id, greatest(m.acts, 0) AS acts
        FROM ring_names AS n JOIN members AS m ON m.ring = n.ring ORDER BY ALL
        """
    )
    out = {}
    for (ring, ring_id), frame in rows.group_by("ring", "ring_id", maintain_order=True):
        members = [Member(account, acts) for account, acts in frame.select("account_id", "acts").iter_rows()]
        outcome = weigh(int(ring), str(ring_id), members, within[int(ring)], beside[int(ring)], known, s)
        if outcome != Outcome():
            out[int(ring)] = outcome
    return out


def apply(db: Db, scores: dict[int, float], known: Known, s: VerdictSettings) -> None:
    """Change the night's scores, and take what is held off from its names; who is on such a ring, not cleared, and
    stands out by own acts is listed alone."""
    rings = db.frame("SELECT * FROM ring_scores ORDER BY ring")
    now = [scores[ring] for ring in rings["ring"]]
    ratio = {ring: scores[ring] / was for ring, was in rings.select("ring", "score").iter_rows() if was}
    members = db.frame("SELECT * FROM member_scores ORDER BY ring, account_id")
    each = [
        member_score(score * ratio.get(ring, 1.0), account, known, s)
        for ring, account, score in members.select("ring", "account_id", "score").iter_rows()
    ]
    db.put("ring_scores", rings.with_columns(pl.Series("score", now, dtype=pl.Float64)))
    db.put("member_scores", members.with_columns(pl.Series("score", each, dtype=pl.Float64)))
    db.make("ring_names", "SELECT n.* FROM ring_names AS n ANTI JOIN held_off AS h ON h.ring = n.ring ORDER BY n.ring")
    db.make(
        "ring_accounts",
        """
        SELECT n.ring_id, m.account_id, r.score
        FROM ring_names AS n JOIN members AS m ON m.ring = n.ring JOIN ring_scores AS r ON r.ring = n.ring ORDER BY ALL
        """,
    )
    lone = db.frame(
        "SELECT l.* FROM lone_everybody AS l ANTI JOIN ring_accounts AS r ON r.account_id = l.account_id ORDER BY ALL"
    )
    stays = [not silent(account, known, s) for account in lone["account_id"]]
    db.put("lone_scores", lone.filter(pl.Series(stays, dtype=pl.Boolean)))
