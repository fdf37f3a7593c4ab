"""What is proposed to whom: the table of cases."""

from __future__ import annotations

import pytest

from graph.actions import action, refer_to
from graph.settings import ScoreSettings
from graph.tables import TYPOLOGIES

S = ScoreSettings()
LARGE = 100 * S.refer_cny


@pytest.mark.parametrize(
    ("score", "typology", "victims", "loss_fen", "accounts", "proposed"),
    [
        (0.49, "confirm_first", 99, 10 * LARGE, 9, "advise"),
        (0.50, "confirm_first", 99, 10 * LARGE, 9, "warn"),
        (0.79, "pyramid", 99, 10 * LARGE, 99, "warn"),
        (0.80, "confirm_first", 3, LARGE, 2, "refer"),
        (0.80, "confirm_first", 2, LARGE, 2, "restrict"),
        (0.80, "confirm_first", 3, LARGE - 1, 2, "restrict"),
        (0.99, "pyramid", 0, 0, S.pyramid_heads, "refer"),
        (0.99, "pyramid", 0, 0, S.pyramid_heads - 1, "restrict"),
        (0.99, "account_farm", 0, 0, 99, "warn"),
        (0.99, "brushing", 2, 10 * LARGE, 9, "warn"),
        (0.99, "unlicensed_operator", 3, LARGE, 9, "refer"),
    ],
)
def test_actions(score: float, typology: str, victims: int, loss_fen: int, accounts: int, proposed: str) -> None:
    assert action(score, typology, victims, loss_fen, accounts, 3, S) == proposed


def test_a_wide_tree_of_two_levels_is_no_criminal_pyramid() -> None:
    assert action(0.99, "pyramid", 0, 0, S.pyramid_heads, S.pyramid_levels - 1, S) == "restrict"
    assert action(0.99, "pyramid", 0, 0, S.pyramid_heads, None, S) == "restrict"


def test_many_leaked_orders_are_referred_without_a_loss_here() -> None:
    assert action(0.99, "leak_source", S.leaked_orders // 2, 0, 4, None, S) == "refer"
    assert action(0.99, "leak_source", S.leaked_orders // 2 - 1, 0, 4, None, S) == "restrict"


@pytest.mark.parametrize("typology", TYPOLOGIES)
def test_only_a_referral_has_an_address(typology: str) -> None:
    assert refer_to("refer", typology) in {"police", "market_regulator", "both"}
    assert {refer_to(other, typology) for other in ("advise", "warn", "restrict")} == {None}


def test_who_is_addressed() -> None:
    assert refer_to("refer", "confirm_first") == "police"
    assert refer_to("refer", "unlicensed_operator") == "market_regulator"
    assert refer_to("refer", "pyramid") == "both"


def test_more_evidence_or_harm_never_proposes_less() -> None:
    order = ["advise", "warn", "restrict", "refer"]
    for typology in TYPOLOGIES:
        by_score = [order.index(action(x / 20, typology, 5, 2 * LARGE, 5, 1, S)) for x in range(21)]
        by_loss = [order.index(action(0.9, typology, 5, loss, 5, 1, S)) for loss in (0, LARGE - 1, LARGE, 9 * LARGE)]
        assert by_score == sorted(by_score)
        assert by_loss == sorted(by_loss)
