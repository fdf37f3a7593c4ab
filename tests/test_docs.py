"""The pages that are printed from the code say what the code says."""

from pathlib import Path

import pytest

from graph import acts
from jobs import docs

FOLDER = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", ["tables.md", "typologies.md"])
def test_pages_are_fresh(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == docs.pages()[name], "stale: run make docs"


def test_no_column_is_left_out() -> None:
    page = docs.pages()["tables.md"]
    assert "| `order_id` ★ | id |  |" in page
    assert "| `typologies` | list of struct of name string, score double | all, strongest first |" in page
    assert "`seller\\|buyer\\|both" in page, "a bar inside a cell would end it"


def test_every_typology_explains_itself() -> None:
    page = docs.pages()["typologies.md"]
    for name in acts.TYPOLOGIES:
        heading, _, text = page.partition(f" (`{name}`)\n")
        assert heading.rpartition("\n")[2].startswith("## ")
        assert "**Innocent explanation:**" in text.partition("\n## ")[0], name
