"""What analysts hold of accounts and rings, and what that makes of tonight's: reckoning alone, no tables.

What is cleared does not speak again; what was done since does, once it says enough, and so does a new kind of tie. What
is tied to the confirmed gets better odds, within bounds. A person's own verdict goes before that on a ring, and of each
the newest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph.settings import VerdictSettings

HOUSEHOLD = frozenset({"device", "address", "phone"})
NO_THING = frozenset({"inviter", "succession"})
DECIDING = ("confirmed", "cleared")
"""Verdicts that decide; what is watched or disputed is open."""


@dataclass(frozen=True)
class Opinion:
    """What analysts hold of a subject: the newest verdict; `decided`, the newest of those that decide, and `against`,
    when an older one in force said the opposite. One that does not count is there to be shown, and only where no other
    is."""

    verdict: str
    decided_at: datetime
    against: datetime | None = None
    counts: bool = True
    decided: tuple[str, datetime] | None = None

    @property
    def confirms(self) -> bool:
        """Whether it may raise anything."""
        return self.counts and self.verdict == "confirmed"


@dataclass(frozen=True)
class Member:
    """A member of a ring of tonight: `acts` in nats, at least 0."""

    account_id: str
    acts: float


@dataclass(frozen=True)
class Tie:
    """One thing that ties members tonight."""

    kind: str
    entity_id: str
    nats: float
    first_at: datetime


@dataclass
class Known:
    """Everything the verdicts say, ready to be asked."""

    accounts: dict[str, Opinion] = field(default_factory=dict)
    rings: dict[str, tuple[frozenset[str], Opinion]] = field(default_factory=dict)
    """Subject -> members then, opinion."""
    rings_of: dict[str, set[str]] = field(default_factory=dict)
    """Account -> rings decided on that it was on."""
    kinds: dict[str, frozenset[str]] = field(default_factory=dict)
    """Subject -> kinds of ties that it had when it was decided on."""
    confirmed_things: dict[str, str] = field(default_factory=dict)
    """Thing -> kind, of confirmed rings and accounts."""
    since: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    """Cleared account -> nats of its acts, the part since then, acts since then."""


@dataclass
class Note:
    """A sentence to be said of a ring, a member or (`ring` None) an account that is listed alone: `name` of a template,
    its figures."""

    ring: int | None
    account_id: str | None
    side: str
    name: str
    figures: Mapping[str, object]


@dataclass
class Outcome:
    """What becomes of one ring: what its odds are multiplied by, the share of its evidence that still speaks, its
    verdict, and what is to be said."""

    factor: float = 1.0
    speaks: float = 1.0
    verdict: str | None = None
    cleared_at: datetime | None = None
    notes: list[Note] = field(default_factory=list)


def newer(older: Opinion | None, verdict: str, at: datetime, *, counts: bool = True) -> Opinion:
    """A subject's opinion after one more verdict; one that said the opposite is remembered, though it was watched or
    disputed in between."""
    if not counts:
        return older if older and older.counts else Opinion(verdict, at, counts=False)
    if older is None or not older.counts:
        older = Opinion(verdict, at)
    if verdict not in DECIDING:
        return Opinion(verdict, at, older.against, decided=older.decided)
    opposite = older.decided and older.decided[0] != verdict
    return Opinion(verdict, at, older.decided[1] if opposite and older.decided else older.against, True, (verdict, at))


def reason(kind: str) -> str:
    """What a household shares is one reason, whichever of its things it is."""
    return "household" if kind in HOUSEHOLD else kind


def weigh(
    ring: int,
    ring_id: str,
    members: list[Member],
    ties: list[Tie],
    beside: frozenset[str],
    known: Known,
    s: VerdictSettings,
) -> Outcome:
    """What the verdicts make of one ring's evidence; `beside`: kinds of its ties to confirmed accounts not on it."""
    outcome = Outcome()
    covering = _covering(ring_id, frozenset(m.account_id for m in members), known, s)
    if covering:
        outcome.verdict = covering.verdict
        _say_doubts(outcome, ring, None, covering)
    for member in members:
        if opinion := known.accounts.get(member.account_id):
            _say_doubts(outcome, ring, member.account_id, opinion)
    _clear(outcome, ring, members, ties, known, s, whole=covering is not None and covering.verdict == "cleared")
    factor, note = raising(ring, [m.account_id for m in members], ties, beside, known, s)
    outcome.factor *= factor
    outcome.notes += [note] if note else []
    return outcome


def _covering(ring_id: str, accounts: frozenset[str], known: Known, s: VerdictSettings) -> Opinion | None:
    """The newest verdict on a ring, under whatever name, that is this one: most of the smaller is in the other."""
    found = []
    for subject in sorted({ring_id, *(i for a in accounts for i in known.rings_of.get(a, ()))} & known.rings.keys()):
        then, opinion = known.rings[subject]
        if subject == ring_id or len(then & accounts) >= s.cover * min(len(then), len(accounts)):
            found.append((opinion.counts, opinion.decided_at, subject, opinion))
    return max(found, key=lambda f: f[:3])[3] if found else None


