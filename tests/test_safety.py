"""A hostile outsider writes the exports, and another user of the machine looks for what is left readable."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from click.testing import Result

from jobs.case.report import check_font
from jobs.errors import RingwatchError
from jobs.simulate import simulate
from jobs.warehouse import Warehouse
from tests.case.conftest import LEAD, World, keys
from tests.kept import FIRST, SECOND, copied, handed_out, lists, refused, ringwatch, told, weighed_once

LONG = "l" + "0f9e8d7c" * 125_000
NASTY = (
    "'; DROP TABLE orders_rows; --",
    '"a" OR "1"="1"',
    "../../../../etc/passwd",
    "a\nb,c",
    "a\u202egpj.\u2066\u200b",
    "=HYPERLINK(\"http://example.org\")",
    "a\x1b[2J[red]b[/red]",
    LONG,
)  # fmt: skip
"""Ids that the door lets pass."""
ERASED = (NASTY[0], *NASTY[2:4], NASTY[5])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night on a market in which rings chose their ids; nobody writes here but into folders of one's own."""
    home = tmp_path_factory.mktemp("hostile")
    simulate(home / "exports", accounts=1000, seed=7, nights=1)
    truth = pl.read_parquet(home / "exports" / "truth.parquet")
    largest = truth.group_by("ring_id").agg("account_id").sort(pl.col("account_id").list.len(), "ring_id")
    names = dict(zip(sorted(largest["account_id"][-1]), NASTY, strict=False))
    assert len(names) == len(NASTY), "choose a market with a larger ring"
    for path in (home / "exports" / str(SECOND)).glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        for old, new in names.items():
            text = text.replace(old, '"' + new.replace('"', '""') + '"')
        path.write_text(text, encoding="utf-8", newline="")
    told(ringwatch(home, "nightly"))
    return home


def test_hostile_ids_from_start_to_end(hostile: Path, tmp_path: Path) -> None:
    home = copied(hostile, tmp_path)
    before = sorted(p.name for p in tmp_path.iterdir())
    accounts = lists(home, SECOND, "accounts")[0]
    listed = accounts.filter(pl.col("account_id").is_in(NASTY))
    assert listed.height > 2, "the ring with the nasty ids must be on the list, or nothing is tested"
    for ring in listed["ring_id"].unique():
        told(ringwatch(home, "show", ring))
    said = [told(ringwatch(home, "find", "--", name)) for name in NASTY]
    with weighed_once():
        said += [told(ringwatch(home, "explain", "--", name)) for name in NASTY]
    assert not {"\x1b", "\u202e", "\u2066", "\u200b"} & set("".join(said)), "it would move the reader's cursor"
    kept = listed.filter(~pl.col("account_id").is_in(ERASED))["account_id"][0]
    told(ringwatch(home, "label", kept, "watch", "--note", f"'; DROP TABLE files; -- {NASTY[5]}"))
    told(ringwatch(home, "diff"))
    told(ringwatch(home, "leads", "--watchlists", str(home / "out"), "--out", str(home / "leads")))
    (home / "cases").mkdir()
    for name in ERASED:
        done = ringwatch(home, "erase", "--basis", "on request", "--cases", str(home / "cases"), "--", name)
        told(done)
    assert "HYPERLINK" not in (home / "w.duckdb.verdicts.jsonl").read_text(), "what looks like a pattern is none"
    told(ringwatch(home, "rebuild"))
    told(ringwatch(home, "nightly"))
    left = pl.concat([lists(home, SECOND, "accounts")[0]["account_id"], lists(home, SECOND, "links")[0]["account_id"]])
    assert not set(left) & set(ERASED)
    assert set(left) & set(NASTY), "they went through the night under a verdict"
    with Warehouse.open(home / "w.duckdb", read_only=True) as db:
        assert db.rows("SELECT count(*) FROM orders_rows")[0][0] > 1000
    assert sorted(p.name for p in tmp_path.iterdir()) == before, "nothing beside the folders that were named"


@pytest.fixture(scope="module")
def bundle(hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Result]]:
    """The case of the ring with the nasty ids, under umask 000."""
    try:
        check_font()
    except RingwatchError:
        pytest.skip("fonts-noto-cjk is not installed: make setup-system")
    home = copied(hostile, tmp_path_factory.mktemp("bundle"))
    key, signers, identity, settings = home / "key", home / "sig", home / "id", home / "s.toml"
    world = World(home, home / "exports", home / "out", home / "w.duckdb", key, signers, identity, settings)
    keys(world)
    accounts = lists(home, SECOND, "accounts")[0]
    world.ring_id = accounts.filter(pl.col("account_id").is_in(NASTY))["ring_id"].mode().sort()[0]
    umask = os.umask(0)
    try:
        yield home, world.case(home / "cases", *LEAD)
    finally:
        os.umask(umask)


