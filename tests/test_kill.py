"""A short form of tests/fuzz/kill.py: three kills; `make fuzz` does hundreds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_three_kills(two_nights: Path) -> None:
    """In a process of its own, for runs are forked from it and an engine's threads would not live through that."""
    done = subprocess.run(
        [sys.executable, "tests/fuzz/kill.py", "3", "1", f"home={two_nights}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "'kills': 3" in done.stdout.splitlines()[-1]
