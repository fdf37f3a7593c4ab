"""Work in Python on whole groups of rows, where the rows are: a group becomes one row of lists, and no task gets half.

Workers run it with the Python they have, in which ringwatch must be installed as it is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from jobs.spark.late import Late

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from graph.db import Work

_TYPES = {
    pl.String: ("STRING", pa.string()),
    pl.Int64: ("BIGINT", pa.int64()),
    pl.Float64: ("DOUBLE", pa.float64()),
    pl.Boolean: ("BOOLEAN", pa.bool_()),
}


def mapped(rows: Mapping[str, DataFrame], work: Work, by: str, columns: Mapping[str, type[pl.DataType]]) -> DataFrame:
    """What `Db.by_group` promises, from the rows of each SELECT."""
    lists = import_module("pyspark.sql.functions")
    packed = [
        one.groupBy(by).agg(lists.collect_list(lists.struct(*one.columns)).alias(name)) for name, one in rows.items()
    ]
    schema = ", ".join(f"`{name}` {_TYPES[kind][0]}" for name, kind in columns.items())
    types = pa.schema([(name, _TYPES[kind][1]) for name, kind in columns.items()])
    whole = reduce(lambda left, right: left.join(right, by, "left"), packed)
    return whole.mapInArrow(Late(Batches(work, tuple(rows), types)), schema)


@dataclass(frozen=True)
class Batches:
    """`work` over batches of rows that are a group each, with a list of structs under each of `names`."""

    work: Work
    names: tuple[str, ...]
    types: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One table a batch, in the columns of `types`."""
        for batch in batches:
            groups = pl.DataFrame(pl.from_arrow(batch))
            done = self.work({name: _rows(groups, name) for name in self.names})
            yield from done.select(self.types.names).to_arrow().cast(self.types).to_batches()


def _rows(groups: pl.DataFrame, name: str) -> pl.DataFrame:
    full = groups.lazy().select(name).filter(pl.col(name).list.len() > 0)
    return full.explode(name).unnest(name).sort(pl.all(), nulls_last=True).collect()
