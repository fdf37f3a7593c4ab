"""Text exports as relations: what they have in common, and CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import polars as pl
import pyarrow as pa

from jobs.door.discover import Source
from jobs.door.layout import PLAIN, STREAM, Layout, Received, Rows, lay_out, literal
from jobs.door.pieces import REFUSED, fed, how_many, linked
from jobs.door.plain import Plain
from jobs.door.records import Lines, header
from jobs.door.text import Text
from jobs.door.walked import Walked, walk_csv
from jobs.warehouse import Warehouse


class TextFile:
    """What CSV and NDJSON have in common. `texts` are one file, or several small ones, which are then walked."""

    reason: str
    broken: str
    header: int
    """First lines that are no records."""

    def __init__(
        self,
        received: Sequence[Received],
        texts: Sequence[Text],
        rename: Mapping[str, str],
        w: Warehouse,
        scratch: Path,
    ) -> None:
        self.received, self._export = received, received[0].source.export
        self._texts, self._w, self._scratch = texts, w, scratch
        self._many = how_many(w, len(texts[0].marks))
        self._records: Lines | Walked = Lines(texts[0], self.header, self._many)
        self._look(rename)

    def _look(self, rename: Mapping[str, str]) -> None:
        """See what columns there are, and whether the records must be walked."""
        raise NotImplementedError

    @property
    def begins(self) -> Sequence[int]:
        return [] if isinstance(self._records, Walked) else [piece.before for piece in self._records.pieces]

    @property
    def totals(self) -> Sequence[int]:
        return self._records.totals

    @property
    def malformed(self) -> Sequence[int]:
        return self._records.malformed

    def blamed(self) -> Source:
        return self.received[0].source

    @contextmanager
    def relations(self) -> Iterator[Sequence[Rows]]:
        if isinstance(self._records, Walked):
            yield [Rows(self._of(_walked(self._records)))]
            return
        with fed(self._records, self._scratch) as paths:
            yield [
                Rows(self._of(_numbered(self._scan(path), before)))
                for path, before in zip(paths, self.begins, strict=True)
            ]

    def settled(self, accepted: int, refused: int) -> bool:
        """Lines and records are the same thing if their counts agree; else the records are looked for one by one."""
        if accepted + refused + len(self.malformed) == sum(self.totals) and self._explained(refused):
            return True
        self._walk()
        return False

    def few(self, lines: Sequence[int]) -> tuple[str, list[str]]:
        raws, path = self.raw(lines), self._scratch / "few"
        if isinstance(self._records, Walked):
            return self._of(_picked(self._w, self._records, lines)), raws
        with path.open("w", encoding="utf-8", newline="") as out:
            self._head(out)
            out.writelines(f"{raw}\n" for raw in raws)
        return self._of(_numbered(self._scan(path))), raws

    def raw(self, lines: Sequence[int]) -> list[str]:
        return list(self._records.raw(lines))

    def _rows(self) -> str:
        if isinstance(self._records, Walked):
            return _walked(self._records)
        return self._scan(linked(self._records.path, self._scratch))

    def _explained(self, refused: int) -> bool:
        """Is it known which records DuckDB refused, if so many?"""
        return not refused

    def _head(self, out: TextIO) -> None:
        """Write the lines that are no records."""

    def _walk(self) -> None:
        raise NotImplementedError

    def _scan(self, path: Path) -> str:
        """SQL of the lines of a file as records, by DuckDB's own reader."""
        raise NotImplementedError

    def _of(self, rows: str) -> str:
        """SQL of `line` and the raw columns under our names."""
        raise NotImplementedError


