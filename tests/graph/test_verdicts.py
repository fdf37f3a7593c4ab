"""What verdicts do to a night: cleared rings stay off until something new, confirmed ones raise what they touch.

Those that look at one market stand together: it is weighed once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from graph.exports import LABELS
from graph.settings import Method, VerdictSettings
from graph.watchlists import watchlists
from jobs.warehouse import Warehouse
from tests.graph.planted import QUIET, RING, honest, market, quiet, ring, sales
from tests.graph.tables_in import NIGHT, Row, at, frame, night, on_one_device, remember, scored

BEFORE = NIGHT - timedelta(days=7)
DECIDED = at(172)
"""The day after the night before; the planted ring's last act is of day 178, a lone open order."""
NAME = "R-ring00"


def past(**rings: Sequence[str]) -> list[tuple[date, str, str]]:
    return [(BEFORE, f"R-{name}", account) for name, members in rings.items() for account in members]


def tonight(
    engine: Warehouse,
    rows: Sequence[Row],
    *labels: tuple[str, str, datetime],
    things: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    rings: Mapping[str, Sequence[str]] | None = None,
    method: Method | None = None,
    score: float = 0.6,
    alone: float | None = None,
    journal: Sequence[Mapping[str, object]] = (),
) -> dict[str, pl.DataFrame]:
    """Watchlists of a night that knows the planted ring from the night before, under these verdicts; `score` as it was
    listed then, `alone` by the evidence alone."""
    given = [{"subject_id": i, "verdict": v, "decided_at": when} for i, v, when in labels]
    scored(engine, rows, method or Method())
    engine.put("labels", frame(LABELS, given))
    engine.put("verdict_journal", frame(LABELS, list(journal)))
    remember(engine, *((*row, score) for row in past(**(rings or {"ring00": RING}))))
    if alone is not None:
        then = {"run_date": BEFORE, "ring_id": NAME, "typology": "confirm_first", "score": alone}
        engine.put("register_scores", pl.DataFrame([then]))
    ties = [
        (BEFORE, f"R-{name}", RING[0], kind, thing)
        for name, held in (things or {"ring00": [("device", "ring's phone 1"), ("payee", "ring's pocket")]}).items()
        for kind, thing in held
    ]
    names = ("run_date", "ring_id", "account_id", "kind", "entity_id")
    engine.put(
        "register_ties",
        pl.DataFrame(ties, schema=dict.fromkeys(names, pl.String) | {"run_date": pl.Date}, orient="row"),
    )
    night(engine, "verdicts", method, after="scores")
    return watchlists(engine, NIGHT, method or Method(), "en")


def ids(lists: Mapping[str, pl.DataFrame]) -> set[str]:
    return set(lists["rings"]["ring_id"])


def the_ring(lists: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    return lists["rings"].row(by_predicate=pl.col("ring_id") == NAME, named=True)


def old_acts() -> list[Row]:
    """The planted market with everything long before the verdict."""
    return [r for r in market() if r.values.get("order_id") != "s1.open"]


def _renamed(row: Row) -> Row:
    return Row(row.table, {**row.values, "order_id": f"late {row.values['order_id']}", "payee_id": "ring's pocket"})


def test_without_verdicts_nothing_changes(engine: Warehouse) -> None:
    plain = tonight(engine, market())
    expired = tonight(engine, market(), (NAME, "cleared", DECIDED - timedelta(days=400)))
    assert all(plain[name].equals(expired[name]) for name in plain)
    assert engine.frame("SELECT * FROM held_off").is_empty()


def test_a_cleared_loner_is_off(engine: Warehouse) -> None:
    assert "lone0" in tonight(engine, market())["lone"]["account_id"].to_list()
    assert "lone0" not in tonight(engine, market(), ("lone0", "cleared", DECIDED))["lone"]["account_id"].to_list()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["disputed"], "Disputed on 2025-06-22, and not decided yet."),
        (["confirmed"], "Decided by a person on 2025-06-22: confirmed."),
        (["watch"], "Decided by a person on 2025-06-22: watch."),
        (
            ["cleared", "confirmed"],
            "The verdicts contradict each other: cleared on 2025-06-22, confirmed on 2025-06-23; the newest counts.",
        ),
    ],
    ids=["disputed", "confirmed", "watch", "contradicted"],
)
def test_a_loner_says_what_was_decided(engine: Warehouse, given: list[str], sentence: str) -> None:
    """Its row has no column for it."""
    labels = [("lone0", verdict, DECIDED + timedelta(days=n)) for n, verdict in enumerate(given)]
    lone = tonight(engine, market(), *labels)["lone"]
    assert sentence in lone.row(by_predicate=pl.col("account_id") == "lone0", named=True)["reasons"]
    assert sentence not in lone.filter(pl.col("account_id") != "lone0")["reasons"].explode().to_list()


