"""Why one account is or is not listed, by the same measures as the lists."""

from __future__ import annotations

import pytest

from graph.account import about, why_not
from graph.settings import Method, ScoreSettings
from jobs.warehouse import Warehouse
from tests.graph.planted import market
from tests.graph.tables_in import NOW, fill, night


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


def test_who_is_on_a_ring_that_is_left_off_is_told_so(db: Warehouse) -> None:
    fill(db, market())
    night(db, "scores")
    assert why_not(about(db, "s1", NOW), Method(), "en") == [
        "Not listed.", "Left off the list, for an analyst cleared it."
    ]  # fmt: skip
    assert why_not(about(db, "nobody", NOW), Method(), "en") == ["No export knew the account by that night."]
