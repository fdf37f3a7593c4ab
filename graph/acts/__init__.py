"""The fourteen typologies, one small file each, and the counting of their acts against their chances."""

from graph.acts.counting import REGULATED, chances_of, forget, tally
from graph.acts.listed import TYPOLOGIES, all_acts

__all__ = ["REGULATED", "TYPOLOGIES", "all_acts", "chances_of", "forget", "tally"]
