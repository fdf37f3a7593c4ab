"""One ring of a published night: why, what speaks against, who, by which ties, and pictures of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from graph import words
from graph.displays import Sentences, page, plain
from graph.nights import NotThereError

if TYPE_CHECKING:
    from datetime import datetime

    import networkx as nx

    from graph.canvas import Picture
    from graph.explore import Night
    from graph.what_if import Apart, Weighed
    from graph.words import Language

_MINUTE = r"[（(](\d{4}-\d{2}-\d{2} \d{2}:\d{2})[）)][。.]$"
"""How the sentence of an act ends, in both languages; an id within a tie's sentence cannot pass for it."""


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

    def tied_by(self) -> pl.DataFrame:
        """One row a shared thing, what says most first: `entity_kind`, `entity_id`, `weight` (log-odds), `n` accounts,
        `accounts`, `first_seen_at`, `last_seen_at`. A ring of fifty has hundreds of links and a dozen of these."""
        return (
            self._links.group_by("entity_kind", "entity_id")
            .agg(
                pl.col("weight").max(), pl.col("account_id").n_unique().alias("n"),
                pl.col("account_id").unique().sort().alias("accounts"),
                pl.col("first_seen_at").min(), pl.col("last_seen_at").max(),
            )
            .sort("weight", "n", "entity_kind", "entity_id", descending=[True, True, False, False])
        )  # fmt: skip

    def joined(self) -> pl.DataFrame:
        """What changed on it since the night before, who joined and who left first: its rows of `changes`."""
        rows = self.night.table("changes", ring_id=self.ring_id)
        people = pl.col("account_id").is_null()
        return rows.sort(people, "change", "account_id", "detail").select("change", "account_id", "detail")

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
        columns = ("account_id", "typology", "happened_at", "fact")
        return dated(self.evidence()).select(columns).sort("happened_at", "account_id", "typology", "fact")

    def graph(self) -> nx.Graph:
        """Its accounts and what they share, as a networkx graph; see `ring_graph`."""
        return ring_graph(self.members(), self._links)

    def without(self, entity_id: str, account_id: str | None = None) -> Apart:
        """What if this tie were gone: the parts that the members fall into without the shared thing, or without one
        account's use of it.

        From the published links; nobody is scored again. Raises NotThereError for what ties nobody here.
        """
        from graph.what_if import apart  # noqa: PLC0415 - networkx is for those who ask

        gone = self._links.filter(entity_id=entity_id)
        if account_id is not None:
            gone = gone.filter(account_id=account_id)
        if gone.is_empty():
            raise NotThereError(f"{self.ring_id}: no tie by {entity_id}" + (f" of {account_id}" if account_id else ""))
        return apart(self, gone)

    def steps(self, weighed: Weighed | None = None) -> pl.DataFrame:
        """What the score is made of, in nats; by kind of act where the night was weighed again (`Night.weigh`), else by
        typology. See `graph.score_steps`."""
        from graph.score_steps import steps  # noqa: PLC0415 - likewise

        return steps(self, weighed)

    def draw(self, language: Language | None = None, weighed: Weighed | None = None) -> Picture:
        """The ring in columns, as a matplotlib figure; in the night's language unless told one.

        With the night weighed again also, faintly, the hubs that its members share and the ties that were cut.
        """
        from graph.draw import draw  # noqa: PLC0415 - matplotlib takes a second and is for those who draw

        graph = self.graph()
        if weighed is not None:
            from graph.what_if import add_faint  # noqa: PLC0415 - likewise

            add_faint(graph, weighed)
        return draw(graph, self.row, language or self.night.language)

    def timeline(self, language: Language | None = None) -> Picture:
        """Who did what when: registrations, ties in use, acts, closings and money still open, as a figure."""
        from graph.timeline import timeline  # noqa: PLC0415 - likewise

        return timeline(self, language or self.night.language)

    def score_bar(self, language: Language | None = None, weighed: Weighed | None = None) -> Picture:
        """The reasons as bars that add up to the score; see `steps`."""
        from graph.score_bar import score_bar  # noqa: PLC0415 - likewise

        return score_bar(self, self.steps(weighed), language or self.night.language)

    def label(self, verdict: str, decided_at: datetime | None = None, **more: str | None) -> None:
        """Record a verdict on it, for the nights to come; see `Night.label`."""
        self.night.label(self.ring_id, verdict, decided_at, **more)

    def head(self) -> str:
        """The ring in a few lines."""
        row = self.row
        zh = self.night.language == "zh"
        named = ", ".join(
            f"{words.typology(t['name'], 'zh') + ' ' if zh else ''}{t['name']} {t['score']:.2f}"
            for t in row["typologies"]
        )
        refer = f", refer to {row['refer_to']}" if row["refer_to"] else ""
        return (
            f"{self.ring_id} · {named}\n"
            f"rank {row['rank']} · score {row['score']:.3f} · {row['lifecycle']} · proposed: {row['action']}{refer}"
            f" · verdict: {row['verdict'] or '-'}\n"
            f"{row['n_accounts']} accounts · {row['n_victims']} victims · exposure {row['exposure_cny']:,} CNY"
            f" · lost {row['loss_cny']:,} · open {row['open_cny']:,}"
            + (f"\nfalls apart without: {row['weakest_tie']}" if row["weakest_tie"] else "")
        )

    def __repr__(self) -> str:
        for_it = "".join(f"\n+ {sentence}" for sentence in self.row["reasons"])
        return plain(self.head() + for_it + "".join(f"\n- {sentence}" for sentence in self.row["against"]))

    def _repr_html_(self) -> str:
        return page([self.head(), "+", self.why(), "−", self.against()])


def dated(evidence: pl.DataFrame) -> pl.DataFrame:
    """The rows of `evidence` that are acts, with `happened_at`, to the minute."""
    at = pl.col("fact").str.extract(_MINUTE).str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False)
    return evidence.with_columns(at.alias("happened_at")).drop_nulls("happened_at")


def ring_graph(members: pl.DataFrame, links: pl.DataFrame) -> nx.Graph:
    """The typed graph of one ring, from its rows of `accounts` and `links`, in sorted order.

    Nodes ("account", id) with `role` and `score`, and (space, id) of shared things with `kinds`; one payment account is
    one node of space "pay", whether it was paid or paid. Edges have `weight` (log-odds), `kinds`, `first_at`,
    `last_at`, and between two accounts `parent`: the older or referring one.
    """
    from networkx import Graph  # noqa: PLC0415 - a night opens at once because this waits

    from graph.weakest import typed_graph  # noqa: PLC0415 - likewise

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
    graph = Graph()
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
