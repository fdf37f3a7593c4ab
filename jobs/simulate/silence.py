"""What is never told: complaints and reports that people do not file, and a platform without a classifier."""

from __future__ import annotations

import numpy as np

from jobs.simulate.columns import NONE, Rows
from jobs.simulate.ledger import Ledger

OF_COMPLAINT = (
    "complained_at",
    "complaint",
    "votes_buyer",
    "votes_seller",
    "jury_at",
    "jury_winner",
    "appealed_at",
    "appeal_winner",
)
"""No complaint, no jury."""


def silence(world: Ledger, orders: Rows, chats: Rows) -> None:
    """Drop the share `mute` of complaints and reports, in place; if any is dropped, all tags go too."""
    mute = world.options.mute
    if mute == 0:
        return
    rng = world.stream(9)
    for columns, rows in (
        (OF_COMPLAINT, orders),
        (("seller_complained_at", "seller_complaint"), orders),
        (("reported_at", "claimed_cny"), chats),
    ):
        unfiled = rng.random(len(rows[columns[0]])) < mute
        for column in columns:
            rows[column][unfiled] = NONE
    chats["tag"][:] = np.int8(NONE)
