"""The machine fails: no space, no right, no memory, a clock set back, a drop replaced meanwhile, power lost.

Every write and rename of every command in turn: tests/fuzz/writes.py, of which a part runs here.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from graph.nights import DamagedError
from jobs import runs, trouble
from jobs.door.take import judge
from jobs.warehouse import Warehouse
from tests.fuzz.kill import content, visible
from tests.kept import SECOND, copied, handed_out, kept_content, refused, ringwatch, told

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def first(two_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only the first night is published and loaded; nobody writes here."""
    home = copied(two_nights, tmp_path_factory.mktemp("first"))
    shutil.rmtree(home / "out" / f"run_date={SECOND}")
    (home / "w.duckdb").unlink()
    told(ringwatch(home, "rebuild"))
    return home


@pytest.fixture
def home(first: Path, tmp_path: Path) -> Path:
    """A copy of it to write in."""
    return copied(first, tmp_path)


@pytest.fixture
def written(two_nights: Path) -> Iterator[None]:
    """The second night's stages write nothing; here they hand out the tables that were published."""
    with handed_out(two_nights, SECOND):
        yield


def test_writes_and_renames_that_fail_or_are_the_last(two_nights: Path) -> None:
    """The call in the middle of two commands; `make fuzz` does every call of all."""
    command = [sys.executable, "tests/fuzz/writes.py", "999", "next", "label", f"home={two_nights}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("'killed'") == 2


@pytest.fixture
def small_disk(home: Path, tmp_path: Path) -> Iterator[Path]:
    """A file system of 5 MB for out and warehouse: too small for the second night."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.usefixtures("written")
def test_a_disk_that_is_full(small_disk: Path, home: Path, two_nights: Path) -> None:
    for name in ("out", "w.duckdb"):
        shutil.move(home / name, small_disk / name)
        (home / name).symlink_to(small_disk / name)
    (small_disk / "ballast").write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4096 - 200_000))
    before = visible(home / "out")
    given = ("--warehouse", str(small_disk / "w.duckdb"), "--out", str(small_disk / "out"))
    said = refused(ringwatch(home, "nightly", "--catch-up", *given), 1)
    assert "no space left" in said
    assert visible(small_disk / "out") == before
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    told(ringwatch(home, "nightly", "--catch-up", *given))
    assert visible(small_disk / "out") == visible(two_nights / "out")


@pytest.mark.usefixtures("written")
def test_files_may_not_grow(home: Path, two_nights: Path) -> None:
    """As a full disk, for DuckDB and Parquet files alike, where nobody may mount one."""
    command = [sys.executable, "-m", "jobs", "nightly", "--catch-up"]
    command += ["--exports", str(home / "exports"), "--warehouse", str(home / "w.duckdb"), "--out", str(home / "out")]
    limit = (home / "w.duckdb").stat().st_size + 4096
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert "unexpected" not in done.stderr
    told(ringwatch(home, "nightly", "--catch-up"))
    assert visible(home / "out") == visible(two_nights / "out")
    assert content(home / "w.duckdb") == kept_content(two_nights / "w.duckdb")


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("what", ["out", "w.duckdb"])
def test_read_only(home: Path, two_nights: Path, what: str) -> None:
    if subprocess.run(
        ["mount", "--bind", str(home / what), str(home / what)], capture_output=True, check=False
    ).returncode:
        pytest.skip("only root may mount read-only")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(home / what)], check=True)
        before = visible(home / "out")
        done = ringwatch(home, "nightly", "--catch-up")
        assert done.exit_code in (1, 2)
        assert "cannot be written" in done.stderr or "no right" in done.stderr or "read-only" in done.stderr, (
            done.stderr
        )
        assert visible(home / "out") == before
    finally:
        subprocess.run(["umount", "--lazy", str(home / what)], check=True)
    told(ringwatch(home, "nightly", "--catch-up"))
    assert visible(home / "out") == visible(two_nights / "out")


@pytest.mark.usefixtures("written")
def test_too_little_memory_names_the_setting(home: Path, two_nights: Path) -> None:
    (home / "s.toml").write_text('[engine]\nmemory_limit = "1MB"\n')
    said = refused(ringwatch(home, "nightly", "--catch-up", "--settings", str(home / "s.toml")), 1)
    assert "engine.memory_limit" in said
    told(ringwatch(home, "nightly", "--catch-up"))
    assert visible(home / "out") == visible(two_nights / "out")


@pytest.mark.usefixtures("written")
def test_a_commit_that_fails(home: Path, two_nights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole: Callable[..., Any] = Warehouse.rows
    for number in range(1, 20):
        seen = 0

        def rows(db: Warehouse, sql: str, **params: object) -> Any:
            nonlocal seen
            seen += sql == "COMMIT"
            if sql == "COMMIT" and seen == number:  # noqa: B023 (called in this turn of the loop alone)
                raise duckdb.TransactionException("Failed to commit: Could not write file: No space left on device")
            return whole(db, sql, **params)

        with monkeypatch.context() as patch:
            patch.setattr(Warehouse, "rows", rows)
            done = ringwatch(home, "nightly", "--catch-up")
        if done.exit_code == 0:
            break
        assert "no space left" in done.stderr
    assert number > 2, "a load has more than one transaction"
    assert visible(home / "out") == visible(two_nights / "out")
    assert content(home / "w.duckdb") == kept_content(two_nights / "w.duckdb")


@pytest.mark.usefixtures("written")
def test_a_drop_replaced_during_the_run(home: Path, two_nights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "exports" / str(SECOND) / "accounts.csv"
    whole = path.read_bytes()

    def replaced(*given: Any) -> int:
        path.write_bytes(whole + b"\n")
        return judge(*given)

    with monkeypatch.context() as patch:
        patch.setattr("jobs.door.loading.judge", replaced)
        refused(ringwatch(home, "nightly", "--catch-up"), 6)
    path.write_bytes(whole)
    told(ringwatch(home, "nightly", "--catch-up"))
    assert visible(home / "out") == visible(two_nights / "out")


@pytest.mark.usefixtures("written")
def test_a_clock_set_back(home: Path, two_nights: Path) -> None:
    """No result leans on the clock: files may be from tomorrow."""
    for path in home.rglob("*"):
        os.utime(path, (4_000_000_000, 4_000_000_000))
    told(ringwatch(home, "nightly", "--catch-up"))
    assert visible(home / "out") == visible(two_nights / "out")
    assert content(home / "w.duckdb") == kept_content(two_nights / "w.duckdb")


def test_two_runs_at_once(home: Path) -> None:
    with Warehouse.open(home / "w.duckdb"):
        refused(ringwatch(home, "nightly", "--catch-up"), 4)
    with runs.shelf(home / "out"):
        for command in ("nightly", "rebuild"):
            refused(ringwatch(home, command), 4)


@pytest.mark.usefixtures("written")
def test_power_lost_after_a_rename(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything gets its name, it and its content are flushed; after, the folder that holds the name."""
    calls: list[tuple[str, str]] = []
    fsync, rename, replace = os.fsync, os.rename, os.replace

    def flushed(handle: int) -> None:
        calls.append(("flush", str(Path(f"/proc/self/fd/{handle}").readlink())))
        fsync(handle)

    def renamed(source: Any, target: Any, **more: Any) -> None:
        calls.append((str(source), str(target)))
        (replace if str(target).endswith("latest.json") else rename)(source, target, **more)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "rename", renamed)
    monkeypatch.setattr(os, "replace", renamed)
    told(ringwatch(home, "nightly", "--catch-up"))
    night, latest = str(home / "out" / f"run_date={SECOND}"), str(home / "out" / "latest.json")
    moves = {target: (at, source) for at, (source, target) in enumerate(calls) if source != "flush"}
    for target in (night, latest):
        at, source = moves[target]
        earlier = {path for what, path in calls[:at] if what == "flush"}
        names = [p.name for p in Path(target).iterdir()] if target == night else []
        assert {source, *(f"{source}/{name}" for name in names)} <= earlier, "flushed before it gets its name"
        assert ("flush", str(home / "out")) in calls[at + 1 :], "and its folder after"
    assert moves[latest][0] > moves[night][0], "latest.json moves last"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (duckdb.OutOfMemoryException("could not allocate block"), "engine.memory_limit"),
        (duckdb.OutOfMemoryException("... max_temp_directory_size ..."), "engine.max_temp"),
        (MemoryError(), "engine.memory_limit"),
        (OSError(28, "No space left on device", "/x/rings.parquet"), "no space left for rings.parquet"),
        (PermissionError(13, "Permission denied", "/x/out"), "no right to write for out"),
        (duckdb.IOException("Could not read enough bytes from file"), "ringwatch rebuild"),
        (duckdb.FatalException("database has been invalidated"), "ringwatch rebuild"),
        (pl.exceptions.ComputeError("parquet: File out of specification"), "Run that night again"),
        (DamagedError(Path("/x"), "cut off"), "run the night again"),
    ],
)
def test_what_to_do(error: Exception, said: str) -> None:
    assert said in str(trouble.told(error))


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        ("Out of Memory Error: x", duckdb.OutOfMemoryException),
        ("IO Error: Could not read enough", duckdb.Error),
    ],
)
def test_what_breaks_while_rows_stream_out_is_the_engines_error(broken: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as stopped, trouble.of_stream():
        raise pl.exceptions.ComputeError(f"got external error: {broken}")
    assert trouble.told(stopped.value)


def test_rows_that_break_off_are_the_engines_error(tmp_path: Path) -> None:
    late = "SELECT CASE WHEN i = 400000 THEN error('broken') ELSE i END AS i FROM range(500000) AS r(i)"
    with Warehouse.open(tmp_path / "w.duckdb") as db, pytest.raises(duckdb.Error):
        db.frame(late)


def test_a_fault_of_ours_is_not_put_on_the_machine() -> None:
    assert trouble.told(KeyError("account")) is None
    assert trouble.told(duckdb.BinderException("no such column")) is None
