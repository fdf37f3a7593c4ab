"""A function that is unpickled where it runs; this module loads nothing, so that to unpickle it is safe anywhere."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    Function = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]

_LOADING = Lock()


class Late:
    """`function` for `mapInArrow`, with all the modules that it needs.

    Sail's tasks are threads of one process. Two that load large packages at once may find each other's half done, so
    the first loads them all and the others wait.
    """

    def __init__(self, function: Function) -> None:
        self._pickled = pickle.dumps(function)

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What the function gives."""
        with _LOADING:
            function: Function = pickle.loads(self._pickled)
        return function(batches)
