"""Markets that several test files look at, made once for all workers of a run."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import pytest
from filelock import FileLock

LONGEST = ("test_three_kills", "test_writes_and_renames_that_fail_or_are_the_last")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, of the files that come last: else one worker may have just begun it when the others are
    done."""
    items.sort(key=lambda item: item.name not in LONGEST)


def once(factory: pytest.TempPathFactory, name: str, make: str) -> Path:
    """A folder that a function of tests.kept makes for the first worker who needs it, and all read; nobody writes
    there."""
    base = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    folder, whole = base / name, base / f"{name}.whole"
    with FileLock(base / f"{name}.lock"):
        if not whole.exists():
            folder.mkdir()
            # Imported here: xdist's own process loads this file before it starts its workers, and needs no engine.
            getattr(import_module("tests.kept"), make)(folder)
            whole.touch()
    return folder


@pytest.fixture(scope="session")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `exports/` of two nights, both published to `out/`, and `w.duckdb`; nobody writes here."""
    return once(tmp_path_factory, "two_nights", "home_of")


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `exports/` of three nights, the first published to `out/`, and `w.duckdb`; nobody writes here."""
    return once(tmp_path_factory, "first_night", "first_of_three")


@pytest.fixture(scope="session")
def sample_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the nights of data/sample in `out/`, and `warehouse.duckdb`; nobody writes here."""
    return once(tmp_path_factory, "sample_nights", "sample_of")
