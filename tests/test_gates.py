"""Each gate has nights that trip it and nights that do not; figures by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

import pytest

from graph.figures import NEWEST, ExportFigures, Figures, Seen
from graph.gates import GATES, judge
from graph.settings import GateSettings

FIRST = date(2025, 1, 6)
DEFAULTS = GateSettings()


def export(day: date, rows: int = 1000, **changed: Any) -> ExportFigures:
    given = {"read": rows, "set_aside": 0, "rows": rows, "fresh": rows, "known": 10 * rows}
    return ExportFigures(**{**given, "newest": datetime.combine(day, datetime.min.time()), **changed})


def night(
    week: int,
    exports: Mapping[str, Any] | None = None,
    kind: Literal["snapshot", "increment"] = "increment",
    **changed: Any,
) -> Figures:
    """An ordinary night; `exports` are the columns of one or more exports that differ."""
    day = FIRST + timedelta(weeks=week)
    made = {name: export(day, **(exports or {}).get(name, {})) for name in NEWEST}
    lists = {"rings": 40, "accounts": 300, "largest_ring": 30, "hubs": 50}
    churn = {"rings_before": 40, "rings_new": 2, "rings_gone": 2} if week else {}
    return Figures(**{"drop_date": day, "kind": kind, "exports": made, "seen": {}, **lists, **churn, **changed})


def history(n: int = 8, **changed: Any) -> list[Figures]:
    """So many ordinary nights, newest first."""
    return [night(week, **changed) for week in reversed(range(n))]


def states(now: Figures, earlier: Sequence[Figures], settings: GateSettings = DEFAULTS) -> dict[str, str]:
    """Of the gates that did anything but pass."""
    return {v.gate: v.state for v in judge(now, earlier, settings) if v.state != "passed"}


def seen(share: float, expected: int = 100) -> dict[str, list[Seen]]:
    return {"device": [Seen(drop_date=FIRST, expected=expected, seen=int(share * expected))]}


def test_an_ordinary_night_passes_every_gate() -> None:
    assert states(night(8, seen=seen(1.0)), history()) == {}


TRIPPED: dict[str, tuple[str, Figures]] = {
    "no new row in an export that always had some": ("stale", night(8, {"orders": {"fresh": 0}})),
    "an export a month older than the rest": ("stale", night(8, {"chat_links": {"newest": datetime(2025, 1, 20)}})),
    "a fifth of the rows": ("short", night(8, {"devices": {"rows": 200}})),
    "an empty export": ("short", night(8, {"orders": {"rows": 0, "newest": None}})),
    "three in five rows broken": ("rejects", night(8, {"orders": {"rows": 400, "read": 1000, "set_aside": 600}})),
    "a changed salt": ("salt", night(8, seen=seen(0.0))),
    "a ring of thousands": ("ring_size", night(8, {"accounts": {"known": 10**6}}, largest_ring=2001)),
    "a third of the market on one ring": ("ring_size", night(8, {"accounts": {"known": 900}}, largest_ring=300)),
    "hardly any ring left": ("volume", night(8, rings=4)),
    "six times as many accounts": ("volume", night(8, accounts=1801)),
    "most rings are new": ("churn", night(8, rings_new=21)),
    "most rings are gone": ("churn", night(8, rings_gone=21)),
    "four times as many hubs": ("hubs", night(8, hubs=200)),
    "hardly a hub left": ("hubs", night(8, hubs=10)),
    "an empty list": ("empty_list", night(8, rings=0, accounts=0, largest_ring=0)),
}


@pytest.mark.parametrize("why", TRIPPED)
def test_a_night_that_trips(why: str) -> None:
    gate, now = TRIPPED[why]
    assert states(now, history())[gate] == "refused"


SPARED: dict[str, tuple[str, Figures]] = {
    "one new row": ("stale", night(8, {"orders": {"fresh": 1}})),
    "thirty days behind": ("stale", night(8, {"chat_links": {"newest": datetime(2025, 2, 1)}})),
    "a third of the rows": ("short", night(8, {"devices": {"rows": 300}})),
    "nine times the rows": ("short", night(8, {"orders": {"rows": 9000, "fresh": 1}})),
    "half of the rows broken": ("rejects", night(8, {"orders": {"read": 1000, "rows": 500, "set_aside": 500}})),
    "half of the ids known": ("salt", night(8, seen=seen(0.5))),
    "few ids to compare": ("salt", night(8, seen=seen(0.0, expected=19))),
    "a ring of two thousand": ("ring_size", night(8, {"accounts": {"known": 10**6}}, largest_ring=2000)),
    "most of a small market": ("ring_size", night(8, {"accounts": {"known": 300}}, largest_ring=200)),
    "a third of the rings": ("volume", night(8, rings=12, accounts=100)),
    "five times as many accounts": ("volume", night(8, accounts=1500)),
    "half of the rings are new": ("churn", night(8, rings_new=20)),
    "half of the rings are gone": ("churn", night(8, rings_gone=20)),
    "three times as many hubs": ("hubs", night(8, hubs=150)),
    "a third of the hubs": ("hubs", night(8, hubs=17)),
    "one ring left": ("empty_list", night(8, rings=1, accounts=2, largest_ring=2)),
    "no ring, and two before": ("empty_list", night(8, rings=0, rings_before=2)),
}
"""As near to the limits as a night may come."""


@pytest.mark.parametrize("why", SPARED)
def test_a_night_that_does_not(why: str) -> None:
    gate, now = SPARED[why]
    assert states(now, history()).get(gate) != "refused"


def test_every_gate_is_tripped_by_some_night_and_spares_another() -> None:
    assert {gate for gate, _ in TRIPPED.values()} == set(GATES) == {gate for gate, _ in SPARED.values()}


@pytest.mark.parametrize(
    "now",
    [
        night(8, {"orders": {"rows": 350}}),
        night(8, {"orders": {"rows": 9000, "fresh": 1}}),
        night(8, {"orders": {"read": 1000, "rows": 960, "set_aside": 40}}),
        night(8, rings=15, accounts=100, rings_gone=20),
        night(8, rings=79, accounts=590, rings_new=39),
        night(8, hubs=69),
    ],
)
def test_what_an_ordinary_night_may_be(now: Figures) -> None:
    assert "refused" not in states(now, history()).values()


@pytest.mark.parametrize(
    ("gate", "now"),
    [
        ("rejects", night(8, {"orders": {"read": 1000, "rows": 900, "set_aside": 100}})),
        ("volume", night(8, rings=100)),
        ("empty_list", night(8, rings=0, rings_before=2)),
        ("short", night(8, kind="increment")),
        ("stale", night(8, {name: {"fresh": 0} for name in NEWEST})),
    ],
)
def test_a_surprise_only_warns(gate: str, now: Figures) -> None:
    past = history(kind="snapshot") if gate == "short" else history(rings=1) if gate == "empty_list" else history()
    assert states(now, past)[gate] == "warned"


SIZES = ("short", "volume", "churn", "hubs")
ODD = night(
    9, {name: {"rows": 60, "fresh": 0} for name in NEWEST}, rings=4, accounts=9, rings_new=4, rings_gone=40, hubs=900
)


def test_sizes_are_judged_after_eight_nights() -> None:
    few = history(7)
    assert {gate: states(ODD, few)[gate] for gate in SIZES} == dict.fromkeys(SIZES, "not judged")
    eight = states(ODD, [*history(9)][:8])
    assert {gate: eight[gate] for gate in SIZES} == dict.fromkeys(SIZES, "refused")


def test_only_like_nights_count() -> None:
    snapshots = [night(week, kind="snapshot") for week in reversed(range(9))]
    assert {gate: states(ODD, snapshots[:7])[gate] for gate in SIZES} == dict.fromkeys(SIZES, "not judged")
    mixed = [night(8, kind="snapshot"), *history()]
    assert {gate: states(ODD, mixed)[gate] for gate in SIZES} == dict.fromkeys(SIZES, "refused")


def test_staleness_is_judged_after_three_nights() -> None:
    old = night(8, {"orders": {"fresh": 0}})
    assert states(old, history()[:2])["stale"] == "not judged"
    assert states(old, history()[:3])["stale"] == "refused"
    sometimes = [night(7), night(6, {"orders": {"fresh": 3}}), night(5)]
    assert "stale" not in states(old, sometimes)
    behind = night(8, {"chat_links": {"newest": datetime(2025, 1, 20)}})
    long_ago = {"chat_links": {"newest": datetime(2024, 1, 20)}}
    assert "stale" not in states(behind, [night(7), night(6, long_ago), night(5)]), "it is like that here"


def test_an_empty_export_is_refused_after_eight_nights_of_any_kind() -> None:
    empty = night(8, {"orders": {"rows": 0, "newest": None, "fresh": 0}})
    mixed = [*history(8)[:-1], night(0, kind="snapshot")]
    assert states(empty, mixed)["short"] == "refused"
    assert states(empty, mixed[:7])["short"] == "not judged"
    sometimes = [*mixed[:3], night(4, {"orders": {"rows": 0, "newest": None}}), *mixed[4:]]
    assert states(empty, sometimes)["short"] == "not judged", "it has been empty before"


def test_a_first_night_is_judged_on_its_own() -> None:
    first = night(0, {"orders": {"rows": 400, "read": 1000, "set_aside": 600}}, rings=0)
    assert states(first, [])["rejects"] == "refused"
    assert "refused" not in states(night(0, rings=0), []).values()


def test_a_dozen_rows_say_little() -> None:
    tiny = {name: {"rows": 12} for name in NEWEST}
    past = [night(week, tiny, rings=2, accounts=6, rings_before=2, hubs=1) for week in reversed(range(8))]
    broken = {name: {"rows": 2, "read": 14, "set_aside": 12, "fresh": 0} for name in NEWEST}
    now = night(8, broken, rings=0, accounts=0, rings_before=2, rings_gone=2, hubs=12, seen=seen(0.0, 12))
    assert "refused" not in states(now, past).values()


def test_a_run_between_drops_does_not_judge_the_drop_again() -> None:
    again = night(7, {"orders": {"rows": 400, "read": 1000, "set_aside": 600, "fresh": 0}}, seen={})
    found = states(again, history())
    assert {gate: found[gate] for gate in ("stale", "short", "rejects")} == dict.fromkeys(
        ("stale", "short", "rejects"), "not judged"
    )


def test_cleared_rings_are_no_loss() -> None:
    cleared = night(8, rings=0, accounts=0, rings_before=40, rings_gone=40, rings_cleared=40)
    found = states(cleared, history())
    assert "empty_list" not in found
    assert "churn" not in found


def test_a_platform_that_always_churns() -> None:
    past = history(rings_new=20, rings_gone=20)
    assert "churn" not in states(night(8, rings_new=35, rings_gone=35), past)


def test_each_threshold_is_a_setting() -> None:
    strict = GateSettings(rejects=0.01, rejects_warn=0.001, ring_accounts=3)
    now = night(8, {"orders": {"read": 1000, "rows": 980, "set_aside": 20}})
    assert {gate: state for gate, state in states(now, history(), strict).items() if state == "refused"} == {
        "rejects": "refused",
        "ring_size": "refused",
    }
