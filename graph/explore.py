"""Open a published night and ask it questions: which rings, why, what speaks against, which money can be saved.

    night = open_night(Path("out"))
    night.rings()
    ring = night.ring("R-abcdef")
    ring.why()

For notebooks and terminals. Nothing is written, and a table is read only when asked for: a night of a million accounts
opens at once.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import polars as pl

from graph import words
from graph.tables import WATCHLISTS
from graph.weakest import typed_graph

if TYPE_CHECKING:
    from graph.canvas import Picture
    from graph.words import Language

RECORD = "run.json"
_NIGHT = re.compile(r"run_date=(\d{4}-\d{2}-\d{2})")
_MINUTE = r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2})"


class NotThereError(LookupError):
    """No such night or ring; the message says which there are."""


class ReplacedError(RuntimeError):
    """The night was published again since it was opened: its tables no longer belong together."""


class Sentences(tuple[str, ...]):
    """Sentences that show one a line, in a terminal and in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(f"- {sentence}" for sentence in self)

    def _repr_html_(self) -> str:
        return "<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in self) + "</ul>"


def open_night(out: Path | str, date: date | None = None) -> Night:
    """The published night of that date, the newest unless told one. Raises NotThereError."""
    out = Path(out)
    there = sorted(m[1] for p in out.glob(f"run_date=*/{RECORD}") if (m := _NIGHT.fullmatch(p.parent.name)))
    if not there:
        raise NotThereError(f"{out}: no published night here. Name the --out of ringwatch nightly")
    if date is not None and str(date) not in there:
        raise NotThereError(f"{out}: no night of {date}. There are {len(there)}, {there[0]} to {there[-1]}")
    folder = out / f"run_date={date or there[-1]}"
    return Night(folder, (folder / RECORD).read_bytes())


@dataclass(frozen=True, eq=False)
class Night:
    """One published night. `record` is its run.json as it was when opened."""

    folder: Path
    record: bytes

    @property
    def date(self) -> date:
        """Of the night."""
        return date.fromisoformat(self.folder.name.removeprefix("run_date="))

    @property
    def language(self) -> Language:
        """In which the night's sentences are written."""
        publish = json.loads(self.record).get("settings", {}).get("publish", {})
        return "en" if publish.get("language") == "en" else "zh"

    def table(self, name: str, **equal: object) -> pl.DataFrame:
        """Rows of a table of `graph.tables.WATCHLISTS`, those alone whose columns `equal` the values given.

        Raises ReplacedError if the night was published again meanwhile, KeyError for an unknown table.
        """
        rows = pl.scan_parquet(self.folder / f"{WATCHLISTS[name].name}.parquet")
        for column, value in equal.items():
            rows = rows.filter(pl.col(column) == value)
        found = rows.collect()
        # Read after the table: a night is replaced whole, so the same record means that the table is of this night.
        if (self.folder / RECORD).read_bytes() != self.record:
            raise ReplacedError(f"{self.folder.name} was published again since it was opened. Open it again")
        return found

    def rings(self) -> pl.DataFrame:
        """One row a ring, best score first: the table `rings`."""
        return self.table("rings")

    def changes(self) -> pl.DataFrame:
        """What changed since the night before: the table `changes`."""
        return self.table("changes")

    def open_orders(self) -> pl.DataFrame:
        """Money that can still be saved tonight, over all rings: the table `open_orders`."""
        return self.table("open_orders")

    def ring(self, ring_id: str) -> Ring:
        """One ring. Raises NotThereError, with the nearest id there is."""
        for row in self.table("rings", ring_id=ring_id).iter_rows(named=True):
            return Ring(self, row)
        near = difflib.get_close_matches(ring_id, self.rings()["ring_id"].to_list(), n=1)
        raise NotThereError(
            f"{self.folder.name} has no ring {ring_id}." + (f" Did you mean {near[0]}?" if near else "")
        )

    def __repr__(self) -> str:
        rings = self.rings()
        money = f"{rings['open_cny'].sum() or 0:,}"
        new = rings.filter(pl.col("lifecycle") == "new").height
        return f"night of {self.date}: {rings.height} rings, {new} of them new; CNY {money} can still be saved"


