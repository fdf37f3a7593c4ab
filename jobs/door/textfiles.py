"""CSV and NDJSON exports as relations."""

from __future__ import annotations

import csv
import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from jobs.door.discover import Source
from jobs.door.layout import Layout, lay_out, literal
from jobs.door.records import Lines, Records, Walked, header, walk_csv, walk_ndjson
from jobs.door.text import Text
from jobs.errors import ExportError
from jobs.warehouse import Warehouse

_SEPARATOR = "\x1f"
"""Splits no line of NDJSON: JSON text may not hold control characters."""
_REFUSED = "door_refused"


class CsvFile:
    """A CSV file; see `records` for what counts as a record."""

    reason = "wrong number of fields"
    broken = "false"

    def __init__(self, source: Source, text: Text, rename: Mapping[str, str], w: Warehouse, scratch: Path):
        self.layout = lay_out(source, header(text.path), rename)
        self._source, self._text, self._w, self._scratch = source, text, w, scratch
        self._records: Records = Lines(text, 1)
        if not text.even:  # DuckDB gives up on mixed line ends
            self._walk()

    @property
    def numbers_itself(self) -> bool:
        return isinstance(self._records, Walked)

    @property
    def total(self) -> int:
        return self._records.total

    @property
    def malformed(self) -> Sequence[int]:
        return self._records.malformed

    def relation(self) -> str:
        if isinstance(self._records, Walked):
            return self._of(_walked(self._records), "line, ")
        return self._of(self._rows(_linked(self._records.path, self._scratch)))

    def settled(self, accepted: int) -> bool:
        """Lines and records are the same thing if their counts agree; else the records are looked for one by one."""
        refused = _refused_lines(self._w)
        if accepted + len(refused) + len(self.malformed) == self.total and not (refused and self._text.quotes):
            odd = self._odd_widths() if refused else []
            if len(odd) == len(refused):
                if odd:
                    self._records = Lines(self._text, 1, odd)
                return True
        self._walk()
        return False

    def _walk(self) -> None:
        free = {c.name for c in self._source.export.columns if c.type == "text" and not c.values}
        strict = {place for name, place in self.layout.ours.items() if name not in free}
        places = frozenset(range(len(self.layout.names))) - strict
        self._records = walk_csv(self._text.path, self._scratch / "records", len(self.layout.names), places)

    def _odd_widths(self) -> list[int]:
        # Counted here, for behind some hundred megabytes DuckDB names the line next to the one that it refused.
        commas = len(self.layout.names) - 1
        with self._text.path.open("rb") as file:
            return [number for number, line in enumerate(file) if number and line.count(b",") != commas]

    def few(self, lines: Sequence[int]) -> tuple[str, list[str]]:
        raws, path = self.raw(lines), self._scratch / "few"
        if isinstance(self._records, Walked):
            return self._of(_picked(self._w, self._records, lines), "line, "), raws
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerow(self.layout.names)
            out.writelines(f"{raw}\n" for raw in raws)
        return self._of(_numbered(self._rows(path)), "line, "), raws

    def raw(self, lines: Sequence[int]) -> list[str]:
        return list(self._records.raw(lines))

    def _of(self, rows: str, line: str = "") -> str:
        picked = ", ".join(f"nullif(c{place}, '') AS {ours}" for ours, place in self.layout.ours.items())
        return f"SELECT {line}{picked} FROM {rows}"

    def _rows(self, path: Path) -> str:
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.layout.names)))
        # With '' as the text of NULL, DuckDB would let a row pass that has one field too many, if that one is empty;
        # any text but NUL, which no file of ours holds, would make NULL of a cell that says it.
        options = "header = true, delim = ',', quote = '\"', escape = '\"', nullstr = chr(0)"
        return _read_csv(path, columns, options)


