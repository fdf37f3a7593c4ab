"""The same tables give the same watchlists: whatever the order of rows, the number of threads, the hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.warehouse import Warehouse
from tests.graph.same_bytes import digests, market, shuffled

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def first(engine: Warehouse) -> dict[str, str]:
    found = digests(engine, market())
    assert engine.frame("SELECT count(*) FROM ring_names").item() > 3, "a market without rings would prove nothing"
    return found


def test_shuffled_rows(engine: Warehouse, first: dict[str, str]) -> None:
    assert digests(engine, shuffled(1)) == first


def test_one_thread(engine: Warehouse, first: dict[str, str]) -> None:
    engine.con.execute("SET threads = 1").fetchall()
    try:
        assert digests(engine, shuffled(3)) == first
    finally:
        engine.con.execute("SET threads = 2").fetchall()


def test_two_hash_seeds(first: dict[str, str]) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.graph.same_bytes", threads, "4"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        for seed, threads in (("1", "1"), ("2", "2"))
    ]
    printed = [process.communicate(timeout=60)[0] for process in running]
    assert [json.loads(text) for text in printed] == [first, first]
