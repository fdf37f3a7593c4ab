"""What goes into a bundle: one ring of a published night, and the rows of the warehouse that its evidence cites."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from graph import words
from graph.acts import all_acts
from graph.explore import NotThereError, ReplacedError, Ring, open_night
from graph.facts import FACTS
from graph.state import as_of
from jobs.errors import RingwatchError, UsageError
from jobs.warehouse import Warehouse

if TYPE_CHECKING:
    from graph.words import Language
    from jobs.settings import EngineSettings

NARROW = {
    "orders_rows": "SELECT * FROM orders_rows"
    " WHERE order_id IN (SELECT key FROM case_cited WHERE \"table\" = 'orders')",
    "chat_links_rows": "SELECT * FROM chat_links_rows"
    " WHERE message_id IN (SELECT key FROM case_cited WHERE \"table\" = 'chat_links')",
    "devices_rows": "SELECT * FROM devices_rows"
    " WHERE account_id || '|' || device_id IN (SELECT key FROM case_cited WHERE \"table\" = 'devices')",
    "accounts_rows": "SELECT * FROM accounts_rows WHERE account_id IN ("
    "SELECT key FROM case_cited WHERE \"table\" = 'accounts' UNION SELECT buyer_id FROM orders_rows"
    " UNION SELECT seller_id FROM orders_rows UNION SELECT sender_id FROM chat_links_rows"
    " UNION SELECT receiver_id FROM chat_links_rows)",
    "labels_rows": "SELECT * FROM labels_rows WHERE false",
}
"""The night's own statements then read these temporary tables in the place of the warehouse's: the rows of one ring out
of millions. `accounts_rows` last but one, for it reads the two others."""

NOT_THERE = """
SELECT count(*) FROM case_files AS c
ANTI JOIN files AS f ON f.path = c.file AND f.sha256 = c.file_sha256 AND f.drop_date <= $run
"""

_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")


@dataclass(frozen=True)
class Gathered:
    """A ring with all that is known of it, true values throughout.

    `record` is the night's run.json. `members`: its rows of `accounts`, best first, with `kind`, `registered_at`,
    `closed_at`. `links`, `evidence` (with `act`, NULL for a tie) and `open_orders`: its rows of those watchlists.
    `facts`: one row an act as `graph.facts` makes them, money in fen. `orders`, `chats`, `devices`: the cited rows as
    they stood that night, in the columns of `graph.state`.
    """

    ring: Ring
    record: dict[str, Any]
    members: pl.DataFrame
    links: pl.DataFrame
    evidence: pl.DataFrame
    open_orders: pl.DataFrame
    facts: pl.DataFrame
    orders: pl.DataFrame
    chats: pl.DataFrame
    devices: pl.DataFrame

    @property
    def row(self) -> dict[str, Any]:
        """Its row of `rings`."""
        return self.ring.row

    @property
    def run_date(self) -> date:
        """Of the night."""
        return self.ring.night.date


def gather(ring_id: str, watchlists: Path, warehouse: Path, run_date: date | None, engine: EngineSettings) -> Gathered:
    """Read one ring. Raises UsageError for a night or ring that is not there, RingwatchError where the warehouse is
    not the one that the night was made from."""
    try:
        ring = open_night(watchlists, run_date).ring(ring_id)
        members, links, evidence, orders = ring.members(), ring.links(), ring.evidence(), ring.open_orders()
    except NotThereError as missing:
        raise UsageError(str(missing)) from missing
    except ReplacedError as replaced:
        raise RingwatchError(str(replaced)) from replaced
    if not warehouse.is_file():
        raise UsageError(f"--warehouse {warehouse}: no such file. Name the --warehouse of ringwatch nightly")
    evidence = with_acts(evidence, ring.night.language)
    with Warehouse.open(warehouse, **engine.limits(), read_only=True) as db:
        _narrow(db, members, evidence, orders, ring.night.date)
        db.put("members", members.select("account_id", pl.lit(1).alias("ring")))
        db.put("acts_on_rings", _acts(evidence))
        db.view("orders_near", "SELECT * FROM orders")  # narrowed to this ring already
        db.view("chats_near", "SELECT * FROM chat_links")
        about = db.frame(
            "SELECT account_id, kind, registered_at, least(cancelled_at, banned_at) AS closed_at FROM accounts"
        )
        return Gathered(
            ring,
            ring.night.run,
            members.join(about, on="account_id", how="left", maintain_order="left"),
            links,
            evidence,
            orders,
            db.frame(f"SELECT * FROM ({FACTS}) ORDER BY happened_at, account_id, typology, act, row_key").rename(
                {"export": "table"}
            ),
            db.frame("SELECT * FROM orders ORDER BY order_id"),
            db.frame("SELECT * FROM chat_links ORDER BY message_id"),
            db.frame("SELECT * FROM devices ORDER BY account_id, device_id"),
        )


def with_acts(evidence: pl.DataFrame, language: Language) -> pl.DataFrame:
    """Evidence with the column `act`: the kind of act that its sentence speaks of, NULL for a tie."""
    known: dict[tuple[str, str], str] = {}
    for typology, act in all_acts():
        said = words.say("fact", language, what=words.act(act.name, language), at="\0")
        known[typology, said.partition("\0")[0]] = act.name
    acts = [
        known.get((typology, fact[: at.start()])) if (at := _MINUTE.search(fact)) else None
        for typology, fact in evidence.select("typology", "fact").iter_rows()
    ]
    return evidence.with_columns(pl.Series("act", acts, dtype=pl.String))


def _acts(evidence: pl.DataFrame) -> pl.DataFrame:
    """What `graph.facts.FACTS` reads as `acts_on_rings`."""
    kinds = pl.DataFrame(
        [(t, a.name, a.axis, a.side, a.victim, a.money) for t, a in all_acts()],
        schema={
            "typology": pl.String, "act": pl.String, "axis": pl.String, "side": pl.String, "victim": pl.String,
            "money": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip
    acts = evidence.drop_nulls("act").select(
        "ring_id", "typology", "act", "account_id", pl.col("table").alias("export"), "key"
    )
    return acts.join(kinds, on=["typology", "act"]).with_columns(pl.lit(1).alias("ring"))


def _narrow(db: Warehouse, members: pl.DataFrame, evidence: pl.DataFrame, orders: pl.DataFrame, run: date) -> None:
    columns = ("table", "key")
    table = pl.lit("orders").alias("table")
    account = pl.lit("accounts").alias("table")
    cited = pl.concat(
        [
            evidence.select(columns),
            orders.select(table, pl.col("order_id").alias("key")),
            members.select(account, pl.col("account_id").alias("key")),
        ]
    )
    db.put("case_cited", cited.unique())
    db.put("case_files", evidence.select("file", "file_sha256").unique())
    if db.rows(NOT_THERE, run=run) != [(0,)]:
        raise RingwatchError(
            f"the warehouse {db.path} does not hold the files that the night of {run} was made from. "
            "Name that night's warehouse, or run the night again"
        )
    for name, sql in NARROW.items():
        db.make(name, sql)
    as_of(db, run)
