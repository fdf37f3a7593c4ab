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
    "chat",
    "together",
    "trade",
    "quote",
]

BY_SIZE = "CASE WHEN n < 8 THEN 'few' WHEN n < 32 THEN 'some' ELSE 'many' END"
"""A stratum for acts that come with the size of an account's trade."""


@dataclass(frozen=True)
class Act:
    """One kind of act: whose it is, when there was a chance of it, when it was done.

    `who`, `chance` and `hit` are SQL over one row of `table`: the account, whether the row is a chance, whether the
    chance was taken (an act). A row of `chat_links` has beside its own columns those of the order it is about
    (`order_id`, `buyer_id`, `seller_id`, `promoter_id`, `handler_id`, `channel`, `paid_at`, `confirmed_at`,
    `cancelled_at`), NULL where there is none. Where it takes other rows to tell, a typology's `TABLES` (of acts in
    messages its `MESSAGES`) makes a table first, and in place of `hit` the act names it as `listed`: it has the keys of
    the rows that are acts, and all acts of one kind of row are picked in one pass.

    Where only some accounts have the chance at all (shops, those with a tie), `among` names a table of them
    (`account_id`, once each): they are looked up account by account after the count, not row by row before it.

    `stratum` is what its base rate is learned within: the column `category` or `target_kind` of the row, or SQL over an
    account's `kind` and its number `n` of chances. `axis` is the kind of evidence: acts of one typology on one axis
    restate each other and only the strongest counts. `victim` is the column of `table` that names who was harmed,
    `money` whether the row's amount was at stake. `between_tied`: the act itself is about tied accounts, so its base
    rate is that of all accounts; other acts are compared with accounts that are tied to nobody who acted. `crowd`: of
    such acts, one that no home's habit explains: a group is one witness still, and says more. `of_the_group`: one event
    or one trade of all of them explains it, so it is pooled and never summed member by member.
    """

    name: str
    side: Side
    axis: Axis
    table: Literal["orders", "chat_links", "accounts"]
    who: str
    chance: str
    hit: str = ""
    listed: str | None = None
    among: str | None = None
    stratum: str = "'order'"
    victim: str | None = None
    money: bool = True
    between_tied: bool = False
    crowd: bool = False
    of_the_group: bool = False

    @property
    def looks_up(self) -> bool:
        """Whether its conditions read other tables than its row's."""
        return "SELECT" in self.chance + self.hit
