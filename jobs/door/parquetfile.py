"""A Parquet export as a relation; its records number themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import duckdb
import polars as pl

from jobs.door.discover import Source
from jobs.door.layout import Layout, Received, Rows, identifier, lay_out, literal
from jobs.errors import ExportError
from jobs.warehouse import Warehouse


class ParquetFile:
    """Timestamps and dates are taken as they are typed; every other type goes the way of text.

    Several files have one schema, and are read as one.
    """

    reason = ""
    broken = "false"
    begins = ()
    malformed: Sequence[int] = ()

    def __init__(self, received: Sequence[Received], rename: Mapping[str, str], w: Warehouse, scratch: Path) -> None:
        self.received, self._w = received, w
        self._paths = [_checked(r.source, scratch / f"export{at}") for at, r in enumerate(received)]
        types = {row[0]: str(row[1]) for row in w.rows(f"DESCRIBE SELECT * FROM {_scan(self._paths[:1])}")}
        self._columns = list(types)
        self._line = _free_name(types)
        self.totals, self._rows = self._numbered(types)
        source = received[0].source
        layout = lay_out(source, _names(w, self._paths[0]), rename)
        times = [c.name for c in source.export.columns if c.type == "timestamp" and c.name in layout.ours]
        found = {name: types[self._columns[layout.ours[name]]] for name in times}
        self.layout = replace(layout, natives={n: t for n, t in found.items() if re.match(r"TIMESTAMP|DATE$", t)})
        self.layouts: Sequence[Layout] = [self.layout] * len(received)

    def _numbered(self, types: Collection[str]) -> tuple[Sequence[int], str]:
        """Records of each file, and SQL of all of them with their numbers."""
        if holds_reserved(types):  # never with other files
            scan, number = _scan(self._paths), "row_number() OVER ()"
            totals = [int(self._w.rows(f"SELECT count(*) FROM {scan}")[0][0])]
        else:
            scan = _scan(self._paths, ", file_row_number = true")
            counts = dict(self._w.rows(f"SELECT file_index, count(*) FROM {scan} GROUP BY file_index"))
            totals = [int(counts.get(at, 0)) for at in range(len(self._paths))]
            before = ", ".join(map(str, [0, *accumulate(totals)]))
            number = f"file_row_number + 1 + [{before}][file_index::BIGINT + 1]"
        return totals, f"(SELECT *, {number} AS {self._line} FROM {scan})"

    def blamed(self) -> Source:
        with self._w.con.cursor() as apart:  # the transaction in which the error came takes no more statements
            for received, path in zip(self.received, self._paths, strict=True):
                try:
                    apart.execute(f"SELECT * FROM {_scan([path])}").fetchall()
                except duckdb.Error:
                    return received.source
        return self.received[0].source

    @contextmanager
    def relations(self) -> Iterator[Sequence[Rows]]:
        yield [Rows(self._of(self._rows, self._line))]

    def settled(self, accepted: int, refused: int) -> bool:
        return sum(self.totals) == accepted

    def few(self, lines: Sequence[int]) -> tuple[str, list[str]]:
        self._w.con.register("door_lines", pl.DataFrame({"number": lines}, schema={"number": pl.Int64}))
        self._w.make("door_few", f"SELECT * FROM {self._rows} WHERE {self._line} IN (SELECT number FROM door_lines)")
        self._w.con.unregister("door_lines")
        named = zip(self.layout.names, self._columns, strict=True)
        columns = ", ".join(f"{literal(name)}, {identifier(column)}" for name, column in named)
        raws = self._w.rows(f"SELECT json_object({columns})::VARCHAR FROM door_few ORDER BY {self._line}")
        return self._of("door_few", f"row_number() OVER (ORDER BY {self._line})"), [raw for (raw,) in raws]

    def raw(self, lines: Sequence[int]) -> list[str]:
        return self.few(lines)[1]

    def _of(self, rows: str, line: str) -> str:
        picked = ", ".join(self._raw(ours, identifier(self._columns[p])) for ours, p in self.layout.ours.items())
        return f"SELECT {picked}, {line} AS line FROM {rows}"

    def _raw(self, ours: str, name: str) -> str:
        return f"{name} AS {ours}" if ours in self.layout.natives else f"nullif({name}::VARCHAR, '') AS {ours}"


def _names(w: Warehouse, path: Path) -> list[str]:
    """The columns as the file names them. Of two that differ in case alone, or not at all, DuckDB renames the later."""
    names, below = list[str](), 0
    nodes = w.rows("SELECT name, coalesce(num_children, 0) FROM parquet_schema($path)", path=str(path))
    for name, children in nodes[1:]:
        if below:
            below -= 1
        else:
            names.append(str(name))
        below += int(children)
    return names


def _checked(source: Source, link: Path) -> Path:
    """A link to the file under a name without anything that DuckDB takes for a pattern."""
    with source.path.open("rb") as file:
        if file.read(4) != b"PAR1" or file.seek(0, 2) < 12 or file.seek(-4, 2) < 0 or file.read(4) != b"PAR1":
            raise ExportError("not Parquet, or truncated", file=source.rel, do="Send it again, as its suffix says")
    link.unlink(missing_ok=True)
    link.symlink_to(source.path.absolute())
    return link


def holds_reserved(names: Collection[str]) -> bool:
    """Does an export have a column of a name under which DuckDB gives a record's file and place?"""
    return not {"file_row_number", "file_index"}.isdisjoint(name.lower() for name in names)


def _free_name(names: Collection[str]) -> str:
    taken, name = {name.lower() for name in names}, "door_line"
    while name in taken:
        name += "_"
    return name


def _scan(paths: Sequence[Path], options: str = "") -> str:
    listed = ", ".join(map(literal, paths))
    return f"read_parquet([{listed}], binary_as_string = true, hive_partitioning = false{options})"
