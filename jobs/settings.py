"""The settings: one frozen model, read from one TOML file; what is not in the file has its default.

[exports]                       # how the drops are written
zone = "Asia/Shanghai"
[exports.orders.rename]         # their column name = ours
order_no = "order_id"
[engine]                        # what the machine gives
memory_limit = "4GB"
[publish]
language = "en"
[method.ties]                   # thresholds, see graph/settings.py
device = 3.0
[gates]                         # what must hold before a night is published
rejects = 0.2
[cron]                          # what watches the job from outside
heartbeat = "/var/lib/ringwatch/alive"
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from graph.exports import EXPORTS
from graph.settings import GateSettings, Method
from jobs.case.settings import CaseSettings
from jobs.door.settings import DoorSettings
from jobs.errors import UsageError

SIZE = r"^\d+(\.\d+)?\s*[KMGT]i?B$"


class Part(BaseModel):
    """A group of settings: frozen, and no unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class EngineSettings(Part):
    """Which engine, and what it may use of the machine. No result depends on it."""

    kind: Literal["duckdb", "spark"] = Field("duckdb", description="what holds the rows and runs the statements")
    remote: str = Field(
        "local",
        pattern=r"^(local|sc://[^/;]+(/;use_ssl=true)?)$",  # no token: settings are published in run.json
        description="of spark: a Spark Connect server (sc://host:port), or local: Sail inside this process",
    )
    rows_here: int = Field(
        1_000_000,
        ge=0,
        description="of spark: pairs or chances that this machine takes to find rings in, some 100 bytes each before"
        " they are graphs; of more, the cluster finds what hangs together, and the rings in it",
    )
    memory_limit: str = Field(
        "4GB", pattern=SIZE, description="the engine spills to temp_directory instead of taking more"
    )
    threads: int | None = Field(None, ge=1, description="one a core unless said")
    temp_directory: Path | None = Field(None, description="a folder to spill into; beside the warehouse unless said")
    max_temp: str = Field("50GB", pattern=SIZE, description="the night fails rather than fill the disk")

    def limits(self) -> dict[str, Any]:
        """What DuckDB is opened with; beside Spark it loads the exports and keeps the register."""
        return self.model_dump(include={"memory_limit", "threads", "temp_directory", "max_temp"})


class PublishSettings(Part):
    """How the watchlists speak."""

    language: Literal["zh", "en"] = Field("zh", description="of every sentence in the tables")


class RetentionSettings(Part):
    """How long things are kept before `ringwatch prune` takes them away; None: for ever. Days are counted back from the
    newest published night, or from today if that is earlier, so that no wrong clock and no odd drop deletes anything.
    """

    drops_days: int | None = Field(
        None, ge=1, description="drops and their rows; at least method.ties.window_days, for younger rows make ties"
    )
    nights_days: int | None = Field(
        None, ge=1, description="published nights; at least method.verdicts.days, for verdicts lean on what they saw"
    )
    bundles_days: int | None = Field(
        None, ge=1, description="case bundles; never before the hand-over log's own keep_until (case.keep_years)"
    )


class CronSettings(Part):
    """Files that tell whoever watches the job how it went; counts and times only."""

    metrics: Path | None = Field(
        None, description="Prometheus text format, written after every run; metrics.prom in --out unless said"
    )
    heartbeat: Path | None = Field(None, description="touched after every run that ended well; none unless said")


class Settings(Part):
    """Everything that can be set."""

    exports: DoorSettings = DoorSettings()
    engine: EngineSettings = EngineSettings()
    publish: PublishSettings = PublishSettings()
    method: Method = Method()
    gates: GateSettings = GateSettings()
    cron: CronSettings = CronSettings()
    case: CaseSettings = CaseSettings()
    retention: RetentionSettings = RetentionSettings()

    def digest(self) -> str:
        """SHA-256 of the effective settings, defaults included, as canonical JSON."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path | None) -> Settings:
    """The settings of that file, or the defaults. Raises UsageError naming the place and the nearest key."""
    if path is None:
        return Settings()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as failure:
        raise UsageError(f"settings {path}: cannot be read ({failure.strerror})") from failure
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise UsageError(f"settings {path}: not TOML: {failure}") from failure
    # As JSON, which has lists and no tuples or paths: so a number in quotes or a truth value for a number is refused,
    # and everything else is taken as it is written.
    plain = json.dumps(_with_renames(content, path), default=str)
    try:
        return Settings.model_validate_json(plain, strict=True)
    except ValidationError as failure:
        faults = "; ".join(_fault(error) for error in failure.errors())
        raise UsageError(f"settings {path}: {faults}") from failure


def _with_renames(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """`[exports.<table>.rename]` as a person writes it, to `exports.rename.<table>` as the door takes it."""
    section = content.get("exports")
    if not isinstance(section, dict):
        return content
    tables = {key: section[key] for key in _TABLES if isinstance(section.get(key), dict)}
    odd = [f"{table}.{key}" for table, keys in tables.items() for key in keys if key != "rename"]
    if odd or "rename" in section:
        raise UsageError(f"settings {path}: exports.{(odd or ['rename'])[0]}: unknown. Write exports.<table>.rename")
    rename = {table: keys["rename"] for table, keys in tables.items() if keys}
    kept = {key: value for key, value in section.items() if key not in tables}
    return {**content, "exports": {**kept, **({"rename": rename} if rename else {})}}


_TABLES = tuple(export.name for export in EXPORTS)


def _fault(error: ErrorDetails) -> str:
    place = [str(part) for part in error["loc"]]
    if place[:2] == ["exports", "rename"] and len(place) > 2:
        place[1:3] = [place[2], "rename"]  # as it was written
    where = ".".join(place)
    if error["type"] != "extra_forbidden":
        return f"{where}: {error['msg']}"
    known = _keys(place[:-1])
    near = difflib.get_close_matches(place[-1], known, n=1)
    return f"{where}: unknown. " + (f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}")


def _keys(parents: Sequence[str]) -> list[str]:
    model: type[BaseModel] = Settings
    for parent in parents:
        found = model.model_fields[parent].annotation
        if not isinstance(found, type) or not issubclass(found, BaseModel):
            return []
        model = found
    tables = _TABLES if model is DoorSettings else ()
    return [*(name for name in model.model_fields if not tables or name != "rename"), *tables]