class NdjsonFile:
    """A file with one JSON object a line. A key that no line has is a column that the file does not carry."""

    reason = "broken JSON"
    broken = "broken"

    def __init__(self, source: Source, text: Text, rename: Mapping[str, str], w: Warehouse, scratch: Path):
        self._source, self._text, self._w, self._scratch = source, text, w, scratch
        self._records: Records = Lines(text, 0)
        if not text.even or _odd_lines(text.path):
            self._walk()
        self.layout = self._lay_out(rename)

    @property
    def numbers_itself(self) -> bool:
        return isinstance(self._records, Walked)

    @property
    def total(self) -> int:
        return self._records.total

    @property
    def malformed(self) -> Sequence[int]:
        return self._records.malformed

    def relation(self) -> str:
        return self._of(self._rows(), "line, " if self.numbers_itself else "")

    def settled(self, accepted: int) -> bool:
        if not _refused_lines(self._w) and accepted + len(self.malformed) == self.total:
            return True
        self._walk()
        return False

    def few(self, lines: Sequence[int]) -> tuple[str, list[str]]:
        raws, path = self.raw(lines), self._scratch / "few"
        if isinstance(self._records, Walked):
            return self._of(_picked(self._w, self._records, lines), "line, "), raws
        with path.open("w", encoding="utf-8", newline="") as out:
            out.writelines(f"{raw}\n" for raw in raws)
        return self._of(_numbered(_lines(path)), "line, "), raws

    def raw(self, lines: Sequence[int]) -> list[str]:
        return list(self._records.raw(lines))

    def _walk(self) -> None:
        self._records = walk_ndjson(self._text.path, self._scratch / "records", _SEPARATOR.encode())

    def _rows(self) -> str:
        if isinstance(self._records, Walked):
            return _walked(self._records)
        return _lines(_linked(self._records.path, self._scratch))

    def _of(self, rows: str, line: str) -> str:
        names = {ours: self.layout.names[place] for ours, place in self.layout.ours.items()}
        shape = literal(json.dumps(dict.fromkeys(names.values(), "VARCHAR"), ensure_ascii=False))
        picked = "".join(f"nullif(object[{literal(name)}], '') AS {ours}, " for ours, name in names.items())
        made = f"json_transform(c0, {shape})" if names else "1"
        return (
            f"SELECT {line}{picked} object IS NULL AS broken"
            f" FROM (SELECT *, CASE WHEN {_IS_OBJECT} THEN {made} END AS object FROM {rows})"
        )

    def _lay_out(self, rename: Mapping[str, str]) -> Layout:
        found = self._w.rows(
            f"SELECT DISTINCT unnest(json_keys(c0)) AS name FROM {self._rows()} WHERE {_IS_OBJECT} ORDER BY name"
        )
        _refused_lines(self._w)
        if found:
            return lay_out(self._source, [name for (name,) in found], rename)
        with self._text.path.open("rb") as file:
            if not file.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
                raise ExportError("no JSON objects, one a line", file=self._source.rel, do="Send what the suffix says")
        return Layout((), {})


_IS_OBJECT = "CASE WHEN json_valid(c0) THEN json_type(c0) = 'OBJECT' ELSE false END"


def _lines(path: Path) -> str:
    return _read_csv(path, "'c0': 'VARCHAR'", "header = false, delim = chr(31), quote = '', escape = ''")


def _read_csv(path: Path, columns: str, options: str) -> str:
    # Explicit names and types: a sniffed dialect changes with the data. The limits are those of text.MAX_LINE.
    return (
        f"read_csv({literal(path)}, columns = {{{columns}}}, {options}, auto_detect = false, compression = 'none',"
        f" hive_partitioning = false, store_rejects = true, rejects_table = '{_REFUSED}',"
        f" rejects_scan = '{_REFUSED}_scan')"
    )


def _numbered(rows: str) -> str:
    # For the few only: a window over all rows makes DuckDB read a file with one thread.
    return f"(SELECT *, row_number() OVER () AS line FROM {rows})"


def _walked(records: Walked) -> str:
    return f"read_parquet({literal(records.path)})"


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


def _linked(path: Path, scratch: Path) -> Path:
    # DuckDB takes *, ? and [ in a path for patterns.
    link = scratch / "export"
    link.unlink(missing_ok=True)
    link.symlink_to(path.absolute())
    return link


def _refused_lines(w: Warehouse) -> list[int]:
    """Physical lines that the CSV reader refused since last asked; one line may have been refused twice."""
    if not w.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = $name", name=_REFUSED):
        return []
    found = w.rows(f"SELECT DISTINCT line FROM {_REFUSED} ORDER BY 1")
    w.drop(_REFUSED, f"{_REFUSED}_scan")
    return [int(line) for (line,) in found]


def _odd_lines(path: Path) -> bool:
    """Blank lines, or the separator: what makes physical lines and records differ in NDJSON."""
    last = b"\n"
    with path.open("rb") as file:
        file.seek(len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0)
        while chunk := file.read(1 << 20):
            seen = last + chunk
            if b"\n\n" in seen or _SEPARATOR.encode() in chunk or re.search(rb"\n[ \t\r]+\n", seen):
                return True
            last = seen[-64:]
    return re.fullmatch(rb"(?s:.*)\n[ \t\r]+", last) is not None
