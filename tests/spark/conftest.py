"""What Spark's client takes for granted of the process it is loaded in."""

from __future__ import annotations

import sys

if not hasattr(sys.modules["__main__"], "__file__"):
    # A worker of pytest-xdist has no main file; the client takes that for a run of its own doctests, looks for a whole
    # Spark beside it, and ends the process.
    sys.modules["__main__"].__file__ = __file__
