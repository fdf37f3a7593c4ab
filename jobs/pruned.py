"""What retention took away, in `<out>/pruned.json`: a pruned night is not one that is still to be run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs import durable
from jobs.errors import RingwatchError

NAME = "pruned.json"


@dataclass(frozen=True)
class Pruned:
    """Dates of nights and of drops that are gone for good."""

    nights: frozenset[date] = frozenset()
    drops: frozenset[date] = frozenset()


def read(out: Path) -> Pruned:
    """What was pruned so far. Raises RingwatchError for a damaged file."""
    path = out / NAME
    try:
        content = json.loads(path.read_bytes())
        return Pruned(*(frozenset(map(date.fromisoformat, content[kind])) for kind in ("nights", "drops")))
    except FileNotFoundError:
        return Pruned()
    except (ValueError, KeyError, TypeError) as failure:
        raise RingwatchError(f"{path}: damaged. Put it back from the backup: --catch-up leans on it") from failure


def write(out: Path, gone: Pruned) -> None:
    """Keep it, on the disk before this returns."""
    content = {"nights": sorted(map(str, gone.nights)), "drops": sorted(map(str, gone.drops))}
    durable.write(out / NAME, json.dumps(content, indent=2).encode() + b"\n")
