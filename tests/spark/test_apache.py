"""The night on a standalone cluster of Apache Spark, which loses a worker in the middle of it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from graph.acts import tally
from jobs import nightly as job
from jobs.nightly import nightly
from jobs.settings import EngineSettings, Settings
from jobs.simulate import simulate
from tests.spark.cluster import standalone
from tests.spark.compared import assert_same_night

pytest.importorskip("pyspark", reason="Spark's client is an extra: pip install .[spark]")

HOME = Path(os.environ.get("SPARK_HOME", "nowhere"))
NIGHT = date(2025, 6, 30)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (HOME / "jars").is_dir(), reason="SPARK_HOME names no Apache Spark"),
]


def test_a_worker_is_lost_and_the_lists_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate(tmp_path / "exports", accounts=1000, seed=7)
    nightly(tmp_path / "exports", tmp_path / "w", tmp_path / "out", None, False, Settings())
    with standalone(HOME, tmp_path) as cluster:
        lost: list[int] = []

        def loses_one(*given: object, **more: object) -> None:
            cluster.lose(0)
            lost.append(0)
            tally(*given, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(job, "tally", loses_one)
        spark = Settings(engine=EngineSettings(kind="spark", remote=cluster.remote))
        nightly(tmp_path / "exports", tmp_path / "spark" / "w", tmp_path / "spark" / "out", None, False, spark)
        assert lost
        assert cluster.workers[1].poll() is None
    assert_same_night(tmp_path, tmp_path / "spark")