def test_a_cleared_loner_comes_back_with_the_reason(engine: Warehouse) -> None:
    lone = tonight(engine, market(), ("lone0", "cleared", at(30)))["lone"]
    reasons = lone.row(by_predicate=pl.col("account_id") == "lone0", named=True)["reasons"]
    assert any(re.fullmatch(r"An analyst cleared the account on 2025-01-31; \d+ new acts since.", r) for r in reasons)


def test_a_cleared_ring_stays_off_while_nothing_is_new(engine: Warehouse) -> None:
    assert NAME in ids(tonight(engine, old_acts()))
    lists = tonight(engine, old_acts(), (NAME, "cleared", DECIDED))
    assert NAME not in ids(lists)
    assert not set(RING) & set(lists["accounts"]["account_id"])
    assert lists["changes"].filter(ring_id=NAME).select("change", "detail").rows() == [
        ("cleared", "Cleared by an analyst; no new, independent evidence since.")
    ]
    assert lists["operators"].filter(ring_id=NAME).is_empty()


def test_it_survives_another_name_and_fewer_members(engine: Warehouse) -> None:
    """The verdict was on a larger ring that has since lost its name and some members."""
    rings = {"other0": [*RING, "gone1", "gone2"]}
    lists = tonight(engine, old_acts(), ("R-other0", "cleared", DECIDED), rings=rings, things={"other0": []})
    assert not set(RING) & set(lists["accounts"]["account_id"])


@pytest.mark.parametrize("between", ["disputed", "watch"])
def test_a_contradiction_is_shown_though_it_was_open_in_between(engine: Warehouse, between: str) -> None:
    days = [DECIDED + timedelta(days=n) for n in range(4)]
    said = list(zip(("cleared", "confirmed", between, "confirmed"), days, strict=True))
    found = the_ring(tonight(engine, old_acts(), *((NAME, verdict, day) for verdict, day in said)))
    assert (
        "The verdicts contradict each other: cleared on 2025-06-22, confirmed on 2025-06-25; the newest counts."
        in found["against"]
    )
    open_ = the_ring(tonight(engine, old_acts(), *((NAME, verdict, day) for verdict, day in said[:3])))
    assert not any("contradict" in sentence for sentence in open_["against"]), "it is not decided now"


@pytest.mark.parametrize("later", ["confirmed", "watch", "disputed"])
def test_the_newest_verdict_counts(engine: Warehouse, later: str) -> None:
    newest = (NAME, later, DECIDED + timedelta(days=1))
    found = the_ring(tonight(engine, old_acts(), (NAME, "cleared", DECIDED), newest))
    assert found["verdict"] == later
    against = " ".join(found["against"])
    assert ("The verdicts contradict each other" in against) is (later == "confirmed")
    assert ("Disputed on 2025-06-23" in against) is (later == "disputed")


def test_verdicts_expire(engine: Warehouse) -> None:
    brief = Method(verdicts=VerdictSettings(days=5))
    assert NAME in ids(tonight(engine, old_acts(), (NAME, "cleared", DECIDED), method=brief))


def test_clearing_every_member_is_clearing_the_ring(engine: Warehouse) -> None:
    lists = tonight(engine, old_acts(), *[(account, "cleared", DECIDED) for account in RING])
    assert NAME not in ids(lists)


def test_a_cleared_member_goes_to_the_bottom_and_the_ring_stays(engine: Warehouse) -> None:
    lists = tonight(engine, old_acts(), ("s1", "cleared", DECIDED))
    found, plain = the_ring(lists), lists["accounts"].filter(ring_id=NAME).sort("rank")
    assert found["verdict"] is None
    assert plain["account_id"].to_list()[-1] == "s1"
    row = plain.row(by_predicate=pl.col("account_id") == "s1", named=True)
    assert row["verdict"] == "cleared"
    assert "An analyst cleared the account on 2025-06-22; no new, independent evidence since." in row["against"]
    assert float(found["score"]) < float(the_ring(tonight(engine, old_acts()))["score"])


def test_a_score_that_verdicts_moved_is_not_laid_to_acts_or_rates(engine: Warehouse) -> None:
    plain = the_ring(tonight(engine, old_acts()))["score"]
    lists = tonight(engine, old_acts(), ("s4", "confirmed", DECIDED), score=plain)
    [detail] = lists["changes"].filter(ring_id=NAME, change="score")["detail"]
    assert detail.endswith(": analysts' verdicts.")
    again = tonight(engine, old_acts(), ("s4", "confirmed", DECIDED), score=the_ring(lists)["score"], alone=plain)
    assert again["changes"].filter(ring_id=NAME, change="score").is_empty()
    fallen = tonight(engine, old_acts(), score=the_ring(lists)["score"], alone=plain)
    [detail] = fallen["changes"].filter(ring_id=NAME, change="score")["detail"]
    assert detail.endswith(": analysts' verdicts."), "it expired"
    other = tonight(engine, old_acts(), ("s4", "confirmed", DECIDED), score=0.3)
    [detail] = other["changes"].filter(ring_id=NAME, change="score")["detail"]
    assert detail.endswith(": analysts' verdicts, the platform's rates or older rows changed.")
    assert "verdicts" not in tonight(engine, old_acts(), score=0.3)["changes"].filter(change="score")["detail"].item()


