"""NDJSON exports as relations."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from jobs.door.layout import Layout, lay_out, literal, parts
from jobs.door.pieces import REFUSED, refused
from jobs.door.textfiles import TextFile, scanned
from jobs.door.walked import walk_ndjson
from jobs.errors import ExportError

_SEPARATOR = "\x1f"
"""Splits no line of NDJSON: JSON text may not hold control characters."""
_COMMA = r",\s*[}\]]"
_LENIENT = rf'^(?:[^"]|"(?:[^"\\]|\\.)*")*(?:{_COMMA}|[:,\[]\s*-?(?:[iI]|[nN][aA]))'
"""A comma with nothing behind it, NaN, Infinity, outside of texts: DuckDB reads them, but JSON they are not, and NaN
would be an id that many share."""
# From its beginning only where a line holds any such thing at all: over every line it would take a second a million.
_DOUBTFUL = " OR ".join(
    [f"regexp_matches(c0, '{_COMMA}')", *(f"contains(c0, '{word}')" for word in ("NaN", "nan", "Inf", "inf"))]
)
_IS_OBJECT = (
    f"CASE WHEN NOT json_valid(c0) OR (({_DOUBTFUL}) AND regexp_matches(c0, '{_LENIENT}')) THEN false"
    " ELSE json_type(c0) = 'OBJECT' END"
)


class NdjsonFile(TextFile):
    """One JSON object a line. A key that no line of a file has is a column that the file does not carry."""

    reason = "broken JSON"
    broken = "broken"
    header = 0

    def _look(self, rename: Mapping[str, str]) -> None:
        texts = self._texts
        if len(texts) > 1 or not texts[0].even or _odd_lines(texts[0].path):
            self._walk()
        keys = self._keys()
        self.layouts: Sequence[Layout] = [self._lay_out(at, keys.get(at, []), rename) for at in range(len(texts))]
        # Of files that are read together, one may have a renamed column under its old name and one under its new.
        names: dict[str, set[str]] = {}
        for layout in self.layouts:
            for ours, place in layout.ours.items():
                names.setdefault(ours, set()).add(layout.names[place])
        self._names = {ours: sorted(names[ours]) for ours in sorted(names)}
        every = sorted({name for found in names.values() for name in found})
        self.layout = Layout(tuple(every), {ours: every.index(found[0]) for ours, found in self._names.items()})

    def _walk(self) -> None:
        self._records = walk_ndjson([text.path for text in self._texts], self._scratch / "records", _SEPARATOR)

    def _scan(self, path: Path) -> str:
        return scanned(path, "'c0': 'VARCHAR'", "header = false, delim = chr(31), quote = '', escape = ''")

    def _of(self, rows: str) -> str:
        shape = literal(json.dumps(dict.fromkeys(self.layout.names, "VARCHAR"), ensure_ascii=False))
        cells = {ours: ", ".join(f"object[{literal(n)}]" for n in names) for ours, names in self._names.items()}
        picked = "".join(f"nullif(coalesce({cell}), '') AS {ours}, " for ours, cell in cells.items())
        made = f"json_transform(c0, {shape})" if self.layout.names else "1"
        return (
            f"SELECT line, {picked} object IS NULL AS broken"
            f" FROM (SELECT *, CASE WHEN {_IS_OBJECT} THEN {made} END AS object FROM {rows})"
        )

    def _keys(self) -> dict[int, list[str]]:
        """The keys of each file."""
        several = len(self._texts) > 1
        rows = f"(SELECT p.place, r.c0 FROM {self._rows()} r ASOF JOIN door_parts p ON r.line > p.before)"
        self._w.con.register("door_parts", parts(self))
        found = self._w.rows(
            f"SELECT DISTINCT {'place' if several else '0 AS place'}, unnest(json_keys(c0)) AS name"
            f" FROM {rows if several else self._rows()} WHERE {_IS_OBJECT} ORDER BY ALL"
        )
        self._w.con.unregister("door_parts")
        if refused(self._w.con):
            self._w.drop(REFUSED, f"{REFUSED}_scan")
        return {at: [name for _, name in group] for at, group in groupby(found, lambda row: int(row[0]))}

    def _lay_out(self, at: int, names: Sequence[str], rename: Mapping[str, str]) -> Layout:
        source = self.received[at].source
        first = _first_line(self._texts[at].path)
        # One JSON value over many lines would be set aside line by line, but for an element that ends up as the last.
        if first == b"[" or (not names and (first == b"{" or not first.startswith(b"{"))):
            raise ExportError("no JSON objects, one a line", file=source.rel, do="Send what the suffix says")
        return lay_out(source, names, rename) if names else Layout((), {})


def _first_line(path: Path) -> bytes:
    """The beginning of the first line that is not blank."""
    with path.open("rb") as file:
        return file.read(1 << 16).removeprefix(BOM_UTF8).lstrip().partition(b"\n")[0].rstrip()


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
