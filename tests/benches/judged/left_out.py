"""What is taken from our own night to see what it is worth: a kind of tie, a source of evidence, an optional column."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from graph.exports import EXPORTS
from graph.settings import Method, TieSettings
from tests.benches.judged.markets import NIGHT, Ranked
from tests.benches.judged.night import night

Columns = frozenset[tuple[str, str]]
"""(export, column)"""

TIES = (
    "device", "payee", "payer", "contact", "card_code", "phone", "owner", "licence", "address", "inviter",
    "succession", "source",
)  # fmt: skip
"""Kinds of tie in the contract's order."""
SOURCES: dict[str, tuple[str, ...]] = {
    "chat tags": ("chat_links.tag",),
    "reports of chats": ("chat_links.reported_at", "chat_links.claimed_cny"),
    "which order a chat is about": ("chat_links.order_id",),
    "buyers' complaints": ("orders.complained_at", "orders.complaint"),
    "sellers' complaints": ("orders.seller_complained_at", "orders.seller_complaint"),
    "every complaint and report": (
        "orders.complained_at", "orders.complaint", "orders.seller_complained_at", "orders.seller_complaint",
        "chat_links.reported_at", "chat_links.claimed_cny",
    ),
    "the jury and appeals": (
        "orders.votes_buyer", "orders.votes_seller", "orders.jury_at", "orders.jury_winner", "orders.appealed_at",
        "orders.appeal_winner",
    ),
    "returns": ("orders.return_kind",),
    "delivery and confirmation times": ("orders.delivered_at", "orders.confirmed_at"),
    "closed and banned accounts": ("accounts.cancelled_at", "accounts.banned_at"),
    "licences": ("accounts.licence_id", "accounts.licence_shown"),
    "who referred whom": ("accounts.inviter_id", "orders.promoter_id"),
    "where parcels go": (
        "orders.ship_from_region", "orders.ship_to_region", "orders.ship_from_id", "orders.ship_to_id",
    ),
}  # fmt: skip
SWAPPED = {
    "devices": ((("account_id",), "device_id"),),
    "accounts": tuple(
        (("account_id",), c) for c in ("owner_id", "phone_id", "licence_id", "display_name_id", "inviter_id")
    ),
    "orders": (
        (("seller_id",), "payee_id"),
        (("buyer_id",), "payer_id"),
        (("seller_id",), "ship_from_id"),
        (("buyer_id",), "ship_to_id"),
    ),
    "chat_links": ((("sender_id", "target_kind"), "target_id"),),
}
"""Export -> (who uses, the thing used)."""


def optional() -> list[tuple[str, str]]:
    """Every column that an export may lack, in the contract's order; labels are not made by the simulator."""
    return [(e.name, c.name) for e in EXPORTS for c in e.columns if not c.required and not e.optional]


def variants(which: str) -> list[str]:
    """Names of what is left out, by `which`: `ties`, `sources` or `columns`."""
    if which == "ties":
        known = [kind for kind in TIES if kind in TieSettings.model_fields]
        return [*(f"tie {kind}" for kind in known), "ties shuffled"]
    if which == "sources":
        return [f"source {name}" for name in SOURCES]
    return [*(f"column {table}.{column}" for table, column in optional()), "every optional column"]


def run(variant: str, exports: Path, work: Path) -> Ranked:
    """Our night on `exports` without what `variant` names; `work` is a folder for changed copies."""
    what, _, name = variant.partition(" ")
    if what == "tie":
        return night(exports, untied(name))
    changed = work / "changed"
    shutil.rmtree(changed, ignore_errors=True)
    if variant == "ties shuffled":
        rewrite(exports, changed, swap=True)
    elif variant == "every optional column":
        rewrite(exports, changed, without=frozenset(optional()))
    else:
        rewrite(exports, changed, without=columns(SOURCES[name] if what == "source" else (name,)))
    return night(changed, Method())


def columns(names: Iterable[str]) -> Columns:
    """`export.column` names, parted."""
    return frozenset((name.partition(".")[0], name.partition(".")[2]) for name in names)


def untied(kind: str) -> Method:
    """The method with one kind of tie worth nothing; a referral line's fee is part of its tie."""
    kinds = {kind: 0.0} | ({"fee": 0.0} if kind == "inviter" else {})
    return Method(ties=TieSettings().model_copy(update=kinds))


def rewrite(exports: Path, out: Path, *, without: Columns = frozenset(), swap: bool = False) -> None:
    """Copy a market's drop without some columns (they are not in the header), or with its things dealt out anew."""
    folder = out / str(NIGHT)
    folder.mkdir(parents=True)
    for path in sorted((exports / str(NIGHT)).glob("*.csv")):
        rows = pl.read_csv(path, infer_schema=False)
        rows = rows.drop([c for table, c in without if table == path.stem])
        if swap:
            for who, thing in SWAPPED.get(path.stem, ()):
                rows = dealt(rows, list(who), thing)
        rows.write_csv(folder / path.name)


def dealt(rows: pl.DataFrame, who: list[str], thing: str) -> pl.DataFrame:
    """Things dealt out anew among the pairs (account, thing) of one kind: as many accounts a thing and things an
    account as before (a pair dealt twice aside), but not the same ones. NULL stays NULL. In `who` the first is the
    account, the rest is the kind, within which things are dealt."""
    kind = who[1:]
    pairs = rows.select(*who, thing).filter(pl.col(thing).is_not_null()).unique().sort(*who, thing)
    mixed = pl.col(thing).shuffle(seed=1)
    pairs = pairs.with_columns((mixed.over(kind) if kind else mixed).alias("dealt"))
    dealt_out = rows.join(pairs, on=[*who, thing], how="left", maintain_order="left")
    return dealt_out.with_columns(pl.col("dealt").alias(thing)).drop("dealt").select(rows.columns)
