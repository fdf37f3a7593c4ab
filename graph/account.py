"""What a night's stages found about one account, on a list or not: for `explain`, after the scores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from graph import pooled, words

if TYPE_CHECKING:
    from graph.db import Db
    from graph.settings import Method
    from graph.words import Language

ACTS = """
SELECT typology, act, cast(sum(k) AS BIGINT) AS k, cast(sum(n) AS BIGINT) AS n, sum(rate * n) / sum(n) AS rate,
       sum(nats) AS nats
FROM told WHERE account_id = $id GROUP BY typology, act ORDER BY nats DESC, typology, act
"""

APART = """
SELECT account_id, typology, axis, apart AS nats FROM told WHERE account_id = $id AND apart > 0 ORDER BY ALL
"""
"""What lists an account alone: its acts against those of usual accounts."""

TIES = """
SELECT CASE WHEN a = $id THEN b ELSE a END AS other, kind, entity_id, nats, first_at, last_at
FROM ties WHERE a = $id OR b = $id ORDER BY nats DESC, other, kind, entity_id
"""

HUBS = """
SELECT DISTINCT u.kind, u.entity_id, h.n_accounts, h.treatment
FROM uses AS u JOIN hubs_found AS h USING (space, entity_id) WHERE u.account_id = $id ORDER BY ALL
"""

PLACE = """
SELECT m.hold, m.acts, r.score, (SELECT count(*) FROM members AS x WHERE x.ring = m.ring) AS size
FROM members AS m LEFT JOIN ring_scores AS r USING (ring) WHERE m.account_id = $id
"""

TRADE = """
SELECT (SELECT count(*) FROM orders WHERE buyer_id = $id) AS bought,
       (SELECT count(*) FROM orders WHERE seller_id = $id) AS sold,
       (SELECT count(DISTINCT device_id) FROM devices WHERE account_id = $id) AS devices,
       (SELECT count(*) FROM chat_links WHERE sender_id = $id) AS sent,
       (SELECT max(registered_at) FROM accounts WHERE account_id = $id) AS registered_at
"""

DECIDED = """
WITH every AS (
    SELECT decided_at, verdict, subject_id FROM labels
  UNION
    SELECT decided_at, verdict, subject_id FROM verdict_journal WHERE decided_at < $now
)
SELECT * FROM every
WHERE subject_id = $id OR subject_id IN (SELECT ring_id FROM register_history WHERE account_id = $id) ORDER BY ALL
"""
"""Its own verdicts, and those on rings that it was ever listed on: they hold for their members."""


@dataclass(frozen=True)
class About:
    """Everything found about `account`: frames of `acts`, `ties`, `hubs`, `verdicts`; `trade` and, where it is on a
    candidate ring, `place` (hold, acts, the ring's score or None, its size); `acting`, nats of its own acts as a
    member's, and `alone`, as one's who is listed alone."""

    account: str
    acts: pl.DataFrame
    ties: pl.DataFrame
    hubs: pl.DataFrame
    verdicts: pl.DataFrame
    trade: dict[str, Any]
    place: dict[str, Any] | None
    acting: float
    alone: float

    @property
    def known(self) -> bool:
        """Whether any export names the account."""
        return any(self.trade.values())


def about(db: Db, account: str, now: datetime) -> About:
    """Ask the night's tables, made up to the scores, `verdict_journal` and `register_history`."""
    place = db.frame(PLACE, id=account).rows(named=True)
    acting = db.frame("SELECT nats FROM suspicion WHERE account_id = $id", id=account)["nats"].to_list()
    alone = pooled.by_typology(db.frame(APART, id=account), "account_id")["nats"].to_list()
    return About(
        account,
        db.frame(ACTS, id=account),
        db.frame(TIES, id=account),
        db.frame(HUBS, id=account),
        db.frame(DECIDED, id=account, now=now),
        db.frame(TRADE, id=account).row(0, named=True),
        place[0] if place else None,
        acting[0] if acting else 0.0,
        max(alone, default=0.0),
    )


def why_not(found: About, method: Method, language: Language) -> list[str]:
    """Why an account that is on no list is on none: sentences."""
    if not found.known:
        return [words.say("not_known", language)]
    out = [words.say("not_listed", language)]
    if (found.place and found.place["score"] is not None) or found.alone >= method.score.lone:
        return [*out, words.say("not_for_verdict", language)]
    if found.acting < method.rings.acting:
        out.append(words.say("not_acting", language))
    else:
        figures = {"nats": f"{found.alone:.1f}", "least": f"{method.score.lone:.1f}"}
        out.append(words.say("not_enough_acts", language, **figures))
    others = found.ties["other"].n_unique()
    if found.place:
        out.append(words.say("not_a_ring", language))
    elif others:
        out.append(words.say("not_holding", language, n=others))
    else:
        out.append(words.say("alone", language))
    return out


def own_facts(found: About, language: Language) -> list[str]:
    """The person's own facts and no other's ids: trade, what it did against what is usual, how much is shared."""
    trade = found.trade
    since = f"{trade['registered_at']:%Y-%m-%d}" if trade["registered_at"] else "-"
    out = [words.say("its_trade", language, date=since, **{n: trade[n] for n in ("bought", "sold", "devices")})]
    out += act_sentences(found, language)
    counted = found.ties.group_by("kind").agg(pl.col("entity_id").n_unique()).sort("kind")
    out += [words.say("its_ties", language, kind=words.kind(kind, language), n=n) for kind, n in counted.iter_rows()]
    out += [
        words.say("its_verdict", language, date=f"{at:%Y-%m-%d}", verdict=words.verdict(verdict, language))
        for at, verdict in found.verdicts.filter(subject_id=found.account).select("decided_at", "verdict").iter_rows()
    ]
    return out


def act_sentences(found: About, language: Language) -> list[str]:
    """One sentence a kind of act, what says most first."""
    return [
        words.say(
            "acts", language, typology=words.typology(typology, language), k=k, n=n,
            what=words.act(act, language), rate=words.share(rate),
        )
        for typology, act, k, n, rate in found.acts.select("typology", "act", "k", "n", "rate").iter_rows()
    ]  # fmt: skip
