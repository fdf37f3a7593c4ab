"""What is proposed, and to whom. Legal figures order actions and never scores; a named person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.settings import ScoreSettings

REGULATED = frozenset({"counterfeit_network", "unlicensed_operator", "brushing"})
BOTH = frozenset({"counterfeit_network", "pyramid"})
HARMLESS_ALONE = frozenset({"account_farm", "brushing", "unlicensed_operator"})


def action(score: float, typology: str, n_victims: int, loss_fen: int, n_accounts: int, s: ScoreSettings) -> str:
    """`advise|warn|restrict|refer` from score, victims and loss (fen)."""
    if score < s.warn:
        return "advise"
    if score < s.restrict:
        return "warn"
    grave = n_victims >= s.refer_victims and loss_fen >= 100 * s.refer_cny
    if typology == "pyramid":
        grave = grave or n_accounts >= s.pyramid_heads
    if typology in HARMLESS_ALONE and n_victims < s.refer_victims:
        return "warn"
    return "refer" if grave else "restrict"


def refer_to(action: str, typology: str) -> str | None:
    """`police|market_regulator|both` for a referral, else None."""
    if action != "refer":
        return None
    if typology in BOTH:
        return "both"
    return "market_regulator" if typology in REGULATED else "police"
