"""What hangs together by pairs, where the pairs fit into memory."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def connected(pairs: pl.DataFrame) -> pl.DataFrame:
    """Accounts that hang together, from rows `a`, `b`: one row an account, `component` (its first account) and
    `account_id`, sorted."""
    accounts = pl.concat([pairs["a"], pairs["b"]]).unique().sort()
    index = pl.DataFrame({"account_id": accounts}).with_row_index("at")
    ends = [pairs.join(index, left_on=end, right_on="account_id", maintain_order="left")["at"] for end in ("a", "b")]
    size = len(accounts)
    matrix = coo_array((np.ones(len(pairs), np.int8), (ends[0].to_numpy(), ends[1].to_numpy())), shape=(size, size))
    _, label = connected_components(matrix, directed=False)
    _, first = np.unique(label, return_index=True)
    found = {"component": accounts.gather(first[label]), "account_id": accounts}
    return pl.DataFrame(found, schema=dict.fromkeys(found, pl.String)).sort("component", "account_id")
