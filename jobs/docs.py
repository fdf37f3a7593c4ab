"""Writes docs/tables.md and docs/typologies.md from the code, so that they cannot differ: `make docs`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from graph import acts, exports, tables

_NOTE = "<!-- Written by `make docs` from the code; a test fails when it is stale. -->"
_LABEL = re.compile(r"\n+(Acts|Chances|Innocent explanation):")
"""Each begins a paragraph of its own on the page, though not in the docstring."""


def pages() -> dict[str, str]:
    """File name -> Markdown."""
    return {"tables.md": _tables(), "typologies.md": _typologies()}


def _tables() -> str:
    parts = [
        _NOTE,
        "# Tables",
        "## Exports in",
        "★ = required; `id` is opaque text; `money` is decimal CNY; a column with values takes no others.",
        *(_export(export) for export in exports.EXPORTS),
        "## Watchlists out",
        *(_watchlist(table) for table in tables.WATCHLISTS.values()),
    ]
    return "\n\n".join(parts) + "\n"


def _export(export: exports.Export) -> str:
    rows = (
        (f"`{c.name}`{' ★' if c.required else ''}", c.type, " ".join(f"`{value}`" for value in c.values))
        for c in export.columns
    )
    orders = "".join(f" `{late}` is never before `{early}`." for early, late in export.in_order)
    key = ", ".join(f"`{column}`" for column in export.key)
    head = f"### {export.name}\n\nKey {key}.{orders}{' Optional.' if export.optional else ''}\n\n"
    return head + _grid(("column", "type", "values"), rows)


def _watchlist(table: tables.Table) -> str:
    rows = ((f"`{f.name}`", _type(f.type), (f.metadata or {}).get(b"meaning", b"").decode()) for f in table.schema)
    order = ", ".join(f"`{c.rstrip('-')}`{' descending' if c.endswith('-') else ''}" for c in table.sort)
    head = f"### {table.name}.parquet\n\nOne row is {table.one_row}; ordered by {order}.\n\n"
    return head + _grid(("column", "type", "meaning"), rows)


def _type(kind: pa.DataType) -> str:
    """Arrow's own name, with the names of a list's items left out: every list calls them the same."""
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "struct of " + ", ".join(f"{f.name} {_type(f.type)}" for f in kind)
    return str(kind)


def _typologies() -> str:
    parts = [_NOTE, "# Typologies"]
    for module in acts.TYPOLOGIES.values():
        title, _, text = inspect.cleandoc(module.__doc__ or "").partition("\n")
        parts += [f"## {title.rstrip('.')}", _LABEL.sub(r"\n\n**\1:**", text.strip())]
    return "\n\n".join(parts) + "\n"


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main(folder: Path) -> None:
    """Write both pages into `folder`."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
