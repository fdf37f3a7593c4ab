"""Why one account is or is not listed, by the same measures as the lists."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from graph.account import about, own_facts, why_not
from graph.settings import Method, ScoreSettings
from jobs.warehouse import Warehouse
from tests.graph.planted import RING, market
from tests.graph.tables_in import NOW, fill, night, remember


def test_one_who_acts_alone_is_told_by_the_measure_that_lists_it(db: Warehouse) -> None:
    fill(db, market())
    night(db, "scores")
    found, [nats] = about(db, "lone0", NOW), db.frame("SELECT nats FROM lone_scores WHERE account_id = 'lone0'")["nats"]
    assert found.alone == pytest.approx(nats)
    assert found.acting < found.alone, "of members who do it habitually some are honest"
    assert "Left off the list, for an analyst cleared it." in why_not(found, Method(), "en"), (
        "nothing else keeps it off"
    )
    strict = Method(score=ScoreSettings(lone=nats + 1))
    assert f"Its own acts say {nats:.1f}, less than the {nats + 1:.1f} that lists an account alone." in why_not(
        found, strict, "en"
    )


def test_a_verdict_on_its_ring_is_told_to_analysts_and_not_to_the_person(db: Warehouse) -> None:
    at_noon = datetime(2025, 6, 24, 12)
    fill(db, market(), labels=[{"subject_id": "R-ring00", "verdict": "cleared", "decided_at": at_noon},
                               {"subject_id": "s1", "verdict": "disputed", "decided_at": at_noon},
                               {"subject_id": "R-others", "verdict": "confirmed", "decided_at": at_noon}])  # fmt: skip
    remember(db, *((date(2025, 6, 22), "R-ring00", account, 0.6) for account in RING))
    night(db, "scores")
    found = about(db, "s1", NOW)
    assert found.verdicts.rows() == [(at_noon, "cleared", "R-ring00"), (at_noon, "disputed", "s1")]
    told = " ".join(own_facts(found, "zh"))
    assert "2025-06-24 的人工判定：有异议。" in told
    assert "排除" not in told


def test_who_is_on_a_ring_that_is_left_off_is_told_so(db: Warehouse) -> None:
    fill(db, market())
    night(db, "scores")
    assert why_not(about(db, "s1", NOW), Method(), "en") == [
        "Not listed.", "Left off the list, for an analyst cleared it."
    ]  # fmt: skip
    assert why_not(about(db, "nobody", NOW), Method(), "en") == ["No export knew the account by that night."]
