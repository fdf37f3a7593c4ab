"""A statement of `graph/`, said as Spark's SQL says it: the few words that truly differ, and nothing else."""

from __future__ import annotations

import re

_PARAMETER = re.compile(r"\$(\w+)")
_IN_ORDER = re.compile(r"\s+ORDER BY ALL\s*$")
_NAMES = {
    "arg_max_null": "max_by",  # of Spark, which does not skip a NULL value as DuckDB's max_by does
    "UBIGINT": "BIGINT",
    "VARCHAR": "STRING",
}
_WORD = re.compile(rf"\b({'|'.join(_NAMES)})\b")


def said(sql: str) -> tuple[str, bool]:
    """The statement for Spark, and whether its rows are to be sorted by all their columns when they come here."""
    plain = _IN_ORDER.sub("", sql)
    return _PARAMETER.sub(r":\1", _WORD.sub(lambda word: _NAMES[word.group()], plain)), plain != sql
