"""The markets that methods are judged on, and a shelf that keeps what was found there for one state of the code."""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import click
import polars as pl

from jobs.commands.simulate import command
from jobs.simulate import simulate
from jobs.simulate.options import WorldName

ROOT = Path(__file__).parents[3]
NIGHT = date(2025, 6, 30)
KINDS = {"loud": (0.0, 0.0), "camouflaged": (1.0, 0.0), "quiet": (1.0, 0.5)}
"""Camouflage of the rings, and the share of complaints never filed (which also takes the tags off all chats)."""


def worlds() -> tuple[str, ...]:
    """The worlds that `ringwatch simulate --world` knows."""
    return tuple(
        str(name)
        for option in command.params
        if option.name == "world" and isinstance(option.type, click.Choice)
        for name in option.type.choices
    )


@dataclass(frozen=True, order=True)
class Market:
    """One synthetic market; `kind` is one of `KINDS`."""

    world: str
    kind: str
    accounts: int
    seed: int

    def __str__(self) -> str:
        return f"{self.world}-{self.kind}-{self.accounts}-{self.seed}"

    def make(self, folder: Path) -> None:
        """Write its exports and truth into `folder`."""
        camouflage, mute = KINDS[self.kind]
        world = cast("WorldName", self.world)
        simulate(folder, accounts=self.accounts, seed=self.seed, camouflage=camouflage, mute=mute, world=world)


KNOWN: dict[tuple[str, ...], str] = {}
"""Fingerprints taken so far. A bench takes them once, and hands them to its processes (`remember`): a file that is
edited while it runs must not put a new name on what the old code found."""


def remember(known: dict[tuple[str, ...], str]) -> None:
    """Take another process's fingerprints for this one."""
    KNOWN.update(known)


def fingerprint(*roots: str) -> str:
    """Hash of the modules of ours that these modules (dotted names) import, directly or not, themselves included:
    what was found with other code is another finding."""
    if roots not in KNOWN:
        KNOWN[roots] = _fingerprint(roots)
    return KNOWN[roots]


def _fingerprint(roots: tuple[str, ...]) -> str:
    seen: dict[str, bytes] = {}
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name in seen or (source := _source(name)) is None:
            continue
        seen[name] = source
        todo += _imports(source)
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(name.encode() + b"\0" + seen[name] + b"\0")
    return digest.hexdigest()[:12]


def _source(name: str) -> bytes | None:
    path = ROOT.joinpath(*name.split("."))
    found = [p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()]
    return found[0].read_bytes() if found else None


def _imports(source: bytes) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    parts = [name.split(".") for name in names if name.split(".")[0] in ("graph", "jobs", "tests")]
    return [".".join(part[:n]) for part in parts for n in range(1, len(part) + 1)]


@dataclass(frozen=True)
class Ranked:
    """What one method found on one market, best first.

    `rings`: one row a ring: `rank`, `score`, `accounts` (list of ids), `typology` and `typologies` (list of names),
    NULL and empty where the method names none. `accounts`: one row an account: `rank`, `account_id`.
    """

    rings: pl.DataFrame
    accounts: pl.DataFrame


RINGS = {
    "rank": pl.Int64(),
    "score": pl.Float64(),
    "accounts": pl.List(pl.String()),
    "typology": pl.String(),
    "typologies": pl.List(pl.String()),
}


def ranked(rings: list[tuple[float, list[str]]], accounts: list[str]) -> Ranked:
    """Rings as (score, accounts) and account ids, both best first, of a method that names no typology."""
    frame = pl.DataFrame(
        {
            "rank": range(1, len(rings) + 1),
            "score": [score for score, _ in rings],
            "accounts": [members for _, members in rings],
            "typology": [None] * len(rings),
            "typologies": [[] for _ in rings],
        },
        schema=RINGS,
    )
    return Ranked(frame, pl.DataFrame({"rank": range(1, len(accounts) + 1), "account_id": accounts}))


@dataclass(frozen=True)
class Shelf:
    """A folder a market below `root`, named by the code that makes the market; in it the truth, and a pair of files a
    method, named by the code of the method. Files appear whole, so a bench that was stopped goes on where it was."""

    root: Path
    market: Market

    @property
    def folder(self) -> Path:
        """Where this market's findings are."""
        return self.root / f"{self.market}-{fingerprint('jobs.simulate')}"

    def has(self, method: str, code: str) -> bool:
        """Whether this was found already."""
        return self._path(method, code, "accounts").is_file()

    def keep(self, method: str, code: str, found: Ranked) -> None:
        """Keep what a method found."""
        self.put(self._path(method, code, "rings").stem, found.rings)
        self.put(self._path(method, code, "accounts").stem, found.accounts)

    def find(self, method: str, code: str) -> Ranked:
        """What a method found."""
        return Ranked(*(pl.read_parquet(self._path(method, code, part)) for part in ("rings", "accounts")))

    def put(self, name: str, frame: pl.DataFrame) -> None:
        """Keep one frame."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.parquet"
        hidden = path.with_suffix(f".{os.getpid()}")
        frame.write_parquet(hidden)
        hidden.replace(path)

    def get(self, name: str, made: Callable[[], pl.DataFrame] | None = None) -> pl.DataFrame:
        """One frame; made and kept first where it is missing and can be made."""
        path = self.folder / f"{name}.parquet"
        if made is not None and not path.is_file():
            self.put(name, made())
        return pl.read_parquet(path)

    def _path(self, method: str, code: str, part: str) -> Path:
        return self.folder / f"{re.sub(r'[^a-z0-9_.]+', '_', method.lower())}-{code}-{part}.parquet"
