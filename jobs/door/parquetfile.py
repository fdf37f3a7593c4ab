"""A Parquet export as a relation; its records number themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from jobs.door.discover import Source
from jobs.door.layout import identifier, lay_out, literal
from jobs.errors import ExportError
from jobs.warehouse import Warehouse


class ParquetFile:
    """Timestamps and dates are taken as they are typed; every other type goes the way of text."""

    reason = ""
    broken = "false"
    numbers_itself = True
    malformed: Sequence[int] = ()

    def __init__(self, source: Source, rename: Mapping[str, str], w: Warehouse, scratch: Path) -> None:
        with source.path.open("rb") as file:
            if file.read(4) != b"PAR1" or file.seek(0, 2) < 12 or file.seek(-4, 2) < 0 or file.read(4) != b"PAR1":
                raise ExportError("not Parquet, or truncated", file=source.rel, do="Send it again, as its suffix says")
        path = scratch / "export"
        path.unlink(missing_ok=True)
        path.symlink_to(source.path.absolute())
        self._w = w
        self._rows = (
            f"read_parquet({literal(path)}, file_row_number = true, binary_as_string = true, hive_partitioning = false)"
        )
        types = {row[0]: str(row[1]) for row in w.rows(f"DESCRIBE SELECT * FROM {self._rows}")}
        types.pop("file_row_number")
        layout = lay_out(source, list(types), rename)
        times = [c.name for c in source.export.columns if c.type == "timestamp" and c.name in layout.ours]
        found = {name: types[layout.names[layout.ours[name]]] for name in times}
        self.layout = replace(layout, natives={n: t for n, t in found.items() if re.match(r"TIMESTAMP|DATE$", t)})
        self.total = int(w.rows(f"SELECT count(*) FROM {self._rows}")[0][0])

    def relation(self) -> str:
        return self._of(self._rows, "file_row_number + 1")

    def settled(self, accepted: int) -> bool:
        return accepted == self.total

    def few(self, lines: Sequence[int]) -> tuple[str, list[str]]:
        self._w.con.register("door_lines", pl.DataFrame({"number": lines}, schema={"number": pl.Int64}))
        self._w.make(
            "door_few",
            f"SELECT * FROM {self._rows} WHERE file_row_number + 1 IN (SELECT number FROM door_lines)",
        )
        self._w.con.unregister("door_lines")
        columns = ", ".join(f"{literal(name)}, {identifier(name)}" for name in self.layout.names)
        raws = self._w.rows(f"SELECT json_object({columns})::VARCHAR FROM door_few ORDER BY file_row_number")
        return self._of("door_few", "row_number() OVER (ORDER BY file_row_number)"), [raw for (raw,) in raws]

    def raw(self, lines: Sequence[int]) -> list[str]:
        return self.few(lines)[1]

    def _of(self, rows: str, line: str) -> str:
        picked = ", ".join(self._raw(ours, identifier(self.layout.names[p])) for ours, p in self.layout.ours.items())
        return f"SELECT {picked}, {line} AS line FROM {rows}"

    def _raw(self, ours: str, name: str) -> str:
        return f"{name} AS {ours}" if ours in self.layout.natives else f"nullif({name}::VARCHAR, '') AS {ours}"
