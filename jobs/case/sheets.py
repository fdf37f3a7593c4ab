"""Tables as a workbook for people and as CSV for machines."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime

import xlsxwriter

from graph.visible import visible
from jobs.case.clean import one_line
from jobs.case.tables import Sheet
from jobs.errors import RingwatchError

LONGEST = 32_000
"""Characters of a cell; a spreadsheet cuts at 32,767 without a word."""
CUT = "……（过长，全文见 csv 文件夹）"
WIDEST = 60


def as_csv(sheet: Sheet) -> bytes:
    """UTF-8, CRLF, one record a line. For machines: a spreadsheet takes a cell that begins with = for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([name for name, _ in sheet.columns])
    writer.writerows(row if "".join(row).isprintable() else [one_line(cell) for cell in row] for row in sheet.rows)
    return out.getvalue().encode()


def as_xlsx(sheets: Sequence[Sheet], day: date, title: str) -> bytes:
    """A workbook of text cells: no formula, link or number is ever made of what is in the data.

    Raises RingwatchError where a cell or row does not fit, rather than leave it out.
    """
    out = io.BytesIO()
    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(out, never)
    book.set_properties({"title": title, "created": datetime(day.year, day.month, day.day)})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "num_format": "@"})
    cell = book.add_format({"num_format": "@", "valign": "top"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.title)
        page.freeze_panes(1, 1)
        names = [said for _, said in sheet.columns]
        for row, values in enumerate([names, *sheet.rows]):
            for column, value in enumerate(values):
                if value:
                    _check(page.write_string(row, column, _fitting(value), cell if row else head), sheet.name)
        if sheet.rows:
            page.autofilter(0, 0, len(sheet.rows), len(names) - 1)
        for column, width in enumerate(_widths(names, sheet.rows)):
            page.set_column(column, column, width)
    book.close()
    return out.getvalue()


def _check(code: int, sheet: str) -> None:
    if code:
        raise RingwatchError(
            f"the workbook's sheet {sheet} cannot hold a cell (XlsxWriter {code}). Nothing was written"
        )


def _fitting(value: str) -> str:
    seen = visible(value)
    return seen if len(seen) <= LONGEST else seen[: LONGEST - len(CUT)] + CUT


def _widths(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Of the first thousand rows: enough to see what a column needs."""
    return [
        min(WIDEST, 3 + max(_columns(v) for v in (name, *(row[i] for row in rows[:1000]))))
        for i, name in enumerate(names)
    ]


def _columns(text: str) -> float:
    seen = text[:WIDEST]
    return len(seen) if seen.isascii() else sum(1 if c.isascii() else 2 for c in seen)