def _clear(
    outcome: Outcome,
    ring: int,
    members: list[Member],
    ties: list[Tie],
    known: Known,
    s: VerdictSettings,
    *,
    whole: bool,
) -> None:
    """Let what is cleared be silent, and say what has come since."""
    opinions = {m: o for m in members if (o := known.accounts.get(m.account_id)) and o.verdict == "cleared"}
    if not opinions:
        return
    since = {m: known.since.get(m.account_id, (0.0, 0.0, 0)) for m in opinions}
    for member, opinion in opinions.items():
        _, new, n = since[member]
        name = "cleared_account_acts" if new >= s.fresh else "cleared_account"
        figures = {"date": f"{opinion.decided_at:%Y-%m-%d}", "n": n}
        outcome.notes.append(Note(ring, member.account_id, "for" if new >= s.fresh else "against", name, figures))
    newest = max(o.decided_at for o in opinions.values())
    others = [m for m in members if m not in opinions]
    kinds = _new_kinds([m.account_id for m in opinions], newest, ties, known, s)
    acts = sum(m.acts for m in members)
    spoken = sum(m.acts for m in others) + sum(m.acts * new / nats for m, (nats, new, _) in since.items() if nats)
    enough = sum(m.acts for m in others) + sum(new for _, new, _ in since.values()) >= s.fresh
    if not kinds:
        outcome.speaks = (spoken / acts if acts else len(others) / len(members)) if enough else 0.0
    outcome.cleared_at = newest
    if whole or not others:
        outcome.verdict = outcome.verdict or "cleared"
        at = {"date": f"{newest:%Y-%m-%d}"}
        acting = [m for m in others if m.acts >= s.acting]
        if n := sum(n for _, _, n in since.values()):
            outcome.notes.append(Note(ring, None, "for", "since_acts", {**at, "n": n}))
        if acting:
            outcome.notes.append(Note(ring, None, "for", "since_members", {**at, "n": len(acting)}))
        if kinds:
            outcome.notes.append(Note(ring, None, "for", "since_kinds", {**at, "kinds": kinds}))


def _new_kinds(cleared: list[str], newest: datetime, ties: list[Tie], known: Known, s: VerdictSettings) -> list[str]:
    """Kinds of tie first seen after the decision, strong enough, that none of the decisions had before it."""
    subjects = {*cleared, *(i for account in cleared for i in known.rings_of.get(account, ()))}
    had = frozenset[str]().union(*(known.kinds.get(subject, frozenset()) for subject in subjects))
    new = {t.kind for t in ties if t.first_at > newest and t.nats >= s.tie and reason(t.kind) not in had}
    return sorted(new) if had else []


def raising(
    ring: int, accounts: list[str], ties: list[Tie], beside: frozenset[str], known: Known, s: VerdictSettings
) -> tuple[float, Note | None]:
    """Better odds for what is tied to the confirmed, and the sentence: a ring they are on, or one that shares a thing
    with them or is tied to one of them tonight."""
    confirmed = [o for a in accounts if (o := known.accounts.get(a)) and o.confirms]
    if confirmed:
        figures = {"n": len(confirmed), "date": f"{max(o.decided_at for o in confirmed):%Y-%m-%d}"}
        return s.raised, Note(ring, None, "for", "raised_members", figures)
    shared = {t.kind for t in ties if t.entity_id in known.confirmed_things} | beside
    if shared:
        return s.raised_by_thing, Note(ring, None, "for", "raised_thing", {"kinds": sorted(shared)})
    return 1.0, None


def _say_doubts(outcome: Outcome, ring: int, account: str | None, opinion: Opinion) -> None:
    if said := doubt(opinion):
        outcome.notes.append(Note(ring, account, "against", *said))


def doubt(opinion: Opinion) -> tuple[str, Mapping[str, object]] | None:
    """The sentence about a verdict that is open, contradicted or counts for nothing, and its figures."""
    figures = {"date": f"{opinion.decided_at:%Y-%m-%d}"}
    if not opinion.counts:
        return "own_flag", figures
    if opinion.verdict == "disputed":
        return "disputed", figures
    if opinion.verdict in DECIDING and opinion.against:
        return f"contradicted_{opinion.verdict}", {**figures, "before": f"{opinion.against:%Y-%m-%d}"}
    return None


def of_loner(account: str, known: Known) -> list[Note]:
    """What verdicts have to say of an account that is listed alone, where the row itself has no place for them."""
    opinion = known.accounts.get(account)
    if opinion is None:
        return []
    said = [d] if (d := doubt(opinion)) else []
    date = f"{opinion.decided_at:%Y-%m-%d}"
    if opinion.verdict == "cleared":
        _, _, n = known.since.get(account, (0.0, 0.0, 0))
        said.append(("cleared_account_acts", {"date": date, "n": n}))
    elif not said:
        said.append(("its_verdict", {"date": date, "verdict": opinion.verdict}))
    return [Note(None, account, "against", *each) for each in said]


def moved(score: float, factor: float) -> float:
    """A score with its odds multiplied."""
    return score if factor == 1.0 or score >= 1.0 else (odds := factor * score / (1 - score)) / (1 + odds)


def silent(account: str, known: Known, s: VerdictSettings) -> bool:
    """Whether an account is cleared and has done too little since."""
    opinion = known.accounts.get(account)
    if opinion is None or opinion.verdict != "cleared":
        return False
    return known.since.get(account, (0.0, 0.0, 0))[1] < s.fresh


def member_score(score: float, account: str, known: Known, s: VerdictSettings) -> float:
    """An account's score: the cleared at the bottom, in their order; the confirmed at better odds."""
    if silent(account, known, s):
        return score / 100
    opinion = known.accounts.get(account)
    return moved(score, s.confirmed) if opinion and opinion.confirms else score