def test_a_confirmed_member_raises_its_ring_within_bounds(engine: Warehouse) -> None:
    before = the_ring(tonight(engine, old_acts()))
    lists = tonight(engine, old_acts(), ("s4", "confirmed", DECIDED))
    found = the_ring(lists)
    odds = [float(r["score"]) / (1 - float(r["score"])) for r in (before, found)]
    assert odds[1] == pytest.approx(2 * odds[0])
    assert "Analysts confirmed 1 of its members (last on 2025-06-22); the score is raised for it." in found["reasons"]
    assert lists["accounts"].filter(ring_id=NAME).sort("rank")["account_id"][0] == "s4"


def test_a_verdict_in_the_journal_counts_from_its_time(engine: Warehouse) -> None:
    for when, off in ((DECIDED, True), (at(181), False)):
        given = {"subject_id": NAME, "verdict": "cleared", "decided_at": when}
        assert (NAME not in ids(tonight(engine, old_acts(), journal=[given]))) is off


def test_more_of_the_same_ties_is_nothing_new(engine: Warehouse) -> None:
    rows = [*old_acts(), *on_one_device(*RING[:3], thing="their new phone", first=175, last=178)]
    assert NAME not in ids(tonight(engine, rows, (NAME, "cleared", DECIDED)))


def test_new_acts_of_a_member_bring_it_back_with_the_reason(engine: Warehouse) -> None:
    rows = [*old_acts(), *[_renamed(r) for r in sales("s1", 9, 9, n=9, day=174)]]
    lists = tonight(engine, rows, (NAME, "cleared", DECIDED))
    found = the_ring(lists)
    assert found["verdict"] == "cleared"
    assert any(
        str(s).startswith("An analyst cleared it on 2025-06-22; since then its members did") for s in found["reasons"]
    )
    silent = lists["accounts"].filter(ring_id=NAME).sort("rank")["account_id"].to_list()
    assert silent[0] == "s1", "the others are cleared still, and stand at the bottom"
    plain = float(the_ring(tonight(engine, rows))["score"])
    odds = [x / (1 - x) for x in (float(found["score"]), plain)]
    assert odds[0] < 0.2 * odds[1], "what was cleared does not speak again: 9 of 37 acts are new"


def test_a_new_member_who_acts_brings_it_back(engine: Warehouse) -> None:
    more = [_renamed(r) for r in sales("s6", 8, 5, payee_id="ring's pocket")]
    rows = [*old_acts(), *more, *on_one_device("s6", "s1", "s5", thing="ring's phone 1")]
    found = the_ring(tonight(engine, rows, (NAME, "cleared", DECIDED)))
    assert "An analyst cleared it on 2025-06-22; 1 members whom nobody cleared act suspiciously." in found["reasons"]


def test_a_new_kind_of_tie_brings_it_back_and_a_household_thing_does_not(engine: Warehouse) -> None:
    things = {"ring00": [("device", "ring's phone 1")]}
    pay = [Row(r.table, {**r.values, "payee_id": None}) if r.table == "orders" else r for r in old_acts()]
    said = [
        Row("chat_links", {"message_id": f"m{a}", "sender_id": a, "receiver_id": "x", "sent_at": 176.0,
                           "target_kind": "contact", "target_id": "one handle"}) for a in RING[:4]
    ]  # fmt: skip
    assert NAME not in ids(tonight(engine, pay, (NAME, "cleared", DECIDED), things=things))
    found = the_ring(tonight(engine, [*pay, *said], (NAME, "cleared", DECIDED), things=things))
    assert "An analyst cleared it on 2025-06-22; a new kind of tie since: contact or link." in found["reasons"]


def test_what_shares_a_thing_with_the_confirmed_is_raised_less(engine: Warehouse) -> None:
    rows = [*ring(), *quiet(), *honest()]
    rings, things = {"other0": ["x1", "x2"]}, {"other0": [("payee", "quiet pocket")]}
    plain = tonight(engine, rows, rings=rings, things=things)["rings"]
    lists = tonight(engine, rows, ("R-other0", "confirmed", DECIDED), rings=rings, things=things)["rings"]
    quiet_one = pl.col("accounts").list.contains(QUIET[0])
    was, now = plain.filter(quiet_one).row(0, named=True), lists.filter(quiet_one).row(0, named=True)
    assert now["score"] / (1 - now["score"]) == pytest.approx(1.4 * was["score"] / (1 - was["score"]))
    assert "Shares with what analysts confirmed: payee; the score is raised for it." in now["reasons"]
    assert plain.filter(~quiet_one)["score"].to_list() == lists.filter(~quiet_one)["score"].to_list()
