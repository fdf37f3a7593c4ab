"""The sample's nights against what is kept in tests/golden: a change of the method shows as a diff that can be read.

When the change is meant, `python -m tests.test_golden` writes the files again; look at the diff before you commit it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest

from jobs import published
from tests.kept import sample_of

GOLDEN = Path(__file__).parent / "golden"


def told(out: Path) -> dict[str, str]:
    """Name of a golden file -> its text: one line a ring, with its figures, for each night; and one a change."""
    texts = {}
    for day in published.dates(out):
        rings, changes = published.tables(published.night(out, day), "rings", "changes")
        shown = rings.select(
            "ring_id",
            pl.col("score").round(3),
            "typology",
            "action",
            "refer_to",
            "lifecycle",
            "n_accounts",
            "n_victims",
            "exposure_cny",
            "loss_cny",
            "open_cny",
            "weakest_tie",
            pl.col("accounts").list.first().alias("first_account"),
        )
        texts[f"rings-{day}.csv"] = shown.write_csv()
        texts[f"changes-{day}.csv"] = changes.filter(pl.col("change") != "new").write_csv()
    return texts


@pytest.fixture(scope="module")
def tonight(sample_nights: Path) -> dict[str, str]:
    return told(sample_nights / "out")


def test_every_night_has_its_golden_files(tonight: dict[str, str]) -> None:
    assert sorted(tonight) == sorted(path.name for path in GOLDEN.glob("*.csv"))


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*.csv")))
def test_the_sample_is_told_as_before(tonight: dict[str, str], name: str) -> None:
    assert tonight[name] == (GOLDEN / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for file, text in told(sample_of(Path(folder)) / "out").items():
            (GOLDEN / file).write_text(text, encoding="utf-8")
