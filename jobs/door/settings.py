"""The door's part of the settings file."""

from __future__ import annotations

from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from graph.exports import EXPORTS


class DoorSettings(BaseModel):
    """How to read the exports of one platform."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str = Field(
        default="Asia/Shanghai",
        description="The platform's time zone (IANA name). A timestamp without an offset is read in it, one with "
        "an offset is converted to it: every timestamp behind the door is in this zone.",
    )
    rename: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="For each export, their column name -> ours, for platforms that call a column otherwise.",
    )
    ready_file: str | None = Field(
        default=None,
        description="Name of a file that the exports' owner writes last into a drop. While it is missing, the drop "
        "is still being written and the night must be tried again later. None: drops appear whole.",
    )

    settle_seconds: int = Field(
        default=0,
        ge=0,
        description="Seconds for which nothing in a drop may have changed before it is read, for owners who copy file "
        "by file and write no ready_file; 0: drops appear whole.",
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("not an IANA time zone, such as Asia/Shanghai")
        return zone

    @field_validator("ready_file")
    @classmethod
    def _plain_name(cls, name: str | None) -> str | None:
        if name is not None and (name in ("", ".", "..") or "/" in name):
            raise ValueError("a file name without folders")
        return name

    @model_validator(mode="after")
    def _known_columns(self) -> DoorSettings:
        ours = {export.name: {c.name for c in export.columns} for export in EXPORTS}
        for table, names in self.rename.items():
            if table not in ours:
                raise ValueError(f"rename: there is no export called {table!r}")
            for target in names.values():
                if target not in ours[table]:
                    raise ValueError(f"rename: {table} has no column {target!r}")
            if len(set(names.values())) < len(names):
                raise ValueError(f"rename: two columns of {table} become the same one")
        return self
