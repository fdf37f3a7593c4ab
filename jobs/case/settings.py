"""The case bundle's part of the settings file."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

_AGE = r"^age1[02-9ac-hj-np-z]{58}$"


class FieldNames(BaseModel):
    """What the terms of a release are called in the bag, the report and the log's printout; counsel may want others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    basis: str = "移送或调取依据"
    approver: str = "审批放行人"
    document_number: str = "调证法律文书编号"
    unit: str = "调取单位"
    officer: str = "承办民警"
    scope: str = "调取范围"
    recipient: str = "接收方"


class CaseSettings(BaseModel):
    """Who hands over, to whom it may go, and what things are called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: str = Field(
        "（单位名称未在设置中填写）", description="who delivers, as in the electronic certificate"
    )
    contact: str = Field(
        "（联系人未在设置中填写）", description="person or office that answers questions about a bundle"
    )
    recipients: dict[str, str] = Field(
        default_factory=dict, description="the allow-list: name -> public age key (age1…); nobody else is encrypted for"
    )
    log: Path | None = Field(None, description="the hand-over log; handover.jsonl beside the bundles unless said")
    keep_years: int = Field(
        3, ge=3, description="years that the log is kept: E-Commerce Law art. 31, PIPL art. 56 ask for three"
    )
    identity_fields: tuple[str, ...] = Field(
        ("姓名或名称", "证件类型及号码", "联系方式", "开户信息"),
        description="columns of to_resolve.csv that the custodian fills in",
    )
    names: FieldNames = FieldNames()
    place_digits: int = Field(
        4, description="digits of GB/T 2260 that make a jurisdiction: 2 province, 4 city, 6 county"
    )

    @field_validator("recipients")
    @classmethod
    def _public_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        for name, key in keys.items():
            if not re.match(_AGE, key):
                raise ValueError(f"{name!r} is no public age key (age1 and 58 letters or digits)")
        return keys

    @field_validator("place_digits")
    @classmethod
    def _level(cls, digits: int) -> int:
        if digits not in (2, 4, 6):
            raise ValueError("2, 4 or 6")
        return digits
