"""A night appears whole or not at all, whatever fails and whoever reads."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from graph.tables import LONE, WATCHLISTS
from jobs import exchange as exchanging
from jobs import published, runs
from jobs.errors import BusyError, RingwatchError, UsageError
from tests.published_nights import run_json

DAY = date(2025, 6, 22)
NEXT = date(2025, 6, 29)


def fill(night: runs.Night, mark: int) -> None:
    """Every watchlist; rings and lone hold `mark` rows, and run.json says so."""
    for table in WATCHLISTS.values():
        rows = table.schema.empty_table()
        if table.name in ("rings", "lone"):
            rows = pa.table({f.name: pa.array([None] * mark, f.type) for f in table.schema}, schema=table.schema)
        night.write(table, rows)
    night.write_record(json.loads(run_json(run_id=str(mark))))


def publish(out: Path, day: date, mark: int) -> None:
    with runs.shelf(out), runs.building(out, day) as night:
        fill(night, mark)
        night.publish()
        runs.point_latest(out)


def latest(out: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((out / "latest.json").read_text())
    return found


def hidden(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob(".*") if path.name != ".lock")


def test_a_night(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    publish(out, DAY, 3)
    folder = published.night(out)
    assert folder == out / "run_date=2025-06-22"
    assert {path.name for path in folder.iterdir()} == {f"{name}.parquet" for name in WATCHLISTS} | {"run.json"}
    assert latest(out) == {"run_date": "2025-06-22", "folder": "run_date=2025-06-22", "run_id": "3"}
    assert [frame.height for frame in published.tables(folder, "rings", "links")] == [3, 0]
    assert hidden(out) == []


def test_nobody_else_may_read(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(out, DAY, 1)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (out, *out.rglob("*"))}
    assert modes == {True: 0o700, False: 0o600}


def test_latest_names_the_newest_night_only(tmp_path: Path) -> None:
    publish(tmp_path, NEXT, 1)
    publish(tmp_path, DAY, 2)
    assert latest(tmp_path)["run_date"] == "2025-06-29"
    assert published.dates(tmp_path) == [DAY, NEXT]
    assert published.night(tmp_path, DAY).name == "run_date=2025-06-22"


def test_declared_types_order_and_bytes(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "reasons": [["一"], ["二"], ["三"]],
            "account_id": ["b", "a", "c"],
            "score": [0.5, 0.5, 0.9],
            "typology": ["two_way"] * 3,
            "action": ["warn"] * 3,
        }
    )
    digests = []
    for shuffled in (rows, rows.reverse(), pl.concat([rows[1:], rows[:1]], rechunk=False)):
        with runs.building(tmp_path, DAY) as night:
            night.write(LONE, shuffled)
            frame = pl.read_parquet(night.folder / "lone.parquet")
        assert frame.columns == LONE.schema.names
        assert frame["account_id"].to_list() == ["c", "a", "b"], "score falls, then account_id rises"
        digests.append(night.outputs[0].sha256)
    assert len(set(digests)) == 1


def test_every_declared_type_comes_out(tmp_path: Path) -> None:
    publish(tmp_path, DAY, 1)
    for name, table in WATCHLISTS.items():
        read = pa.parquet.read_schema(published.night(tmp_path) / f"{name}.parquet")
        assert read.equals(table.schema), name


@pytest.mark.parametrize("change", [{"extra": 1}, {"score": None}])
def test_columns_that_were_not_declared(tmp_path: Path, change: dict[str, int | None]) -> None:
    frame = pl.DataFrame({name: [] for name in LONE.schema.names})
    name, value = next(iter(change.items()))
    odd = frame.drop(name) if value is None else frame.with_columns(pl.lit(value).alias(name))
    with runs.building(tmp_path, DAY) as night, pytest.raises(RingwatchError, match=name):
        night.write(LONE, odd)


def forget_a_table(night: runs.Night) -> None:
    night.outputs.pop()


def tear_a_file(night: runs.Night) -> None:
    whole = (night.folder / "rings.parquet").read_bytes()
    (night.folder / "rings.parquet").write_bytes(whole[:-20])


@pytest.mark.parametrize("spoil", [forget_a_table, tear_a_file])
def test_a_spoiled_night_is_not_published(tmp_path: Path, spoil: Callable[[runs.Night], None]) -> None:
    publish(tmp_path, DAY, 1)
    with pytest.raises((RingwatchError, pa.ArrowException)), runs.building(tmp_path, DAY) as night:
        fill(night, 2)
        spoil(night)
        night.publish()
    assert published.tables(published.night(tmp_path), "rings")[0].height == 1
    assert hidden(tmp_path) == []


STEPS = ["jobs.runs.exchange", "jobs.durable.flush", "pathlib.Path.rename", "pathlib.Path.replace"]


@pytest.mark.parametrize("broken", STEPS)
@pytest.mark.parametrize("again", [False, True])
def test_a_failure_at_any_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, again: bool) -> None:
    publish(tmp_path, DAY, 1)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    day = DAY if again else NEXT
    with monkeypatch.context() as patch:
        patch.setattr(broken, fails)
        unused = (broken.endswith("exchange") and not again) or (broken.endswith("rename") and again)
        if not unused:
            with pytest.raises(OSError, match="No space"), runs.building(tmp_path, day) as night:
                fill(night, 2)
                night.publish()
                runs.point_latest(tmp_path)
    assert hidden(tmp_path) == []
    for folder in map(published.folder_of, [tmp_path] * 2, published.dates(tmp_path)):
        rings, lone = published.tables(folder, "rings", "lone")
        assert rings.height == lone.height == int(json.loads((folder / "run.json").read_text())["run_id"])
    assert (tmp_path / latest(tmp_path)["folder"] / "run.json").exists()
    publish(tmp_path, day, 3)
    assert published.tables(published.night(tmp_path, day), "rings")[0].height == 3


class Dead(BaseException):
    """The process was killed: nothing it had meant to do any more, cleaning up neither, is done."""


def dies_after(patch: pytest.MonkeyPatch, calls: int) -> None:
    """From here on only so many calls that change the disk are done."""
    made = count(1)

    def mortal(call: Callable[..., Any]) -> Callable[..., Any]:
        def before_its_death(*arguments: Any, **more: Any) -> Any:
            if next(made) > calls:
                raise Dead
            return call(*arguments, **more)

        return before_its_death

    opened = os.open
    writing = mortal(opened)
    patch.setattr(os, "open", lambda p, flags, *a, **k: (opened, writing)[bool(flags & os.O_CREAT)](p, flags, *a, **k))
    for name in ("rename", "replace", "mkdir", "unlink", "remove", "rmdir"):
        patch.setattr(os, name, mortal(getattr(os, name)))
    patch.setattr(runs, "exchange", mortal(exchanging.exchange))


@pytest.mark.parametrize("again", [False, True], ids=["first time", "in place of the night before"])
def test_killed_at_any_call_that_changes_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    day = DAY if again else NEXT
    for calls in count():
        out, dead = tmp_path / str(calls), False
        publish(out, DAY, 1)
        with monkeypatch.context() as patch, suppress(Dead):
            dead = True
            with runs.shelf(out), runs.building(out, day) as night:
                fill(night, 2)
                dies_after(patch, calls)
                night.publish()
                runs.point_latest(out)
            dead = False
        seen = {d: published.tables(published.folder_of(out, d), "rings", "lone") for d in published.dates(out)}
        for date_, (rings, lone) in seen.items():
            marks = {str(rings.height), str(lone.height), published.run(published.folder_of(out, date_))["run_id"]}
            assert len(marks) == 1, f"{date_} is a mixture after {calls} calls"
            assert date_ == day or marks == {"1"}
        assert latest(out)["folder"] in {f"run_date={d}" for d in seen}
        publish(out, day, 3)
        assert published.tables(published.night(out, day), "rings")[0].height == 3
        assert hidden(out) == []
        if not dead:
            break
    assert calls > 3, "it was never alive"


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.test_runs import DAY, fill
from jobs import runs
out = Path(sys.argv[1])
with runs.shelf(out), runs.building(out, DAY) as night:
    fill(night, 2)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_goes_at_the_next_start(tmp_path: Path) -> None:
    publish(tmp_path, DAY, 1)
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=Path(__file__).parents[1])
    assert len(hidden(tmp_path)) == 1, "the test must have left something"
    with runs.shelf(tmp_path):
        assert hidden(tmp_path) == []
    assert published.tables(published.night(tmp_path), "rings")[0].height == 1


def test_killed_between_publishing_and_latest(tmp_path: Path) -> None:
    publish(tmp_path, DAY, 1)
    with runs.building(tmp_path, NEXT) as night:
        fill(night, 2)
        night.publish()
    assert latest(tmp_path)["run_date"] == str(DAY)
    with runs.shelf(tmp_path):
        assert latest(tmp_path)["run_date"] == str(NEXT)


def test_without_an_exchange_of_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "exchange", exchanging._exchange_in_turns)
    publish(tmp_path, DAY, 1)
    publish(tmp_path, DAY, 2)
    assert published.tables(published.night(tmp_path), "rings")[0].height == 2
    assert hidden(tmp_path) == []
    # Killed between the two renames: the old night has its hidden name, and gets its own back.
    (tmp_path / "run_date=2025-06-22").rename(tmp_path / ".retired-run_date=2025-06-22")
    with runs.shelf(tmp_path):
        assert published.tables(published.night(tmp_path), "rings")[0].height == 2


def test_the_second_rename_fails(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with pytest.raises(FileNotFoundError):
        exchanging._exchange_in_turns(tmp_path / "absent", tmp_path / "old")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_exchange_refuses_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with pytest.raises(FileNotFoundError):
        exchanging.exchange(tmp_path / "absent", tmp_path / "old")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux exchanges two names in one step")
def test_a_reader_never_sees_a_gap_or_a_mixture(tmp_path: Path) -> None:
    publish(tmp_path, DAY, 1)
    seen: set[int] = set()
    odd: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                rings, lone = published.tables(published.night(tmp_path), "rings", "lone")
            except Exception as gap:
                odd.append(repr(gap))
                return
            if rings.height != lone.height:
                odd.append(f"{rings.height} and {lone.height}")
            seen.add(rings.height)

    reader = threading.Thread(target=read)
    reader.start()
    for mark in range(2, 42):
        publish(tmp_path, DAY, mark)
    done.set()
    reader.join()
    assert odd == []
    assert len(seen) > 2, "the reader must have read between publications"


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with runs.shelf(tmp_path), pytest.raises(BusyError, match="another run"), runs.shelf(tmp_path):
        pass
    with runs.shelf(tmp_path):
        pass


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_an_output_that_is_no_folder(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"), runs.shelf(tmp_path / where):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_that_may_not_be_written(tmp_path: Path) -> None:
    with runs.shelf(tmp_path):
        pass
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="cannot be written"), runs.shelf(tmp_path):
        pass


@pytest.mark.parametrize("day", [None, NEXT])
def test_a_night_that_is_not_there(tmp_path: Path, day: date | None) -> None:
    if day:
        publish(tmp_path, DAY, 1)
    with pytest.raises(UsageError, match="2025-06-22" if day else "no published night"):
        published.night(tmp_path, day)
