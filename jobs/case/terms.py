"""The terms of a release: in which way, on which ground, by whom, for whom."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal

import rfc8785

from graph.visible import visible
from jobs.errors import UsageError

Mode = Literal["lead", "request"]
MODES: dict[Mode, str] = {"lead": "线索移送", "request": "依法调取"}
_FOR_A_REQUEST = ("document_number", "unit", "officer", "scope")


@dataclass(frozen=True)
class Terms:
    """What a named person releases. `lead` is minimal and masked; `request` holds true values and needs a warrant."""

    mode: Mode
    basis: str
    approver: str
    document_number: str | None = None
    unit: str | None = None
    officer: str | None = None
    scope: str | None = None
    recipient: str | None = None

    def check(self) -> None:
        """Raises UsageError naming the options that are missing or hold what nobody can read."""
        needed = ("basis", "approver", *(_FOR_A_REQUEST if self.mode == "request" else ()))
        missing = [_option(name) for name in needed if not (getattr(self, name) or "").strip()]
        if missing:
            raise UsageError(f"--mode {self.mode} needs {', '.join(missing)}: who releases what, on which ground")
        for name, value in self.given().items():
            if visible(value) != value:
                raise UsageError(f"{_option(name)}: has control or invisible characters. Write it anew")

    def given(self) -> dict[str, str]:
        """The terms that were given, but for the mode."""
        return {name: value for name, value in asdict(self).items() if value and name != "mode"}


def case_id(ring_id: str, run_date: date, terms: Terms, identities_sha256: str | None) -> str:
    """Ring, night, mode, and six hex digits of all terms: two releases on other terms never share a name."""
    parts = {**asdict(terms), "identities": identities_sha256}
    return f"{ring_id}-{run_date:%Y%m%d}-{terms.mode}-{hashlib.sha256(rfc8785.dumps(parts)).hexdigest()[:6]}"


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
