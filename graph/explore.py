"""Open a published night and ask it questions: which rings, why, what speaks against, which money can be saved.

    night = open_night(Path("out"))
    night.rings(typology="pyramid", region="44")
    ring = night.ring("R-abcdef")
    ring.why(), ring.against(), ring.open_orders(), ring.joined()
    ring.without("d12f7a")                       # what if this tie were gone
    night.at_line(0.5)                           # what if the score line moved

For notebooks and terminals. Nothing of a night is written, and a table is read only when asked for: a night of a
million accounts opens at once, and may be published again meanwhile. What needs the warehouse (to weigh a night again
with other settings, to record a verdict) is done by a `Desk`, which `jobs.desk.open_desk` hands in.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from graph import words
from graph.displays import page
from graph.explore_ring import Ring, ring_graph
from graph.nights import RECORD, NoDeskError, NotThereError, ReplacedError, dates, folder_of, parsed

if TYPE_CHECKING:
    from graph.canvas import Picture
    from graph.what_if import Weighed
    from graph.words import Language

__all__ = [
    "Desk", "Night", "NoDeskError", "NotThereError", "ReplacedError", "Ring", "brief", "dates", "open_night",
    "ring_graph",
]  # fmt: skip
ACTIONS = ("advise", "warn", "restrict", "refer")


class Desk(Protocol):
    """What can be done beside the warehouse; `jobs.desk` has it."""

    def weigh(self, record: bytes, changes: Iterable[dict[str, Any]]) -> list[Weighed]:
        """The stages of the night of that run.json run again: as they were, then with each of `changes` (dotted
        setting -> value)."""

    def label(self, subject: str, verdict: str, decided_at: datetime | None = None, **more: str | None) -> None:
        """Record a verdict."""


def open_night(out: Path | str, date: date | None = None, desk: Desk | None = None) -> Night:
    """The published night of that date, the newest unless told one. Raises NotThereError, DamagedError."""
    out = Path(out)
    there = dates(out)
    if not there:
        raise NotThereError(f"{out}: no published night here. Name the --out of ringwatch nightly")
    if date is not None and date not in there:
        raise NotThereError(f"{out}: no night of {date}. There are {len(there)}, {there[0]} to {there[-1]}")
    return open_folder(folder_of(out, date or there[-1]), desk)


def open_folder(folder: Path, desk: Desk | None = None) -> Night:
    """The night published in that folder. Raises FileNotFoundError where there is none, DamagedError."""
    night = Night(folder, (folder / RECORD).read_bytes(), desk)
    _ = night.run  # damaged, it is told before anything is shown
    return night


@dataclass(frozen=True, eq=False)
class Night:
    """One published night. `record` is its run.json as it was when opened."""

    folder: Path
    record: bytes
    desk: Desk | None = None

    @property
    def date(self) -> date:
        """Of the night."""
        return date.fromisoformat(self.folder.name.removeprefix("run_date="))

    @cached_property
    def run(self) -> dict[str, Any]:
        """What run.json says. Raises DamagedError."""
        return parsed(self.record, self.folder)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that the night ran with, as in run.json."""
        found: dict[str, Any] = self.run["settings"]
        return found

    @property
    def language(self) -> Language:
        """In which the night's sentences are written."""
        return "en" if self.settings.get("publish", {}).get("language") == "en" else "zh"

    def before(self) -> Night | None:
        """The published night before this one, if there is one."""
        earlier = [night for night in dates(self.folder.parent) if night < self.date]
        return open_folder(folder_of(self.folder.parent, earlier[-1]), self.desk) if earlier else None

    def table(self, name: str, columns: Sequence[str] | None = None, **equal: object) -> pl.DataFrame:
        """Rows of a table of `graph.tables.WATCHLISTS`, those alone whose columns `equal` the values given; of all its
        columns or of some.

        Raises ReplacedError if the night was published again meanwhile, FileNotFoundError for an unknown table.
        """
        rows = pl.scan_parquet(self.folder / f"{name}.parquet", glob=False)
        for column, value in equal.items():
            rows = rows.filter(pl.col(column) == value)
        try:
            return (rows if columns is None else rows.select(columns)).collect()
        finally:
            # Read after the table: a night is replaced whole, so the same record means that the table is of this one.
            if (self.folder / RECORD).read_bytes() != self.record:
                raise ReplacedError(f"{self.folder.name} was published again since it was opened. Open it again")

    def rings(
        self, typology: str | None = None, region: str | None = None, action: str | None = None, least: float = 0.0
    ) -> pl.DataFrame:
        """One row a ring, best score first: rows of the table `rings`.

        `typology`: those that carry it, first or not; `region`: those with victims where the GB/T 2260 code begins so
        (44 is a province, 440106 a county); `action`: those for which it is proposed; `least`: their score at least.
        Raises ValueError for a typology or an action that does not exist.
        """
        rings = self.table("rings").filter(pl.col("score") >= least)
        if typology is not None:
            named = pl.col("typologies").list.eval(pl.element().struct.field("name"))
            rings = rings.filter(named.list.contains(_known(typology, tuple(words.TYPOLOGY))))
        if region is not None:
            rings = rings.filter(
                pl.col("regions").list.eval(pl.element().str.starts_with(region)).list.any().fill_null(False)
            )
        return rings if action is None else rings.filter(action=_known(action, ACTIONS))

    def urgent(self) -> pl.DataFrame:
        """The same rows, those first in which most money is at stake: priority, then score."""
        return self.table("rings").sort("priority", "score", "ring_id", descending=[True, True, False])

    def changes(self) -> pl.DataFrame:
        """What changed since the night before: rows of `changes` with the ring's `rank`, best first, gone ones last."""
        ranks = self.table("rings", ("ring_id", "rank"))
        return (
            self.table("changes")
            .join(ranks, on="ring_id", how="left")
            .sort("rank", "ring_id", "change", "account_id", "detail", nulls_last=True)
        )

    def joined(self) -> pl.DataFrame:
        """Who joined a ring since the night before: those rows of `changes`."""
        return self.changes().filter(change="joined").select("rank", "ring_id", "account_id", "detail")

    def open_orders(self) -> pl.DataFrame:
        """Money that can still be saved tonight, over all rings: the table `open_orders`, largest amount first."""
        return self.table("open_orders").sort("amount", "ring_id", "order_id", descending=[True, False, False])

    def ring(self, ring_id: str) -> Ring:
        """One ring. Raises NotThereError, with the nearest id there is."""
        for row in self.table("rings", ring_id=ring_id).iter_rows(named=True):
            return Ring(self, row)
        near = difflib.get_close_matches(ring_id, self.table("rings", ("ring_id",))["ring_id"].to_list(), n=1)
        hint = f"Did you mean {near[0]}?" if near else "rings.parquet lists them"
        raise NotThereError(f"{self.folder.name} has no ring {ring_id}. {hint}")

    def at_line(self, score: float) -> pl.DataFrame:
        """What if the score line moved up to `score`: one row a ring, with `listed` yes or no.

        Read from the published list, so exact, but blind below the line that the night had: for that, see `what_if`.
        """
        rings = self.table("rings", ("rank", "ring_id", "score", "typology", "n_accounts", "open_cny"))
        return rings.with_columns((pl.col("score") >= score).alias("listed"))

    def weigh(self) -> Weighed:
        """The night weighed again as it was, down to each kind of act. Reads the warehouse, as long as the night's own
        stages take. Raises NoDeskError without one."""
        return self.what_if()[0]

    def what_if(self, *changes: dict[str, Any]) -> list[Weighed]:
        """What if settings were others, such as {"rings.gamma": 0.008}: the night weighed again, first as it was, then
        with each of the changes. Verdicts and names are not weighed. Raises NoDeskError without a warehouse."""
        return self._at_desk().weigh(self.record, changes)

    def label(self, subject: str, verdict: str, decided_at: datetime | None = None, **more: str | None) -> None:
        """Record a verdict on a ring or account, for the nights to come; `more`: `note`, `typology`, `analyst`,
        `action_taken`. Raises NoDeskError without a warehouse.
        """
        self._at_desk().label(subject, verdict, decided_at, **more)

    def _at_desk(self) -> Desk:
        if self.desk is None:
            raise NoDeskError("this needs the warehouse: open the night with jobs.desk.open_desk, which takes one")
        return self.desk

    def head(self) -> str:
        """The night in one line."""
        rings = self.table("rings", ("open_cny", "lifecycle"))
        money = f"{rings['open_cny'].sum() or 0:,}"
        new = rings.filter(pl.col("lifecycle") == "new").height
        return f"night of {self.date}: {rings.height} rings, {new} of them new; CNY {money} can still be saved"

    def read(self) -> pl.DataFrame:
        """What the night was made from, newest drop first: one row a file of run.json with its counts of rows."""
        files = self.run["inputs"]
        columns = ("path", "drop_date", "rows_read", "loaded", "superseded", "set_aside")
        rows = [{name: file.get(name) for name in columns} for file in files]
        schema = {name: pl.String if name in columns[:2] else pl.Int64 for name in columns}
        return pl.DataFrame(rows, schema=schema).sort("drop_date", "path", descending=[True, False])

    def draw(self, language: Language | None = None) -> Picture:
        """The rings with most money at stake, as a matplotlib figure."""
        from graph.morning_chart import morning_chart  # noqa: PLC0415 - matplotlib is for those who draw

        return morning_chart(self.urgent(), language or self.language)

    def __repr__(self) -> str:
        return self.head()

    def _repr_html_(self) -> str:
        return page([self.head()])


def brief(rings: pl.DataFrame, language: Language) -> pl.DataFrame:
    """The columns of rings that one reads first; `why` is the strongest reason."""
    named = [f"{words.typology(t, language)} {t}" if language == "zh" else t for t in rings["typology"]]
    return rings.select(
        "rank", "ring_id", pl.Series("typology", named, dtype=pl.String), "score", "action", "lifecycle", "n_accounts",
        "n_victims", "open_cny", "loss_cny", pl.col("priority").round(0), pl.col("reasons").list.first().alias("why"),
    )  # fmt: skip


def _known(name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        raise ValueError(f"{name}: unknown. " + (f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names)}"))
    return name
