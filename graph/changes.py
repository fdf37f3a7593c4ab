"""What changed since the night before: which rings, who joined or left and by which ties, which scores and why."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl

from graph import words
from graph.lessons import chance, log_odds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graph.db import Db
    from graph.words import Language

MOVED = 0.05
"""Of a score; less is noise of the platform's rates."""

BY_VERDICTS = 0.01
"""Of a score; a part of the move that verdicts made and that is worth naming."""

FEW = 3
"""Things of a member that are named; a sentence is no list, and `links` has them all."""

Row = tuple[str, str, str | None, str]
"""Ring, change, account, detail."""

KEY = ["ring_id", "account_id"]


def change_rows(db: Db, links: pl.DataFrame, language: Language) -> pl.DataFrame:
    """Rows of `changes`, since the published night before; a first night is all `new`.

    Reads `ring_names`, `ring_accounts`, `ring_past`, `register_ties`, `register_scores`, `scores_before`, `facts`,
    `held_off`; `links` is `ring_links`.
    """
    names = db.frame("SELECT * FROM ring_names ORDER BY ring_id")
    now = db.frame("SELECT * FROM ring_accounts ORDER BY ALL")
    past = db.frame("SELECT * FROM ring_past ORDER BY ALL")
    both = now.select("ring_id").unique().join(past.select("ring_id").unique(), on="ring_id")
    joined = now.join(both, on="ring_id").join(past, on=KEY, how="anti").sort(KEY)
    left = past.join(both, on="ring_id").join(now, on=KEY, how="anti").sort(KEY)
    rows = [
        *lives(names, now, language),
        *joiners(joined, links, language),
        *leavers(left, now, db.frame(TIES_THEN), language),
        *moves(db.frame(SCORES), joined, left, new_acts(db, past), language),
        *gone(names, past, set(db.frame("SELECT ring_id FROM held_off")["ring_id"]), language),
    ]
    schema = {"ring_id": pl.String, "change": pl.String, "account_id": pl.String, "detail": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


TIES_THEN = """
SELECT DISTINCT t.ring_id, t.account_id, t.kind AS entity_kind, t.entity_id
FROM register_ties AS t SEMI JOIN ring_past AS p ON p.run_date = t.run_date AND p.ring_id = t.ring_id ORDER BY ALL
"""


SCORES = """
WITH tonight AS (SELECT DISTINCT ring_id, score FROM ring_accounts),
before AS (SELECT DISTINCT ring_id, run_date, score FROM ring_past),
evidence AS (SELECT n.ring_id, b.score FROM ring_names AS n JOIN scores_before AS b ON b.ring = n.ring)
SELECT t.ring_id, t.score, coalesce(e.score, t.score) AS alone, b.score AS was, coalesce(r.score, b.score) AS was_alone
FROM tonight AS t JOIN before AS b ON b.ring_id = t.ring_id LEFT JOIN evidence AS e ON e.ring_id = t.ring_id
LEFT JOIN register_scores AS r ON r.ring_id = b.ring_id AND r.run_date = b.run_date
ORDER BY t.ring_id
"""
"""Of rings that were there the night before: scores now and then, as listed and by the evidence alone."""


def lives(names: pl.DataFrame, now: pl.DataFrame, language: Language) -> Iterator[Row]:
    """What became of each ring that is not simply the same."""
    sizes = dict(now.group_by("ring_id").len().iter_rows())
    for row in names.iter_rows(named=True):
        if row["lifecycle"] != "stable":
            others = [i for i in row["previous_ring_ids"] if i != row["ring_id"]] or row["previous_ring_ids"]
            figures = {"n": sizes[row["ring_id"]], "before": row["n_before"], "date": row["last_seen"]}
            detail = words.say(row["lifecycle"], language, others=", ".join(others), **figures)
            yield row["ring_id"], row["lifecycle"], None, detail


def joiners(joined: pl.DataFrame, links: pl.DataFrame, language: Language) -> Iterator[Row]:
    """Who joined a ring of the night before, and by which ties."""
    ties = things(links, language)
    for key in joined.select(KEY).iter_rows():
        yield key[0], "joined", key[1], words.say("joined", language, things=ties.get(key, "-"))


def leavers(left: pl.DataFrame, now: pl.DataFrame, then: pl.DataFrame, language: Language) -> Iterator[Row]:
    """Who left a ring that is still there, by which ties it had belonged, and where it is now."""
    ties = things(then, language)
    where = dict(now.select("account_id", "ring_id").iter_rows())
    for key in left.select(KEY).iter_rows():
        sentence = "moved" if key[1] in where else "left"
        yield key[0], "left", key[1], words.say(sentence, language, things=ties.get(key, "-"), ring=where.get(key[1]))


def things(links: pl.DataFrame, language: Language) -> dict[tuple[str, str], str]:
    """(ring, account) -> the things that tie it, for reading: the first few, and how many more."""
    held: dict[tuple[str, str], list[str]] = {}
    for ring, account, kind, entity in (
        links.select(*KEY, "entity_kind", "entity_id").unique().sort(pl.all()).iter_rows()
    ):
        held.setdefault((ring, account), []).append(f"{words.kind(kind, language)} {entity}")
    more = {key: [words.say("more", language, n=len(of) - FEW)] if len(of) > FEW else [] for key, of in held.items()}
    return {key: words.comma(language).join([*of[:FEW], *more[key]]) for key, of in held.items()}


def new_acts(db: Db, past: pl.DataFrame) -> dict[str, int]:
    """Ring -> acts dated after the night before."""
    if past.is_empty():
        return {}
    end = datetime.combine(past["run_date"][0] + timedelta(days=1), time())
    sql = "SELECT ring_id, count(*) AS n FROM facts WHERE happened_at >= $last GROUP BY ring_id ORDER BY ring_id"
    return dict(db.frame(sql, last=end).iter_rows())


def moves(
    scores: pl.DataFrame, joined: pl.DataFrame, left: pl.DataFrame, acts: dict[str, int], lang: Language
) -> Iterator[Row]:
    """Scores that moved, and why: verdicts, as far as the evidence alone does not explain it; and where the evidence
    moved, what happened meanwhile."""
    came, went = (dict(frame.group_by("ring_id").len().iter_rows()) for frame in (joined, left))
    for ring_id, score, alone, was, was_alone in scores.iter_rows():
        if abs(score - was) < MOVED:
            continue
        as_then = chance(log_odds(alone) + log_odds(was) - log_odds(was_alone))
        judged = abs(score - as_then) >= BY_VERDICTS
        why = [words.say("why_verdicts", lang)] if judged else []
        if abs(alone - was_alone) >= MOVED or not judged:
            counts = {"why_acts": acts, "why_joined": came, "why_left": went}
            met = [words.say(name, lang, n=n[ring_id]) for name, n in counts.items() if n.get(ring_id)]
            why += met or [words.say("why_rates", lang)]
        figures = {"before": f"{was:.2f}", "now": f"{score:.2f}", "why": words.comma(lang).join(why)}
        yield ring_id, "score", None, words.say("score", lang, **figures)


def gone(names: pl.DataFrame, past: pl.DataFrame, held_off: set[str], language: Language) -> Iterator[Row]:
    """Rings of the night before that tonight's list does not have, and which of tonight's continue them."""
    lost = past.join(names, on="ring_id", how="anti").group_by("ring_id").len().sort("ring_id")
    heirs = names.select(pl.col("ring_id").alias("heir"), pl.col("previous_ring_ids").alias("ring_id"))
    heirs = heirs.explode("ring_id").sort("ring_id", "heir").group_by("ring_id").agg("heir")
    of = dict(heirs.iter_rows())
    for ring_id, n in lost.iter_rows():
        change = "cleared" if ring_id in held_off else "gone"
        sentence = "continued" if change == "gone" and ring_id in of else change
        rings = ", ".join(of.get(ring_id, ()))
        yield ring_id, change, None, words.say(sentence, language, n=n, rings=rings)
