"""What only the warehouse knows, on the nights of data/sample: weighing again, verdicts, the notebooks."""

from __future__ import annotations

import runpy
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graph.explore import Night, open_night
from graph.score_steps import nats_of, shape
from graph.what_if import differs, moves
from jobs import desk as desks
from jobs.desk import WarehouseDesk, ask, judgement, open_desk
from jobs.errors import RingwatchError, UsageError
from jobs.nightly import nightly
from jobs.settings import Settings
from jobs.warehouse import Warehouse
from tests.kept import copied
from tests.published_nights import publish, spoil

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
CHANGES: list[dict[str, Any]] = [
    {"ties.device": 1.0},
    {"score.half": 14.0},
    {"rings.entry": 4.0},
    {"score.listed": 0.9},
]


@pytest.fixture(scope="module")
def home(sample_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nights of data/sample, and their warehouse beside them."""
    return copied(sample_nights, tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def night(home: Path) -> Night:
    return open_desk(home / "out")


def test_weighed_again_it_is_the_published_list(night: Night) -> None:
    weighed = night.weigh()
    published = night.rings().select("accounts", "score").sort("accounts")
    assert weighed.rings.select("accounts", "score").sort("accounts").equals(published)
    assert weighed.accounts.sort("account_id")["score"].to_list() == pytest.approx(
        night.table("accounts").sort("account_id")["score"].to_list()
    )
    same = moves(weighed, weighed, night.rings())
    assert set(same["move"]) == {"stays"} and set(same["ring_id"]) == set(night.rings()["ring_id"])


def test_every_bar_adds_up_by_kinds_of_act(night: Night) -> None:
    weighed = night.weigh()
    for ring_id in night.rings()["ring_id"]:
        ring = night.ring(ring_id)
        for steps in (ring.steps(weighed), ring.steps()):
            assert steps["nats"].sum() == pytest.approx(nats_of(ring.row["score"], *shape(ring)), abs=0.05)
            assert "verdict" not in steps["step"].to_list(), "nobody decided anything"
        assert "act" in ring.steps(weighed)["step"].to_list()


@pytest.mark.slow
def test_what_shares_ties_and_acts_gives_what_a_whole_night_gives(home: Path, night: Night) -> None:
    """Settings of rings and scores run the last stages alone, and in whatever order: against a night of its own."""
    found = night.what_if(*CHANGES)
    assert [w.changed for w in found] == [{}, *CHANGES]
    assert differs(found[0], found[0])["other_members"] == 0
    for number in (1, 3):
        method: dict[str, dict[str, Any]] = {}
        for name, value in CHANGES[number - 1].items():
            group, key = name.split(".")
            method.setdefault(group, {})[key] = value
        shutil.copy(home / "warehouse.duckdb", home / f"{number}.duckdb")
        settings = Settings.model_validate({"method": method})
        nightly(ROOT / "data" / "sample", home / f"{number}.duckdb", home / f"{number}", night.date, False, settings)
        lists = open_night(home / f"{number}").rings().select("accounts", "score").sort("accounts")
        assert found[number].rings.select("accounts", "score").sort("accounts").equals(lists)


def test_a_setting_that_is_none_is_refused(night: Night) -> None:
    with pytest.raises(UsageError, match=r"Did you mean rings\.entry\?"):
        night.what_if({"rings.entri": 1.0})
    with pytest.raises(UsageError, match="no setting that is weighed"):
        night.what_if({"names.overlap": 0.5})
    with pytest.raises(UsageError, match=r"method\.score\.half"):
        night.what_if({"score.half": -1.0})


def test_the_warehouse_is_free_between_questions(home: Path, night: Night) -> None:
    night.weigh()
    with Warehouse.open(home / "warehouse.duckdb"):
        night.desk.__dict__["_done"].clear()
        with pytest.raises(RingwatchError):
            night.weigh()
        assert ask(night.weigh) is None, "a notebook goes on"
        assert night.rings().height, "what is published can be read while the job runs"


def test_a_label_is_kept_and_judges(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "own")
    night = open_desk(tmp_path / "own" / "out")
    assert judgement(night) is None
    good, bad = night.rings()["ring_id"][:2]
    when = datetime(2025, 6, 30, 12)
    night.ring(good).label("confirmed", when, analyst="n. n.", note="looked at")
    night.ring(bad).label("cleared", when)
    found = judgement(night)
    assert found is not None and found.source == "analysts' verdicts"
    members = [night.ring(ring).members()["account_id"].to_list() for ring in (good, bad)]
    assert found.precision(members[0]) == 1 and found.precision(members[1]) == 0
    assert found.precision(night.ring(night.rings()["ring_id"][2]).row["accounts"]) is None
    with pytest.raises(UsageError, match="no verdict"):
        night.ring(good).label("guilty")


def run(notebook: Path, monkeypatch: pytest.MonkeyPatch, out: Path, truth: Path | None = None) -> None:
    monkeypatch.setenv(desks.OUT, str(out))
    monkeypatch.setenv("RINGWATCH_SHORT", "1")
    monkeypatch.delenv(desks.WAREHOUSE, raising=False)
    monkeypatch.delenv(desks.TRUTH, raising=False)
    if truth:
        monkeypatch.setenv(desks.TRUTH, str(truth))
    runpy.run_path(str(notebook))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_on_the_sample(
    notebook: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(notebook, monkeypatch, home / "out", ROOT / "data" / "sample" / "truth.parquet")
    assert "night of 2025-06-30" in capsys.readouterr().out
    assert "**synthetic**" in notebook.read_text(encoding="utf-8"), "what they show says what it is"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.parametrize("kind", ["empty", "hostile", "first"])
def test_notebooks_on_odd_nights(
    notebook: Path, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody listed; ids that are mark-up; one night alone. None has a warehouse."""
    publish(tmp_path, sizes=[] if kind == "empty" else [5, 30])
    if kind == "hostile":
        spoil(tmp_path)
    run(notebook, monkeypatch, tmp_path)
    said = capsys.readouterr().out
    assert "night of 2025-06-22" in said and "\x1b" not in said


def test_the_sample_is_run_where_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.delenv(desks.OUT, raising=False)
    shutil.copytree(home, tmp_path / "worked")  # its nights are there: nothing is left to run
    monkeypatch.setattr(desks, "WORKED", tmp_path / "worked")
    night = open_desk()
    assert night.folder.parent == tmp_path / "worked" / "out"
    assert isinstance(night.desk, WarehouseDesk) and night.desk.truth == desks.SAMPLE / "truth.parquet"
    found = judgement(night)
    assert found is not None and found.precision(night.table("accounts")["account_id"]) == pytest.approx(0.98, abs=0.05)
    monkeypatch.setattr(desks, "SAMPLE", tmp_path / "no sample")
    with pytest.raises(UsageError, match="RINGWATCH_OUT"):
        open_desk()


def test_five_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01_morning", "02_one_ring", "03_thresholds", "04_trends", "05_quality",
    ]  # fmt: skip
    for path in NOTEBOOKS:
        cells = path.read_text(encoding="utf-8").count('# %% tags=["parameters"]')
        assert cells == 1, f"{path.name}: the reader's own folder is one parameter"


def test_a_night_of_other_settings_says_so(home: Path) -> None:
    with pytest.raises(UsageError, match="another version"):
        WarehouseDesk(home / "warehouse.duckdb").weigh(
            b'{"run_date": "2025-06-30", "settings": {"method": {"rings": {"no_such": 1}}}}', []
        )


def test_nothing_is_said_of_whom_nobody_judged() -> None:
    none = pl.DataFrame()
    assert desks.Judgement("x", none, none, frozenset("a"), frozenset("b")).of("abc") == [True, False, None]
    assert desks.Judgement("x", none, none, frozenset("a")).of("abc") == [True, False, False]
