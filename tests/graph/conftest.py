"""The engine that the stages run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.warehouse import Warehouse


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse."""
    with Warehouse.open(tmp_path / "warehouse.duckdb", threads=2) as warehouse:
        yield warehouse