def test_hostile_ids_in_a_bundle(bundle: tuple[Path, Result]) -> None:
    home, made = bundle
    assert made.exit_code == 0, made.output
    packed = next((home / "cases").glob("*.zip")).read_bytes()
    for name in NASTY:
        assert name.encode() not in packed, "a lead shows labels"


def modes(home: Path) -> set[tuple[str, int]]:
    """Of everything that is not an export and not a key that a person made."""
    found = set()
    for path in home.rglob("*"):
        if not {"exports", "key", "sig", "id", "s.toml"} & {*path.relative_to(home).parts}:
            found.add(("folder" if path.is_dir() else "file", stat.S_IMODE(path.lstat().st_mode)))
    return found


def test_nobody_else_may_read(two_nights: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    umask = os.umask(0)
    try:
        shutil.copytree(two_nights / "exports" / str(FIRST), home / "exports" / str(FIRST))
        with handed_out(two_nights, FIRST):
            told(ringwatch(home, "nightly", "--catch-up"))
        account, other = lists(home, FIRST, "accounts")[0]["account_id"][:2]
        told(ringwatch(home, "label", account, "watch"))
        told(ringwatch(home, "rebuild"))
        told(ringwatch(home, "leads", "--watchlists", str(home / "out"), "--out", str(home / "leads")))
        (home / "cases").mkdir(mode=0o700)
        told(ringwatch(home, "erase", other, "--basis", "on request", "--cases", str(home / "cases")))
        told(ringwatch(home, "nightly"))
    finally:
        os.umask(umask)
    assert modes(home) == {("folder", 0o700), ("file", 0o600)}


def test_nor_a_bundle(bundle: tuple[Path, Result]) -> None:
    home, _ = bundle
    assert modes(home / "cases") == {("file", 0o600)}
    assert stat.S_IMODE((home / "cases").stat().st_mode) == 0o700


STATEMENTS = (
    "SELECT * FROM read_text('/etc/passwd')",
    "COPY (SELECT 1) TO '{0}/stolen.csv'",
    "ATTACH '{0}/stolen.duckdb'",
    "SELECT * FROM '{0}/exports/../secret.csv'",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "SET threads = 1",
    "SET lock_configuration = false",
    "SELECT * FROM glob('/etc/*')",
)


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("reading", [True, False])
def test_the_engine_is_confined(tmp_path: Path, statement: str, reading: bool) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (tmp_path / "exports").mkdir()
    Warehouse.open(tmp_path / "w.duckdb").close()
    with Warehouse.open(tmp_path / "w.duckdb", read_only=reading) as db:
        db.confine(tmp_path / "exports") if not reading else None
        with pytest.raises(duckdb.Error, match=r"disabled by configuration|locked|Permission"):
            db.rows(statement.format(tmp_path))
    assert not list(tmp_path.glob("stolen*"))


def test_what_it_needs_it_may(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "a.csv").write_text("a\n1\n")
    with Warehouse.open(tmp_path / "w.duckdb") as db:
        db.confine(tmp_path / "exports")
        assert db.rows(f"SELECT a FROM '{tmp_path}/exports/a.csv'") == [(1,)]
        with db.memory_at_most("100MB"):
            db.make("many", "SELECT range AS n FROM range(1000)")


@pytest.mark.parametrize(
    "statement", ["INSTALL httpfs", "LOAD httpfs", "SELECT * FROM 'https://example.org/a.parquet'"]
)
def test_no_extensions(tmp_path: Path, statement: str) -> None:
    with Warehouse.open(tmp_path / "w.duckdb") as db:
        db.confine(tmp_path)
        with pytest.raises(duckdb.Error):
            db.rows(statement)
        assert db.rows("SELECT value FROM duckdb_settings() WHERE name = 'autoinstall_known_extensions'") == [
            ("false",)
        ]


def test_no_message_quotes_a_row(two_nights: Path, tmp_path: Path) -> None:
    home = copied(two_nights, tmp_path)
    said = ringwatch(home, "nightly").stderr
    path = home / "exports" / str(SECOND) / "accounts.csv"
    path.write_bytes(path.read_bytes() + b"ab-secret-17,shop,2025-06-01,13912345678\n")
    said += ringwatch(home, "nightly").stderr
    path.write_bytes(b"account_id,kind\nab-secret-17,shop\n")
    said += refused(ringwatch(home, "nightly"), 3)
    assert "ab-secret-17" not in said
    assert "13912345678" not in said
    for account in lists(two_nights, SECOND, "accounts")[0]["account_id"]:
        assert account not in said
