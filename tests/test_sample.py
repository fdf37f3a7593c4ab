"""data/sample is what `make sample` makes: synthetic, small, and with truth."""

from __future__ import annotations

import gzip
import io
import shlex
from pathlib import Path

import polars as pl
from click.testing import CliRunner

from jobs.__main__ import main

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample"
LARGEST = 4_000_000


def recipe() -> list[str]:
    """The arguments of ringwatch in the Makefile's `sample` target."""
    lines = (ROOT / "Makefile").read_text().splitlines()
    line = next(line for line in lines if "ringwatch simulate" in line)
    return shlex.split(line)[1:]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def content(name: str, raw: bytes) -> object:
    """What a file says: the same rows may be packed otherwise by another zlib."""
    if name.endswith(".parquet"):
        return pl.read_parquet(io.BytesIO(raw)).rows()
    return gzip.decompress(raw) if name.endswith(".gz") else raw


def test_small() -> None:
    assert sum(map(len, files(SAMPLE).values())) < LARGEST


def test_made_by_the_recipe(tmp_path: Path) -> None:
    arguments = [str(tmp_path / "new") if word == "build/sample" else word for word in recipe()]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    made, kept = (files(folder) for folder in (tmp_path / "new", SAMPLE))
    assert made.keys() == kept.keys()
    assert [name for name in kept if content(name, kept[name]) != content(name, made[name])] == [], "stale: make sample"
