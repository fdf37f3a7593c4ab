"""The night on a standalone cluster of Apache Spark: all of it, also what this machine would do while it is little; and
with a worker lost in the middle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.acts import tally
from jobs import nightly as job
from jobs.nightly import nightly
from jobs.settings import EngineSettings, Settings
from jobs.simulate import simulate
from tests.spark.cluster import Cluster, standalone
from tests.spark.compared import assert_same_night
from tests.spark.grouped import SIZES, all_shapes, answer, ask, frame, hanging

pytest.importorskip("pyspark", reason="Spark's client is an extra: pip install .[spark]")

from jobs.spark.session import connected
from jobs.spark.tables import SparkTables

HOME = Path(os.environ.get("SPARK_HOME", "nowhere"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (HOME / "jars").is_dir(), reason="SPARK_HOME names no Apache Spark"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with standalone(HOME, tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def test_groups_on_apache_spark(cluster: Cluster, tmp_path: Path) -> None:
    with connected(cluster.remote) as session:
        db = SparkTables(session, tmp_path, 0)
        assert ask(db, SIZES) == answer(SIZES)
        db.put("met", frame(all_shapes()))
        db.connect("hanging", "SELECT a, b FROM met")
        assert db.frame("SELECT component, account_id FROM hanging ORDER BY ALL").rows() == hanging(all_shapes())


def test_a_worker_is_lost_and_the_lists_are_the_same(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(tmp_path / "exports", accounts=1000, seed=7)
    nightly(tmp_path / "exports", tmp_path / "w", tmp_path / "out", None, False, Settings())
    lost: list[int] = []

    def loses_one(*given: object, **more: object) -> None:
        cluster.lose(0)
        lost.append(0)
        tally(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "tally", loses_one)
    spark = Settings(engine=EngineSettings(kind="spark", remote=cluster.remote, rows_here=0))
    nightly(tmp_path / "exports", tmp_path / "spark" / "w", tmp_path / "spark" / "out", None, False, spark)
    assert lost
    assert cluster.workers[1].poll() is None
    assert_same_night(tmp_path, tmp_path / "spark")