@dataclass(frozen=True, eq=False)
class Ring:
    """One ring of one night. `row` is its row of `rings`, column -> value."""

    night: Night
    row: dict[str, Any]

    @property
    def ring_id(self) -> str:
        """Its name, the same from night to night."""
        return str(self.row["ring_id"])

    def why(self) -> Sentences:
        """What speaks for it, strongest first."""
        return Sentences(self.row["reasons"])

    def against(self) -> Sentences:
        """What speaks against it: read this before deciding."""
        return Sentences(self.row["against"])

    def members(self) -> pl.DataFrame:
        """One row a member, best first: its rows of `accounts`."""
        return self.night.table("accounts", ring_id=self.ring_id)

    @cached_property
    def _links(self) -> pl.DataFrame:
        return self.night.table("links", ring_id=self.ring_id)

    def links(self) -> pl.DataFrame:
        """What ties the members to each other: its rows of `links`."""
        return self._links

    def evidence(self) -> pl.DataFrame:
        """One row a fact, down to the line it was read from: its rows of `evidence`."""
        return self.night.table("evidence", ring_id=self.ring_id)

    def open_orders(self) -> pl.DataFrame:
        """Orders whose money can still be saved: its rows of `open_orders`."""
        return self.night.table("open_orders", ring_id=self.ring_id)

    def acts(self) -> pl.DataFrame:
        """The dated acts: `account_id`, `typology`, `happened_at` (to the minute), `fact`, oldest first.

        The watchlists have no column for the time of an act; its sentence alone gives the minute, that of a tie days.
        """
        at = pl.col("fact").str.extract(_MINUTE).str.to_datetime("%Y-%m-%d %H:%M", time_unit="us")
        columns = ("account_id", "typology", "happened_at", "fact")
        dated = self.evidence().with_columns(at.alias("happened_at"))
        return dated.drop_nulls("happened_at").select(columns).sort("happened_at", "account_id", "typology", "fact")

    def graph(self) -> nx.Graph:
        """Its accounts and what they share, in sorted order.

        Nodes ("account", id) with `role` and `score`, and (space, id) of shared things with `kinds`; one payment
        account is one node of space "pay", whether it was paid or paid. Edges have `weight` (log-odds), `kinds`,
        `first_at`,
        `last_at`, and between two accounts `parent`: the older or referring one.
        """
        return ring_graph(self.members(), self._links)

    def draw(self, language: Language | None = None) -> Picture:
        """The ring in columns, as a matplotlib figure; in the night's language unless told one."""
        from graph.draw import draw  # noqa: PLC0415 - matplotlib takes a second and is for those who draw

        return draw(self.graph(), self.row, language or self.night.language)

    def timeline(self, language: Language | None = None) -> Picture:
        """Who did what when: registrations, ties in use, acts, closings and money still open, as a figure."""
        from graph.timeline import timeline  # noqa: PLC0415 - likewise

        return timeline(self, language or self.night.language)

    def head(self) -> str:
        """The ring in three lines."""
        row = self.row
        named = ", ".join(
            f"{words.typology(t['name'], self.night.language)} {t['score']:.2f}" for t in row["typologies"]
        )
        refer = f" ({row['refer_to']})" if row["refer_to"] else ""
        return (
            f"{self.ring_id} · {named}\n"
            f"rank {row['rank']} · score {row['score']:.3f} · {row['lifecycle']} · proposed: {row['action']}{refer}"
            f" · verdict: {row['verdict'] or '-'}\n"
            f"{row['n_accounts']} accounts · {row['n_victims']} victims · exposure {row['exposure_cny']:,} CNY"
            f" · lost {row['loss_cny']:,} · open {row['open_cny']:,}"
        )

    def __repr__(self) -> str:
        for_it = "".join(f"\n+ {sentence}" for sentence in self.row["reasons"])
        return self.head() + for_it + "".join(f"\n- {sentence}" for sentence in self.row["against"])

    def _repr_html_(self) -> str:
        head = escape(self.head()).replace("\n", "<br>")
        return f"<p>{head}</p><p>+</p>{self.why()._repr_html_()}<p>−</p>{self.against()._repr_html_()}"


def ring_graph(members: pl.DataFrame, links: pl.DataFrame) -> nx.Graph:
    """The typed graph of one ring, from its rows of `accounts` and `links`; see `Ring.graph`."""
    entity, kind = pl.col("entity_id"), pl.col("entity_kind")
    paying = links.filter(kind.is_in(["payee", "payer"]))["entity_id"].implode()
    between = kind.is_in(["inviter", "succession", "source"]) & entity.is_in(members["account_id"].implode())
    space = pl.when(between).then(pl.lit("account")).when(entity.is_in(paying)).then(pl.lit("pay")).otherwise(kind)
    # One edge a pair of account and thing, whatever the kinds of use: two kinds would overwrite each other.
    used = (
        links.with_columns(space.alias("space"))
        .group_by("account_id", "space", "entity_id")
        .agg(
            kind.unique().sort().alias("kinds"), kind.min(), pl.col("weight").max(),
            pl.col("first_seen_at").min(), pl.col("last_seen_at").max(),
        )
        .sort("account_id", "space", "entity_id")
    )  # fmt: skip
    graph = nx.Graph()
    for account, role, score in members.sort("account_id").select("account_id", "role", "score").iter_rows():
        graph.add_node(("account", account), role=role, score=score)
    graph.update(typed_graph(used))
    for account, near, thing, kinds in used.select("account_id", "space", "entity_id", "kinds").iter_rows():
        if account == thing:
            continue
        graph.edges[("account", account), (near, thing)]["kinds"] = kinds
        if near == "account":
            graph.edges[("account", account), (near, thing)]["parent"] = (near, thing)
        else:
            node = graph.nodes[near, thing]
            node["kinds"] = sorted({*node.get("kinds", []), *kinds})
    return graph
