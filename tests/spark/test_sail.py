"""The night on Sail, in this process, against the night on DuckDB: the same lists, and the same answer to every
statement."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from stat import S_IMODE

import pytest

from jobs import nightly as job
from jobs import published, verdict_journal
from jobs.nightly import nightly
from jobs.settings import EngineSettings, Settings
from tests.kept import FIRST, SAMPLE, SECOND, copied
from tests.spark.compared import assert_same_night
from tests.spark.recorded import Recording, recording, replay

pytest.importorskip("pyspark", reason="Spark's client is an extra: pip install .[spark]")
pytest.importorskip("pysail", reason="Sail is an extra: pip install .[spark]")

from jobs.spark.session import connected
from jobs.spark.tables import SparkTables

DROP = Path(__file__).parents[3] / "shared" / "drop"
SPARK = Settings(engine=EngineSettings(kind="spark"))

STAGES = (
    "acts.counting", "actions", "changes", "decisions", "facts", "figures", "harm", "learning", "operators", "pairs",
    "rates", "reasons", "register", "rings", "roles", "ties", "uses", "verdicts", "watchlists",
)  # fmt: skip
"""Modules of `graph` with statements that a night asks."""


def decide(warehouse: Path, out: Path) -> None:
    """Verdicts on the first night, so that every stage that reads them has work: enough rings to learn from, rings and
    accounts cleared and confirmed."""
    rings, accounts = published.tables(published.folder_of(out, FIRST), "rings", "accounts")
    said = [(ring, "cleared" if place % 5 == 0 else "confirmed") for place, ring in enumerate(rings["ring_id"])]
    said += [(accounts["account_id"][-1], "cleared"), (accounts["account_id"][0], "confirmed")]
    at = datetime(2025, 6, 24, 9).isoformat()
    for subject, verdict in said:
        verdict_journal.append(warehouse, {"subject_id": subject, "verdict": verdict, "decided_at": at})


@pytest.fixture(scope="module")
def on_duckdb(sample_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Recording]:
    """Both nights on DuckDB, and all that was asked in the second, run again after verdicts."""
    home = copied(sample_nights, tmp_path_factory.mktemp("duckdb"))
    decide(home / "warehouse.duckdb", home / "out")
    kept: list[Recording] = []

    @contextmanager
    def opened(warehouse: Path, s: EngineSettings, exports: Path) -> Iterator[Recording]:
        with recording(warehouse, s, exports) as engine:
            kept.append(engine)
            yield engine

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(job, "opened", opened)
        nightly(SAMPLE, home / "warehouse.duckdb", home / "out", SECOND, False, Settings())
    return home, kept[0]


@pytest.fixture(scope="module")
def on_sail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first night on Sail."""
    home = tmp_path_factory.mktemp("sail")
    nightly(SAMPLE, home / "w", home / "out", FIRST, False, SPARK)
    return home


@pytest.mark.slow
def test_the_first_night_is_the_same_row_for_row(on_duckdb: tuple[Path, Recording], on_sail: Path) -> None:
    assert_same_night(on_duckdb[0], on_sail, FIRST)
    assert all(len(table) for table in published.tables(published.folder_of(on_sail / "out", FIRST), "rings", "hubs"))


@pytest.mark.slow
def test_a_night_after_verdicts_is_the_same_row_for_row(
    on_duckdb: tuple[Path, Recording], on_sail: Path, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(on_sail, tmp_path / "home"))
    decide(home / "w" / "state.duckdb", home / "out")
    nightly(SAMPLE, home / "w", home / "out", SECOND, False, SPARK)
    assert_same_night(on_duckdb[0], home, SECOND)
    assert published.run(published.folder_of(home / "out", SECOND))["verdicts"]["learned"]


@pytest.mark.slow
@pytest.mark.skipif(not DROP.is_dir(), reason="no drop of another hand beside the checkout")
def test_nights_of_another_hand_are_the_same(tmp_path: Path) -> None:
    nightly(DROP, tmp_path / "w", tmp_path / "out", None, True, Settings())
    nightly(DROP, tmp_path / "spark" / "w", tmp_path / "spark" / "out", None, True, SPARK)
    assert_same_night(tmp_path, tmp_path / "spark")


def test_every_answer_is_the_same(on_duckdb: tuple[Path, Recording], tmp_path: Path) -> None:
    with connected("local") as session:
        replay(on_duckdb[1].given, on_duckdb[1].db.asked, SparkTables(session, tmp_path, 0))


def test_every_statement_of_the_stages_was_asked(on_duckdb: tuple[Path, Recording]) -> None:
    asked = "\n".join(one.sql for one in on_duckdb[1].db.asked)
    for stage in STAGES:
        held = vars(import_module(f"graph.{stage}"))
        statements = {name: text for name, text in held.items() if isinstance(text, str) and "SELECT" in text}
        assert [name for name, text in statements.items() if name.isupper() and begin(text) not in asked] == []


def begin(statement: str) -> str:
    """What stands before the first place that is filled in."""
    return statement.partition("{")[0]


@pytest.mark.slow
def test_what_the_warehouse_keeps_is_private_and_nothing_of_the_night(on_sail: Path) -> None:
    home = on_sail / "w"
    assert not (home / "tonight").exists()
    kept = sorted(home.rglob("*"))
    assert {S_IMODE(path.stat().st_mode) for path in (home, *kept)} == {0o700, 0o600}
    assert [str(path.relative_to(home)) for path in kept if path.suffix == ".parquet"] == sorted(
        f"{table}/{FIRST}/{first}.parquet"
        for table, first in (
            ("orders", 1),
            ("orders", 2),
            ("accounts", 3),
            ("devices", 4),
            ("chat_links", 5),
            ("labels", 1),
        )
    )
