"""A Parquet export as a relation; its records number themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import duckdb
import polars as pl

from jobs.door.discover import Source
from jobs.door.layout import Received, identifier, lay_out, literal
from jobs.errors import ExportError
from jobs.warehouse import Warehouse


class ParquetFile:
    """Timestamps and dates are taken as they are typed; every other type goes the way of text.

    Several files have one schema, and are read as one.
    """

    reason = ""
    broken = "false"
    numbers_itself = True
    malformed: Sequence[int] = ()

    def __init__(self, received: Sequence[Received], rename: Mapping[str, str], w: Warehouse, scratch: Path) -> None:
        self.received, self._w = received, w
        self._paths = [_checked(r.source, scratch / f"export{at}") for at, r in enumerate(received)]
        types = {row[0]: str(row[1]) for row in w.rows(f"DESCRIBE SELECT * FROM {_scan(self._paths[:1])}")}
        types.pop("file_row_number")
        scan = _scan(self._paths)
        counts = dict(w.rows(f"SELECT file_index, count(*) FROM {scan} GROUP BY file_index"))
        self.totals = [counts.get(at, 0) for at in range(len(self._paths))]
        before = ", ".join(map(str, [0, *accumulate(self.totals)]))
        number = f"file_row_number + 1 + [{before}][file_index::BIGINT + 1]"
        self._rows = f"(SELECT *, {number} AS door_line FROM {scan})"
        source = received[0].source
        layout = lay_out(source, list(types), rename)
        times = [c.name for c in source.export.columns if c.type == "timestamp" and c.name in layout.ours]
        found = {name: types[layout.names[layout.ours[name]]] for name in times}
        self.layout = replace(layout, natives={n: t for n, t in found.items() if re.match(r"TIMESTAMP|DATE$", t)})
        self.layouts = [self.layout] * len(received)

    def blamed(self) -> Source:
        with self._w.con.cursor() as apart:  # the transaction in which the error came takes no more statements
            for received, path in zip(self.received, self._paths, strict=True):
                try:
                    apart.execute(f"SELECT * FROM {_scan([path])}").fetchall()
                except duckdb.Error:
                    return received.source
        return self.received[0].source

    def relation(self) -> str:
        return self._of(self._rows, "door_line")

    def settled(self, accepted: int) -> bool:
        return accepted == sum(self.totals)

    def few(self, lines: Sequence[int]) -> tuple[str, list[str]]:
        self._w.con.register("door_lines", pl.DataFrame({"number": lines}, schema={"number": pl.Int64}))
        self._w.make("door_few", f"SELECT * FROM {self._rows} WHERE door_line IN (SELECT number FROM door_lines)")
        self._w.con.unregister("door_lines")
        columns = ", ".join(f"{literal(name)}, {identifier(name)}" for name in self.layout.names)
        raws = self._w.rows(f"SELECT json_object({columns})::VARCHAR FROM door_few ORDER BY door_line")
        return self._of("door_few", "row_number() OVER (ORDER BY door_line)"), [raw for (raw,) in raws]

    def raw(self, lines: Sequence[int]) -> list[str]:
        return self.few(lines)[1]

    def _of(self, rows: str, line: str) -> str:
        picked = ", ".join(self._raw(ours, identifier(self.layout.names[p])) for ours, p in self.layout.ours.items())
        return f"SELECT {picked}, {line} AS line FROM {rows}"

    def _raw(self, ours: str, name: str) -> str:
        return f"{name} AS {ours}" if ours in self.layout.natives else f"nullif({name}::VARCHAR, '') AS {ours}"


def _checked(source: Source, link: Path) -> Path:
    """A link to the file under a name without anything that DuckDB takes for a pattern."""
    with source.path.open("rb") as file:
        if file.read(4) != b"PAR1" or file.seek(0, 2) < 12 or file.seek(-4, 2) < 0 or file.read(4) != b"PAR1":
            raise ExportError("not Parquet, or truncated", file=source.rel, do="Send it again, as its suffix says")
    link.unlink(missing_ok=True)
    link.symlink_to(source.path.absolute())
    return link


def _scan(paths: Sequence[Path]) -> str:
    return (
        f"read_parquet([{', '.join(map(literal, paths))}], file_row_number = true, binary_as_string = true,"
        " hive_partitioning = false)"
    )
