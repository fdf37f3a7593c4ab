"""What the verdicts so far teach about tonight: the score refitted, and what is tied to the confirmed let in.

As of the night: verdicts decided by its end, on rings of nights that were published before it, at the scores that the
evidence alone had given them then. Learning orders the list and lets in what it raises over the line, and never takes a
ring off: what is not seen cannot be decided on, and a wrong lesson would never be unlearned. Without verdicts nothing
here changes anything.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from graph.decisions import decisions, read, ties_beside, ties_within
from graph.lessons import Lesson, decided_rings, learned
from graph.opinions import Note, moved, raising
from graph.score import LOUD, lone, scores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graph.db import Db
    from graph.settings import Method

SHOWN = 0.005
"""Of a score; what moves it less is not worth a sentence."""

LISTED = "SELECT run_date, ring_id, account_id FROM register_history WHERE run_date < $night ORDER BY ALL"

CANDIDATES = """
WITH strongest AS (SELECT ring, min_by(typology, (-nats, typology)) AS typology FROM ring_typologies GROUP BY ring)
SELECT r.ring, r.score, t.typology, array_sort(array_agg(m.account_id)) AS accounts
FROM ring_scores AS r JOIN members AS m ON m.ring = r.ring JOIN strongest AS t ON t.ring = r.ring
GROUP BY r.ring, r.score, t.typology ORDER BY r.ring
"""


def learning(db: Db, run_date: date, method: Method) -> None:
    """Make `decisions`, `lesson`, `lesson_notes` (columns of `notes`) and `scores_before` (`ring`, `score` by the
    evidence alone); where verdicts ask for it, `lone_everybody` and other `ring_scores`, `ring_typologies`,
    `member_scores`, `lone_scores`. `lesson`: one row a typology of decided rings, none while they are too few: `shift`,
    `slope` (of all), `typology`, `n`, `confirmed`, `promised`, `weight` (log-odds).

    Reads `labels`, `verdict_journal`, `register_history`, `register_ties`, `register_scores` (`run_date`, `ring_id`,
    `typology`, `score` by the evidence alone), and what `scores` and `ties` read and make.
    """
    lesson, notes = None, list[Note]()
    found = decisions(db, run_date, method.verdicts)
    if not found.is_empty():
        lesson = learned(promises(db, found, run_date), method.verdicts)
        told = db.frame(LOUD, lone=method.score.lone)
        db.put("lone_everybody", lone(told, pl.DataFrame(schema={"account_id": pl.String}), method.score))
        scores(db, method.score.model_copy(update={"listed": 0.0}), method.rings)
        db.make("scores_before", "SELECT ring, score FROM ring_scores ORDER BY ring")
        notes = let_in(db, lesson, found, method)
    else:
        db.put("scores_before", pl.DataFrame(schema={"ring": pl.Int64, "score": pl.Float64}))
    rows = [(n.ring, n.account_id, n.side, n.name, json.dumps(n.figures, ensure_ascii=False)) for n in notes]
    text = dict.fromkeys(("account_id", "side", "name", "figures"), pl.String)
    db.put("lesson_notes", pl.DataFrame(rows, schema={"ring": pl.Int64, **text}, orient="row"))
    db.put("lesson", (lesson or Lesson()).frame())


def promises(db: Db, found: pl.DataFrame, run_date: date) -> pl.DataFrame:
    """One row a decided ring: `ring_id`, `good`, and the `typology` and `promised` score of its last listing before."""
    rings = decided_rings(found.filter("counts"), db.frame(LISTED, night=run_date))
    then = db.frame("SELECT run_date, ring_id, typology, score AS promised FROM register_scores ORDER BY ALL")
    return rings.join(then, on=["run_date", "ring_id"]).sort("ring_id")


def let_in(db: Db, lesson: Lesson | None, found: pl.DataFrame, method: Method) -> list[Note]:
    """Give all candidates their learned scores, and keep those that are listed by the evidence, by what was learned,
    or by a confirmed account or thing; what is to be said of it."""
    s, known = method.verdicts, read(db, found)
    within, beside = ties_within(db), ties_beside(db, known, s)
    now, notes = dict[int, float](), list[Note]()
    for ring, before, typology, accounts in db.frame(CANDIDATES).iter_rows():
        least = method.score.listed if before >= method.score.listed else 0.0
        score = max(lesson.applied(before, typology), least) if lesson else before
        factor, _ = raising(ring, accounts, within[ring], beside[ring], known, s)
        if moved(score, factor) >= method.score.listed:
            now[ring] = score
            notes += said(ring, before, least, typology, lesson) if lesson else ()
    keep(db, now)
    return notes


def keep(db: Db, now: dict[int, float]) -> None:
    """Leave the rings of `now` in the scores, with these scores, and off the lone list whoever is on one of them."""
    rings = db.frame("SELECT * FROM ring_scores ORDER BY ring").filter(pl.col("ring").is_in(sorted(now)))
    index = pl.DataFrame(list(now.items()), schema={"ring": pl.Int64, "now": pl.Float64}, orient="row")
    ratio = rings.join(index, on="ring").select("ring", (pl.col("now") / pl.col("score")).alias("ratio"))
    members = db.frame("SELECT * FROM member_scores ORDER BY ring, account_id").join(
        ratio, on="ring", maintain_order="left"
    )
    db.put("ring_scores", rings.with_columns(pl.Series("score", list(now.values()), dtype=pl.Float64)))
    db.put("member_scores", members.with_columns(pl.col("score") * pl.col("ratio")).drop("ratio"))
    db.make(
        "ring_typologies",
        "SELECT t.* FROM ring_typologies AS t SEMI JOIN ring_scores AS r ON r.ring = t.ring"
        " ORDER BY ring, nats DESC, typology",
    )
    db.make(
        "lone_scores",
        "SELECT l.* FROM lone_everybody AS l ANTI JOIN member_scores AS m ON m.account_id = l.account_id ORDER BY ALL",
    )


def said(ring: int, before: float, least: float, typology: str, lesson: Lesson) -> Iterator[Note]:
    """What moved a ring's score by what was learned: how far scores are to be trusted, then its typology. No score
    falls below `least`, so that the sentence names the one that is published."""
    calibrated, now = (max(x, least) for x in (lesson.calibrated(before), lesson.applied(before, typology)))
    steps = [("learned_scores", lesson.decided, before, calibrated)]
    if typology in lesson.typologies:
        steps.append(("learned_typology", lesson.typologies[typology], calibrated, now))
    for name, taught, was, is_now in steps:
        if abs(is_now - was) >= SHOWN:
            figures = {"n": taught.n, "k": taught.confirmed, "promised": f"{taught.promised:.1f}",
                       "before": f"{was:.2f}", "now": f"{is_now:.2f}"}  # fmt: skip
            yield Note(ring, None, "for" if is_now > was else "against", name, figures)