class CsvFile(TextFile):
    """CSV with one header; see `records` for what counts as a record."""

    reason = "wrong number of fields"
    broken = "false"
    header = 1

    def _look(self, rename: Mapping[str, str]) -> None:
        texts = self._texts
        layout = lay_out(self.blamed(), header(texts[0].path), rename)
        self._times = [c.name for c in self._export.columns if c.type == "timestamp" and c.name in layout.ours]
        self.layout = replace(layout, natives=dict.fromkeys(self._times, PLAIN))
        self.layouts: Sequence[Layout] = [self.layout] * len(texts)
        # DuckDB gives up on mixed line ends, and skips some of the blanks before and behind quotes.
        if len(texts) > 1 or not texts[0].even or texts[0].blanks:
            self._walk()

    @contextmanager
    def relations(self) -> Iterator[Sequence[Rows]]:
        records = self._records
        if isinstance(records, Walked) or self._texts[0].quotes or any(map(records.begins_with_mark, records.pieces)):
            with super().relations() as relations:
                yield relations
            return
        ours = self.layout.ours
        width, places, times = len(self.layout.names), sorted(ours.values()), [ours[name] for name in self._times]
        yield [
            Rows(self._plain(_numbered(STREAM, piece.before)), Plain(records, piece, width, places, times))
            for piece in records.pieces
        ]
        pa.default_memory_pool().release_unused()  # or it would stand beside what the night needs

    def _walk(self) -> None:
        free = {c.name for c in self._export.columns if c.type == "text" and not c.values}
        strict = {place for name, place in self.layout.ours.items() if name not in free}
        places = frozenset(range(len(self.layout.names))) - strict
        paths = [text.path for text in self._texts]
        self._records = walk_csv(paths, self._scratch / "records", len(self.layout.names), places)

    def _explained(self, refused: int) -> bool:
        if refused and self._texts[0].quotes:
            return False
        odd = self._odd_widths() if refused else []
        if odd and len(odd) == refused:
            self._records = Lines(self._texts[0], self.header, self._many, odd)
        return len(odd) == refused

    def _odd_widths(self) -> list[int]:
        # Counted here, for behind some hundred megabytes DuckDB names the line next to the one that it refused.
        commas = len(self.layout.names) - 1
        with self._texts[0].path.open("rb") as file:
            return [number for number, line in enumerate(file) if number and line.count(b",") != commas]

    def _head(self, out: TextIO) -> None:
        csv.writer(out, lineterminator="\n").writerow(self.layout.names)

    def _of(self, rows: str) -> str:
        picked = [f"nullif(c{place}, '') AS {ours}" for ours, place in self.layout.ours.items()]
        untyped = [f"NULL::TIMESTAMP AS {name}_plain" for name in self._times]
        return f"SELECT line, {', '.join([*picked, *untyped])} FROM {rows}"

    def _plain(self, rows: str) -> str:
        picked = [f"c{place} AS {ours}" for ours, place in self.layout.ours.items()]
        typed = [f"t{self.layout.ours[name]} AS {name}_plain" for name in self._times]
        return f"SELECT line, {', '.join([*picked, *typed])} FROM {rows}"

    def _scan(self, path: Path) -> str:
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.layout.names)))
        # With '' as the text of NULL, DuckDB would let a row pass that has one field too many, if that one is empty;
        # any text but NUL, which no file of ours holds, would make NULL of a cell that says it.
        options = "header = true, delim = ',', quote = '\"', escape = '\"', nullstr = chr(0)"
        return scanned(path, columns, options)


def scanned(path: Path, columns: str, options: str) -> str:
    """SQL of a file's lines by DuckDB's CSV reader, which notes what it refuses in the table REFUSED."""
    # Explicit names and types: a sniffed dialect changes with the data. The limits are those of text.MAX_LINE.
    return (
        f"read_csv({literal(path)}, columns = {{{columns}}}, {options}, auto_detect = false, compression = 'none',"
        f" hive_partitioning = false, store_rejects = true, rejects_table = '{REFUSED}',"
        f" rejects_scan = '{REFUSED}_scan')"
    )


def _numbered(rows: str, before: int = 0) -> str:
    # Such a window makes DuckDB read with one thread, which comes by the rows in their order.
    return f"(SELECT *, {before} + row_number() OVER () AS line FROM {rows})"


def _walked(records: Walked) -> str:
    return f"read_parquet([{', '.join(map(literal, records.paths))}])"


def _picked(w: Warehouse, records: Walked, lines: Sequence[int]) -> str:
    """Some records of a walked file, numbered from 1, as the temporary table `door_few`."""
    w.con.register("door_lines", pl.DataFrame({"number": lines}, schema={"number": pl.Int64}))
    w.make(
        "door_few",
        "SELECT row_number() OVER (ORDER BY line) AS line, * EXCLUDE (line)"
        f" FROM {_walked(records)} WHERE line IN (SELECT number FROM door_lines)",
    )
    w.con.unregister("door_lines")
    return "door_few"
