"""Every sentence there is to say, in both languages, with the same figures."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from graph import words
from graph.acts import all_acts
from graph.exports import LABELS
from graph.settings import TieSettings
from graph.tables import LINKS, RINGS, TYPOLOGIES
from graph.words import ACTS, INNOCENT, KIND, SENTENCES, TYPOLOGY, VERDICT

TABLES = {
    "ACTS": ACTS, "INNOCENT": INNOCENT, "KIND": KIND, "SENTENCES": SENTENCES, "TYPOLOGY": TYPOLOGY, "VERDICT": VERDICT,
}  # fmt: skip
PAIRS = [(f"{table}.{name}", pair) for table, pairs in TABLES.items() for name, pair in pairs.items()]


def plain(template: str) -> str:
    """The words of a template without its figures."""
    return "".join(text for text, *_ in Formatter().parse(template))


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@pytest.mark.parametrize(("name", "pair"), PAIRS, ids=[name for name, _ in PAIRS])
def test_both_languages_say_the_same_figures(name: str, pair: tuple[str, str]) -> None:
    chinese, english = pair
    assert fields(chinese) == fields(english)
    assert not re.search("[A-Za-z]", plain(chinese))
    assert not re.search("[\u3000-\u9fff\uff00-\uffef]", plain(english))


def test_every_act_typology_and_kind_has_words() -> None:
    assert set(ACTS) == {act.name for _, act in all_acts()}
    assert set(TYPOLOGY) == set(INNOCENT) == set(TYPOLOGIES)
    [verdicts] = [column.values for column in LABELS.columns if column.name == "verdict"]
    assert set(VERDICT) == set(verdicts)
    declared = LINKS.schema.field("entity_kind").metadata[b"meaning"].decode().strip("`").split("|")
    assert set(KIND) == set(declared)
    assert set(KIND) <= set(TieSettings.model_fields), "every kind of tie has a strength"


def test_every_lifecycle_and_change_has_a_sentence() -> None:
    lifecycles = RINGS.schema.field("lifecycle").metadata[b"meaning"].decode().strip("`").split("|")
    assert {*lifecycles, "joined", "left", "score", "cleared", "gone"} - {"stable"} <= set(SENTENCES)


def test_a_sentence_is_whole_or_not_said() -> None:
    assert words.say("victims", "en", n=3, cny="1,200.00") == "3 different counterparties are involved, CNY 1,200.00."
    assert words.say("victims", "zh", n=3, cny="1,200.00") == "涉及 3 名不同的对方，金额 1,200.00 元。"
    with pytest.raises(KeyError):
        words.say("victims", "en", n=3)
    with pytest.raises(KeyError):
        words.say("nothing", "en")


@pytest.mark.parametrize(
    ("fen", "said"),
    [(0, "0.00"), (5, "0.05"), (100, "1.00"), (123456789, "1,234,567.89"), (10**15 + 1, "10,000,000,000,000.01")],
)
def test_money_is_said_to_the_fen(fen: int, said: str) -> None:
    assert words.cny(fen) == said


@pytest.mark.parametrize(
    ("rate", "said"), [(0.00001, "< 0.01 %"), (0.00123, "0.12 %"), (0.0456, "4.6 %"), (0.5, "50 %"), (1.0, "100 %")]
)
def test_rates_are_said_to_two_figures(rate: float, said: str) -> None:
    assert words.share(rate) == said
