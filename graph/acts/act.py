"""What a typology file is made of: kinds of act, each with the chances it is counted against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["seller", "buyer", "promoter", "organiser", "sender"]
Axis = Literal[
    "behaviour",
    "complaint",
    "counterparty",
    "tag",
    "report",
    "code",
    "sign_up",
    "succession",
    "licence",
    "logistics",
    "buyback",
]


@dataclass(frozen=True)
class Act:
    """One kind of act.

    `sql` selects one row a chance: `account_id`, `stratum` (what its base rate is learned within), `key` (of the row in
    `table`), `hit` (TRUE when the chance was taken: an act). `axis` is the kind of evidence: acts of one typology on
    one axis restate each other and only the strongest counts. `victim` is the column of `table` that names who was
    harmed, `money` whether the row's amount was at stake. `between_tied`: the act itself is about tied accounts, so its
    base rate is that of all accounts; other acts are compared with accounts that are tied to nobody who acted.
    """

    name: str
    side: Side
    axis: Axis
    table: Literal["orders", "chat_links", "accounts"]
    sql: str
    victim: str | None = None
    money: bool = True
    between_tied: bool = False
