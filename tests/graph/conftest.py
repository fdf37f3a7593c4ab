"""The engine that the stages run on: opened once, empty for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.warehouse import Warehouse


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse that keeps what earlier tests made; for tests that replace all they read."""
    with Warehouse.open(tmp_path_factory.mktemp("graph") / "warehouse.duckdb", threads=2) as warehouse:
        yield warehouse


@pytest.fixture
def db(engine: Warehouse) -> Warehouse:
    """An empty warehouse. Opening a file costs more than most tests take."""
    made = engine.frame("SELECT table_name FROM duckdb_tables() WHERE temporary ORDER BY table_name")
    engine.drop(*made["table_name"])
    return engine
