"""What is sold and where: categories with prices, and the regions of China.

Prices are log-normal around a median, in fen. Regions are county-level codes of GB/T 2260 with a rough weight
by trade.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graph.exports import VIRTUAL


class Good(NamedTuple):
    """One category.

    Median price in CNY, spread of its logarithm, share of persons and of shops that mainly sell it (‰).
    """

    name: str
    median: float
    spread: float
    persons: int
    shops: int


GOODS = (
    Good("virtual_card", 50, 0.8, 70, 60),
    Good("topup_card", 95, 0.3, 60, 60),
    Good("voucher", 80, 0.7, 60, 40),
    Good("phone", 1500, 0.5, 120, 110),
    Good("cosmetics", 120, 0.8, 110, 120),
    Good("clothing", 90, 0.8, 190, 160),
    Good("liquor", 320, 0.9, 15, 70),
    Good("jewellery", 900, 0.9, 40, 60),
    Good("health_food", 180, 0.7, 10, 50),
    Good("medicine", 60, 0.7, 4, 40),
    Good("fertilizer", 150, 0.6, 6, 30),
    Good("membership", 200, 0.8, 25, 30),
    Good("household", 70, 0.9, 160, 120),
    Good("other", 60, 1.0, 130, 50),
)
CATEGORIES = tuple(g.name for g in GOODS)
NUMBER = {name: number for number, name in enumerate(CATEGORIES)}
MEDIAN = np.array([g.median * 100 for g in GOODS])
SPREAD = np.array([g.spread for g in GOODS])
VIRTUAL_NUMBERS = np.array([NUMBER[name] for name in VIRTUAL], np.int64)
REGULATED = np.array([NUMBER[name] for name in ("medicine", "health_food", "liquor", "fertilizer")], np.int64)
IS_VIRTUAL = np.isin(np.arange(len(GOODS)), VIRTUAL_NUMBERS)
IS_REGULATED = np.isin(np.arange(len(GOODS)), REGULATED)

_REGIONS = {
    110105: 5, 110108: 5, 110106: 3, 120101: 1, 120104: 2, 130102: 3, 130202: 2, 140105: 2, 140502: 1,
    150102: 1, 150202: 1, 210102: 2, 210202: 2, 220102: 2, 220202: 1, 230102: 2, 230302: 1, 310104: 3,
    310112: 4, 310115: 6, 320102: 3, 320205: 2, 320508: 3, 320583: 3, 330106: 5, 330110: 5, 330212: 3,
    330522: 1, 330782: 5, 340104: 3, 350102: 2, 350203: 3, 350302: 3, 350582: 3, 360102: 2, 370102: 3,
    370212: 2, 370602: 2, 410105: 4, 411502: 2, 420106: 3, 420111: 3, 430102: 2, 430104: 3, 440106: 5,
    440305: 5, 440306: 5, 440307: 4, 440605: 4, 441900: 5, 450103: 2, 450302: 1, 460105: 1, 460106: 1,
    500103: 2, 500112: 3, 510104: 4, 510107: 4, 520102: 1, 520103: 2, 530102: 2, 530302: 1, 540102: 1,
    610113: 3, 620102: 1, 630102: 1, 640104: 1, 650102: 1,
}  # fmt: skip
REGIONS = np.array(list(_REGIONS), np.int64)
REGION_SHARE = np.array(list(_REGIONS.values())) / sum(_REGIONS.values())
