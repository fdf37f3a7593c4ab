"""Asking a published night."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graph.displays import plain, show, table
from graph.explore import Night, NoDeskError, NotThereError, ReplacedError, brief, open_night
from graph.explore_ring import dated
from graph.regions import by_province
from graph.score_steps import nats_of, shape
from graph.trends import SEASONS, in_season, repeat_operators, spans, weekly_acts
from tests.published_nights import NASTY, START, account, publish, run_json, spoil


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return open_night(publish(tmp_path_factory.mktemp("out")))


def test_the_newest_night_unless_told(tmp_path: Path) -> None:
    publish(tmp_path, date(2025, 6, 20), [2])
    publish(tmp_path, date(2025, 6, 21), [2, 5])
    (tmp_path / "run_date=2025-06-30").mkdir()  # not published: it has no record
    assert open_night(tmp_path).date == date(2025, 6, 21)
    assert open_night(tmp_path, date(2025, 6, 20)).rings()["ring_id"].to_list() == ["R-2"]


def test_what_is_not_there_says_what_is(tmp_path: Path, night: Night) -> None:
    with pytest.raises(NotThereError, match="no published night"):
        open_night(tmp_path)
    with pytest.raises(NotThereError, match="There are 1, 2025-06-22 to 2025-06-22"):
        open_night(night.folder.parent, date(2020, 1, 1))
    with pytest.raises(NotThereError, match=r"Did you mean R-150\?"):
        night.ring("R-151")


def test_no_mixture_of_two_publications(tmp_path: Path) -> None:
    night = open_night(publish(tmp_path, sizes=[5]))
    ring = night.ring("R-5")
    (night.folder / "run.json").write_text(run_json(run_id="again"))
    with pytest.raises(ReplacedError):
        ring.members()


def test_a_ring_answers(night: Night) -> None:
    ring = night.ring("R-5")
    assert tuple(ring.why()) == ("疑似传销 <b>3 次</b>",)
    assert repr(ring.against()) == "- 一家人"
    assert ring.members()["account_id"].to_list() == [account(i) for i in range(5)]
    assert set(ring.links()["ring_id"]) == {"R-5"} == set(ring.evidence()["ring_id"])
    assert ring.open_orders()["order_id"].to_list() == ["o1"]
    assert ring.acts()["happened_at"].to_list() == [START], "an act has its minute; a tie is no act"


def test_plain_text_and_escaped_html(night: Night) -> None:
    ring = night.ring("R-5")
    for part in ("R-5", "传销 pyramid 0.90", "score 0.900", "1,234.50", "+ 疑似传销 <b>3 次</b>", "- 一家人"):
        assert part in repr(ring), part
    assert "5 rings, 5 of them new" in repr(night)
    page = ring._repr_html_()
    assert "&lt;b&gt;3 次&lt;/b&gt;" in page and "<b>" not in page


def test_the_graph_has_every_member_and_one_node_a_payment_account(night: Night) -> None:
    graph = night.ring("R-5").graph()
    assert {n for kind, n in graph if kind == "account"} == {account(i) for i in range(5)}
    assert {n for kind, n in graph if kind == "pay"} == {"pay-0", "pay-1"}
    assert graph.nodes["pay", "pay-0"]["kinds"] == ["payee", "payer"]
    assert graph.nodes["account", account(0)] == {"role": "organiser", "score": 0.99}
    edge = graph.edges[("account", account(2)), ("pay", "pay-0")]
    assert (edge["kinds"], edge["weight"], edge["first_at"]) == (["payee", "payer"], 3.0, START + timedelta(days=2))
    assert graph.edges[("account", account(4)), ("account", account(1))]["parent"] == ("account", account(1))
    assert list(graph) == list(night.ring("R-5").graph())


def test_rings_by_typology_region_and_action(night: Night) -> None:
    assert night.rings(typology="brushing").height == 5, "a secondary typology counts"
    assert night.rings(typology="leak_source").is_empty()
    assert [night.rings(region=r).height for r in ("44", "440106", "4401", "45")] == [5, 5, 5, 0]
    assert [night.rings(action=a).height for a in ("refer", "warn")] == [5, 0]
    assert night.rings(least=0.91).is_empty()
    with pytest.raises(ValueError, match=r"Did you mean pyramid\?"):
        night.rings(typology="pyramide")


def test_the_morning(night: Night) -> None:
    assert night.before() is None
    assert night.joined()["account_id"].to_list() == [account(1)] * 5
    assert night.joined()["rank"].to_list() == [1, 2, 3, 4, 5], "best ring first"
    assert night.ring("R-5").joined()["change"].to_list() == ["joined", "score"]
    assert night.read().is_empty(), "run.json names no inputs"
    assert brief(night.urgent(), "en")["typology"].unique().to_list() == ["pyramid"]
    assert by_province(night.rings(), "en").rows() == [
        ("33", "Zhejiang", 5, Decimal("495.00")), ("44", "Guangdong", 5, Decimal("495.00")),
    ]  # fmt: skip


def test_the_night_before(tmp_path: Path) -> None:
    for day in (20, 22):
        publish(tmp_path, date(2025, 6, day), [2])
    before = open_night(tmp_path).before()
    assert before is not None and before.date == date(2025, 6, 20)


def test_without_a_tie_the_ring_falls_into_its_parts(tmp_path: Path) -> None:
    ring = open_night(publish(tmp_path, sizes=[5])).ring("R-5")
    held = ring.without("device-0")
    assert held.holds and held.parts["n_accounts"].to_list() == [5]
    # All but the first two hang on one phone alone, once nothing else is left.
    only = ring.links().filter(pl.col("entity_kind") == "inviter")
    ring.__dict__["_links"] = only
    apart = ring.without(account(0))
    assert not apart.holds
    assert [sorted(part) for part in apart.parts["accounts"]] == [
        [account(1), account(3), account(4)], [account(0)], [account(2)],
    ]  # fmt: skip
    assert apart.parts["open_cny"].to_list() == [0, 9, 0]
    assert ring.without(account(0), account_id=account(2)).parts["n_accounts"].to_list() == [4, 1]
    assert "falls into 3 parts of 3, 1, 1" in repr(apart)
    with pytest.raises(NotThereError, match="no tie by phone-x"):
        ring.without("phone-x")


def test_the_score_line(night: Night) -> None:
    assert night.at_line(0.9)["listed"].all() and not night.at_line(0.91)["listed"].any()


def test_what_needs_the_warehouse_says_so(night: Night) -> None:
    for ask in (night.weigh, lambda: night.ring("R-5").label("confirmed")):
        with pytest.raises(NoDeskError, match="open_desk"):
            ask()


def test_steps_add_up_to_the_score(night: Night) -> None:
    ring = night.ring("R-5")
    steps = ring.steps()
    assert steps["step"].to_list() == ["typology", "looking", "verdict"]
    assert float(steps["nats"].sum()) == pytest.approx(nats_of(0.9, *shape(ring)))


def test_no_id_has_power_over_a_page_or_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = open_night(spoil(publish(tmp_path, sizes=[5])))
    ring = night.ring("R-5")
    pages = [ring._repr_html_(), ring.why()._repr_html_(), ring.without(NASTY + "device-0")._repr_html_()]
    pages += [table(ring.members()), table(ring.tied_by()), table(night.joined())]
    for page in pages:
        assert "<script" not in page and "\x1b" not in page and "\u202e" not in page
    assert "&lt;script&gt;" in pages[0]
    show(ring, night.changes(), ring.members())
    said = capsys.readouterr().out
    assert "<script>" in said and "\x1b" not in said and "\u202e" not in said


def test_an_id_that_looks_like_a_time_makes_no_act() -> None:
    facts = ["使用设备 2025-01-01 10:00，2025-03-01 至 2025-03-02。", "Used device (2025-01-01 10:00)., a to b.",
             "行为（2025-99-99 99:99）。", "行为（2025-03-01 12:00）。", "an act (2025-03-01 12:01)."]  # fmt: skip
    assert dated(pl.DataFrame({"fact": facts}))["happened_at"].to_list() == [START, START + timedelta(minutes=1)]


def test_the_weeks_and_the_seasons(night: Night) -> None:
    weeks = weekly_acts(night)
    assert weeks.rows() == [(date(2025, 2, 24), "pyramid", 1, 1, 5)]
    assert in_season(weeks).is_empty(), "one act says nothing"
    assert spans(date(2025, 6, 10), date(2025, 10, 31)) == [
        ("6.18", date(2025, 6, 10), date(2025, 6, 20)), ("双11", date(2025, 10, 20), date(2025, 10, 31)),
    ]  # fmt: skip
    mondays = [date(2025, 4, 7) + timedelta(weeks=i) for i in range(16)]
    busy = pl.DataFrame([(m, "pyramid", 30 if (2025, 6, 1) <= (m.year, m.month, m.day) <= (2025, 6, 20) else 3)
                         for m in mondays], ["week", "typology", "acts"], orient="row")  # fmt: skip
    [found] = in_season(busy, SEASONS).rows(named=True)
    assert (found["season"], found["in_season"], found["around"], found["times"]) == ("6.18", 30, 3, 10)


def test_operators_that_go_on(night: Night) -> None:
    found = repeat_operators([night])
    assert found.height == 5 and found["nights"].to_list() == [1] * 5


@pytest.mark.parametrize("value", [None, True, 3, 2.5, Decimal("1234.5"), datetime(2025, 1, 1), ["a", None], "x\x00y"])
def test_every_cell_is_readable(value: Any) -> None:
    rows = pl.DataFrame({"x": [value]})
    assert "\x00" not in table(rows) and plain("a\x00\u202e\n") == "a‹U+0000›‹U+202E›\n"
