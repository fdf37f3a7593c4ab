"""A market that several test files look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept import home_of


@pytest.fixture(scope="session")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `exports/` of two nights, both published to `out/`, and `w.duckdb`; nobody writes here."""
    return home_of(tmp_path_factory.mktemp("kept"))
