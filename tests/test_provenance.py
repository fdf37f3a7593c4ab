"""Every evidence row of a night leads back to the bytes: file, SHA-256 and line to the record with that key."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from graph.exports import EXPORTS
from jobs import published
from tests.door.slow_reader import Record, expected

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
KEYS = {export.name: export.key for export in EXPORTS}


@pytest.fixture(scope="module")
def nights(sample_nights: Path) -> list[pl.DataFrame]:
    """`evidence` of the sample's nights, oldest first."""
    out = sample_nights / "out"
    folders = [published.night(out, day) for day in published.dates(out)]
    return [published.tables(folder, "evidence")[0] for folder in folders]


@cache
def records(file: str) -> Sequence[Record]:
    """The data records of a file of the sample, read from its bytes by the tests' own reader."""
    return expected(Path(file).name, (SAMPLE / file).read_bytes()).records


def test_both_nights_have_evidence_from_every_format(nights: list[pl.DataFrame]) -> None:
    assert len(nights) == 2
    for evidence in nights:
        formats = Counter(re.sub(r"^[^.]*", "", str(file)) for file in evidence["file"])
        assert {".csv", ".csv.gz", ".ndjson.gz", ".parquet"} <= formats.keys()
    assert {str(file).split("/", 1)[0] for file in nights[1]["file"]} == {"2025-06-23", "2025-06-30"}


@pytest.mark.parametrize("night", [0, 1])
def test_every_row_of_evidence_is_where_it_says(nights: list[pl.DataFrame], night: int) -> None:
    for table, key, file, line in nights[night].select("table", "key", "file", "line").unique().iter_rows():
        values = records(file)[line - 1].values
        assert values is not None
        assert "|".join(str(values[name]) for name in KEYS[table]) == key, f"{file}, line {line}"
        assert Path(file).name.startswith(table)


@pytest.mark.parametrize("night", [0, 1])
def test_every_file_named_is_the_file_received(nights: list[pl.DataFrame], night: int) -> None:
    for file, sha256 in nights[night].select("file", "file_sha256").unique().iter_rows():
        assert hashlib.sha256((SAMPLE / file).read_bytes()).hexdigest() == sha256


def test_no_earlier_night_names_a_later_drop(nights: list[pl.DataFrame]) -> None:
    assert not [file for file in nights[0]["file"] if str(file) > "2025-06-24"]
