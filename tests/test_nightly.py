"""The night from end to end, on a small synthetic market: two drops, with dirt."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from graph.tables import WATCHLISTS
from jobs import published
from jobs.__main__ import main
from tests.kept import handed_out

FIRST, SECOND = date(2025, 6, 23), date(2025, 6, 30)


@pytest.fixture
def market(two_nights: Path) -> Path:
    """Exports of two nights and truth.parquet; nobody writes here."""
    return two_nights / "exports"


@pytest.fixture
def home(two_nights: Path) -> Path:
    """A folder with both nights published; nobody writes here."""
    return two_nights


@pytest.fixture
def listed(two_nights: Path) -> Iterator[None]:
    """Every night lists what the first did: for what depends on the exports alone."""
    with handed_out(two_nights, FIRST):
        yield


def nightly(exports: Path, home: Path, *more: str) -> Result:
    where = ["--exports", str(exports), "--warehouse", str(home / "w.duckdb"), "--out", str(home / "out")]
    return CliRunner().invoke(main, ["nightly", *where, *more])


def digests(home: Path) -> dict[str, str]:
    """Of every published table; run.json holds the times of its run and is another matter."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.glob("out/run_date=*/*.parquet"))
    }


def test_both_nights_are_whole(home: Path) -> None:
    assert published.dates(home / "out") == [FIRST, SECOND]
    assert json.loads((home / "out" / "latest.json").read_text())["run_date"] == str(SECOND)
    for night in (FIRST, SECOND):
        folder = published.folder_of(home / "out", night)
        assert {path.name for path in folder.iterdir()} == {f"{name}.parquet" for name in WATCHLISTS} | {"run.json"}
        for name, table in WATCHLISTS.items():
            assert pq.read_schema(folder / f"{name}.parquet").equals(table.schema), name


def test_there_is_something_to_look_at(home: Path) -> None:
    nights = [published.tables(published.folder_of(home / "out", night), *WATCHLISTS) for night in (FIRST, SECOND)]
    for name, first, second in zip(WATCHLISTS, *nights, strict=True):
        assert first.height + second.height > 0, f"{name}; there are nights on which nothing changes"


def test_no_blank_stands_between_two_chinese_words(home: Path) -> None:
    said = [
        sentence
        for frame in published.tables(published.night(home / "out"), "rings", "accounts", "lone")
        for column in ("reasons", "against")
        if column in frame.columns
        for sentence in frame[column].explode().drop_nulls()
    ]
    assert said
    assert [sentence for sentence in said if re.search(r"[\u4e00-\u9fff、] [\u4e00-\u9fff]", sentence)] == []


def test_the_record(home: Path) -> None:
    folder = published.night(home / "out")
    run = json.loads((folder / published.RECORD).read_text())
    assert {"run_id", "code_version", "settings", "settings_sha256", "inputs", "steps", "outputs"} <= run.keys()
    for file in run["inputs"]:
        assert file["rows_read"] == file["loaded"] + file["superseded"] + file["set_aside"], file
    assert [step["name"] for step in run["steps"]][:3] == ["load", "state", "uses"]
    for output in run["outputs"]:
        path = folder / f"{output['table']}.parquet"
        assert output["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert output["rows"] == pq.read_metadata(path).num_rows


def test_a_second_run_changes_no_byte(home: Path, market: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(home, again)
    before = digests(again)
    idle = nightly(market, again, "--catch-up")
    assert (idle.exit_code, idle.stderr.count("published already")) == (0, 1)
    assert digests(again) == before, "nothing was left to run"
    assert nightly(market, again, "--run-date", str(SECOND)).exit_code == 0
    assert digests(again) == before, "the newest night, run again"


def test_one_by_one_is_catching_up(home: Path, market: Path, tmp_path: Path) -> None:
    for night in (FIRST, SECOND):
        assert nightly(market, tmp_path, "--run-date", str(night)).exit_code == 0
    assert digests(tmp_path) == digests(home)


@pytest.mark.usefixtures("listed")
def test_cron_gets_the_newest_drop_in_json_lines_without_values(market: Path, tmp_path: Path) -> None:
    result = nightly(market, tmp_path)
    assert published.dates(tmp_path / "out") == [SECOND]
    assert result.stdout == ""
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert [line["event"] for line in lines].count("published") == 1
    for account in published.tables(published.night(tmp_path / "out"), "accounts")[0]["account_id"]:
        assert account not in result.stderr


def test_a_run_date_before_the_oldest_drop(market: Path, tmp_path: Path) -> None:
    result = nightly(market, tmp_path, "--run-date", "2025-01-01")
    assert result.exit_code == 2
    assert "before the oldest drop" in result.stderr
    assert published.dates(tmp_path / "out") == []


@pytest.mark.usefixtures("listed")
def test_a_run_date_between_drops(market: Path, tmp_path: Path) -> None:
    assert nightly(market, tmp_path, "--run-date", "2025-06-26").exit_code == 0
    run = json.loads((published.night(tmp_path / "out") / published.RECORD).read_text())
    assert {Path(file["path"]).parts[0] for file in run["inputs"]} == {str(FIRST)}


@pytest.mark.usefixtures("listed")
def test_a_missing_export_stops_catching_up(market: Path, tmp_path: Path) -> None:
    broken = tmp_path / "exports"
    shutil.copytree(market, broken)
    for file in (broken / str(SECOND)).glob("devices*"):
        file.unlink()
    result = nightly(broken, tmp_path, "--catch-up")
    assert result.exit_code == 3
    assert "devices" in result.stderr.splitlines()[-1]
    assert published.dates(tmp_path / "out") == [FIRST], "the night before stands"


def test_an_output_that_cannot_be_written(market: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    where = ["--warehouse", str(tmp_path / "w.duckdb"), "--out", str(tmp_path / "file" / "out")]
    result = CliRunner().invoke(main, ["nightly", "--exports", str(market), *where])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"ringwatch: --out {tmp_path / 'file' / 'out'}: cannot be written")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "w.duckdb").exists(), "nothing is done before the output is known to be writable"


def test_nothing_there_yet(tmp_path: Path) -> None:
    assert nightly(tmp_path / "absent", tmp_path).exit_code == 6


def test_evaluate_and_show_read_it(home: Path, market: Path) -> None:
    out = ["--watchlists", str(home / "out")]
    truth = ["--truth", str(market / "truth.parquet")]
    result = CliRunner().invoke(main, ["evaluate", *out, *truth, "--json"])
    assert json.loads(result.stdout)["planted"] > 0
    ring = published.tables(published.night(home / "out"), "rings")[0]["ring_id"][0]
    assert ring in CliRunner().invoke(main, ["show", ring, *out]).stdout


def test_no_warehouse_is_kept_inside_a_drop(market: Path, tmp_path: Path) -> None:
    """Retention removes a drop whole."""
    exports = Path(shutil.copytree(market, tmp_path / "exports"))
    before = sorted(exports.rglob("*"))
    result = nightly(exports, tmp_path, "--warehouse", str(exports / str(SECOND) / "kept"))
    assert (result.exit_code, f"lies in the drop of {SECOND}" in result.stderr) == (2, True)
    assert sorted(exports.rglob("*")) == before


@pytest.mark.parametrize("command", ["nightly", "rebuild"])
@pytest.mark.parametrize("out", ["exports", "exports/out", f"exports/{SECOND}/out", ".", "link"])
def test_nights_and_drops_lie_side_by_side(command: str, out: str, market: Path, tmp_path: Path) -> None:
    exports = Path(shutil.copytree(market, tmp_path / "exports"))
    (tmp_path / "link").symlink_to(exports / "out")
    before = sorted(tmp_path.rglob("*"))
    where = ["--exports", str(exports), "--warehouse", str(tmp_path / "w.duckdb"), "--out", str(tmp_path / out)]
    result = CliRunner().invoke(main, [command, *where])
    assert (result.exit_code, "one lies in the other" in result.stderr) == (2, True), result.stderr
    assert sorted(tmp_path.rglob("*")) == before, "nothing is written, no metrics either"
