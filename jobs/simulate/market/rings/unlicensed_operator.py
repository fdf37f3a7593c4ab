"""One operator's shops sell regulated goods with no licence shown, or one licence over several shops."""

from __future__ import annotations

import numpy as np

from graph.exports import COMPLAINTS
from jobs.simulate.columns import NONE
from jobs.simulate.goods import REGULATED
from jobs.simulate.market.rings.gang import Gang
from jobs.simulate.market.rings.ties import bind
from jobs.simulate.options import DAY


def plant(gang: Gang) -> None:
    """All are shops; their trade runs smoothly, which is why nobody complains much."""
    a, who = gang.world.accounts, gang.members
    gang.open_shops(who, licensed=0.0)
    a["goods"][who] = gang.rng.choice(REGULATED, len(who)) if gang.rng.random() < 0.5 else gang.rng.choice(REGULATED)
    bind(gang)
    if gang.rng.random() < 0.4:
        a["licence_id"][who] = np.where(gang.chance(len(who), 0.85), gang.world.one("licence"), a["licence_id"][who])
        a["licence_shown"][who] = gang.chance(len(who), 0.5)
    else:
        hidden = gang.chance(len(who), 0.3) & (a["licence_id"][who] == NONE)
        a["licence_id"][who] = np.where(hidden, who, a["licence_id"][who])
    gang.role(gang.actors, "seller")
    seller = gang.times(gang.actors, 10, 28)
    n = len(seller)
    rows = gang.deal(gang.victims(n), seller, gang.moments(n), category=a["goods"][seller])
    gang.normal(rows)
    kinds = gang.rng.choice([COMPLAINTS.index(k) for k in ("not_as_described", "counterfeit", "other")], n)
    angry = gang.chance(n, 0.08)
    gang.complain(rows, angry, kinds, rows["delivered_at"] + 2 * DAY, 2)
    gang.refund(rows, angry & gang.chance(n, 0.4), rows["complained_at"])
