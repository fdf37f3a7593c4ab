"""`ringwatch status`: the last good night, its age, gates and sizes, and the nights that were refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs import watch
from jobs.errors import RingwatchError, UsageError
from jobs.screen import escape


def status(
    watchlists: Path, warehouse: Path | None, as_json: bool, max_age_days: int | None, now: datetime | None = None
) -> None:
    """Print it. `now` is the clock's time unless given.

    Raises UsageError where there is no such folder, RingwatchError when the last good night is older than
    `max_age_days`, or there is none.
    """
    if not watchlists.is_dir():
        raise UsageError(f"--watchlists {watchlists}: no such folder. Name the --out of ringwatch nightly")
    found = told(watchlists, warehouse, now or datetime.now(UTC))
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _show(found)
    _too_old(found["last_good"], max_age_days)


def told(watchlists: Path, warehouse: Path | None, now: datetime) -> dict[str, Any]:
    """What there is to say, as JSON has it."""
    good = watch.last_good(watchlists)
    return {
        "last_good": None
        if good is None
        else {
            "run_date": str(good.run_date),
            "age_days": good.age(now),
            "finished_at": good.run["finished_at"],
            "run_id": good.run["run_id"],
            "bytes": good.bytes,
            "rows": good.rows,
            "gates": good.gates,
            "overrides": good.run.get("gates", {}).get("overrides", []),
        },
        "refused": [
            {
                "run_date": str(night.run_date),
                "finished_at": night.run.get("finished_at"),
                "gates": [found for found in night.gates if found["state"] == "refused"],
                "damaged": night.damaged,
            }
            for night in watch.refused(watchlists)
        ],
        "warehouse_bytes": warehouse.stat().st_size if warehouse and warehouse.is_file() else None,
    }


def _show(found: dict[str, Any]) -> None:
    screen, good = Console(), found["last_good"]
    if good is None:
        screen.print("no night is published yet")
    else:
        screen.print(
            f"last good night {good['run_date']}, {good['age_days']} days old; finished {good['finished_at'][:16]} UTC,"
            f" run {good['run_id']}, {good['bytes']:,} bytes"
        )
        screen.print(", ".join(f"{rows:,} {table}" for table, rows in good["rows"].items()))
        screen.print(_gates(good["gates"]))
    for night in found["refused"]:
        said = night["damaged"] or "; ".join(f"{gate['gate']}: {gate['said']}" for gate in night["gates"])
        screen.print(f"refused {night['run_date']}: {escape(said)}", soft_wrap=True)
    if found["warehouse_bytes"] is not None:
        screen.print(f"warehouse {found['warehouse_bytes']:,} bytes")


def _gates(verdicts: list[dict[str, str]]) -> Table:
    table = Table("gate", "state", "why")
    for verdict in verdicts:
        table.add_row(verdict["gate"], verdict["state"], escape(verdict["said"]))
    return table


def _too_old(good: dict[str, Any] | None, max_age_days: int | None) -> None:
    if max_age_days is None:
        return
    if good is None:
        raise RingwatchError("no night is published yet. Run ringwatch nightly")
    if good["age_days"] > max_age_days:
        raise RingwatchError(
            f"the last good night is {good['age_days']} days old, more than {max_age_days}."
            " See what the last runs said, and whether the exports came"
        )
