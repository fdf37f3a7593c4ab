"""What the job says of itself to those who watch it: status, metrics, heartbeat."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from graph.gates import GATES
from jobs import runs
from jobs.__main__ import main
from jobs.errors import RingwatchError
from jobs.metrics import NAME, reported
from jobs.settings import CronSettings
from jobs.status import status
from tests.kept import THREE, copied, handed_out

DAYS = [str(day) for day in THREE[:2]]


@pytest.fixture(scope="module")
def whole(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first night published, the second refused; nobody writes here."""
    home = copied(first_night, tmp_path_factory.mktemp("whole"))
    (home / "strict.toml").write_text("[gates]\nring_accounts = 2\n")
    with handed_out(first_night, THREE[0]):
        assert nightly(home, DAYS[1], "--settings", str(home / "strict.toml")).exit_code == 5
    return home


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to write in."""
    return shutil.copytree(whole, tmp_path / "home")


def nightly(home: Path, day: str, *more: str) -> Result:
    where = ["--exports", str(home / "exports"), "--warehouse", str(home / "w.duckdb"), "--out", str(home / "out")]
    return CliRunner().invoke(main, ["nightly", *where, "--run-date", day, *more])


def asked(home: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["status", "--watchlists", str(home / "out"), *more])


def metrics(path: Path) -> dict[str, float]:
    """Series -> value; every line must be one that Prometheus reads."""
    found = {}
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            match = re.fullmatch(r'([a-z_]+(?:\{[a-z_]+="[a-z_ ]+"(?:,[a-z_]+="[a-z_ ]+")*\})?) (-?[0-9.e+]+)', line)
            assert match, line
            found[match[1].removeprefix("ringwatch_")] = float(match[2])
    return found


def test_status_in_json(whole: Path) -> None:
    found = json.loads(asked(whole, "--json", "--warehouse", str(whole / "w.duckdb")).stdout)
    good = found["last_good"]
    assert good["run_date"] == DAYS[0]
    assert good["rows"]["rings"] > 0
    assert [gate["gate"] for gate in good["gates"]] == list(GATES)
    assert good["bytes"] > 10_000
    assert found["warehouse_bytes"] == (whole / "w.duckdb").stat().st_size
    [night] = found["refused"]
    assert (night["run_date"], [gate["gate"] for gate in night["gates"]]) == (DAYS[1], ["ring_size"])


def test_status_in_words(whole: Path) -> None:
    result = asked(whole)
    assert result.exit_code == 0
    assert f"last good night {DAYS[0]}" in result.stdout
    assert f"refused {DAYS[1]}: ring_size: a ring of" in result.stdout


@pytest.mark.parametrize(("hour", "age"), [(15, 0), (16, 1)])
def test_the_age_is_counted_on_the_platforms_calendar(
    whole: Path, capsys: pytest.CaptureFixture[str], hour: int, age: int
) -> None:
    status(whole / "out", None, True, None, datetime(2025, 6, 16, hour, 30, tzinfo=UTC))
    assert json.loads(capsys.readouterr().out)["last_good"]["age_days"] == age


def test_too_old_for_whoever_monitors(whole: Path, tmp_path: Path) -> None:
    now = datetime(2025, 6, 18, 12, tzinfo=UTC)
    status(whole / "out", None, False, 2, now)
    with pytest.raises(RingwatchError, match="2 days old, more than 1"):
        status(whole / "out", None, False, 1, now)
    assert asked(whole, "--max-age-days", "3").exit_code == 1
    (tmp_path / "out").mkdir()
    assert asked(tmp_path).exit_code == 0
    assert asked(tmp_path, "--max-age-days", "3").exit_code == 1
    assert asked(tmp_path / "absent").exit_code == 2


def test_metrics_of_a_refused_night(whole: Path) -> None:
    found = metrics(whole / "out" / NAME)
    run = json.loads((whole / "out" / f"run_date={DAYS[0]}" / "run.json").read_text())
    assert found["exit_code"] == 5
    assert found["refused_nights"] == 1
    assert found['gate_state{gate="ring_size"}'] == 2
    assert found["rings"] == next(output["rows"] for output in run["outputs"] if output["table"] == "rings")
    assert found["last_success_timestamp_seconds"] == datetime.fromisoformat(run["finished_at"]).timestamp()
    orders = [file for file in run["inputs"] if file["table"] == "orders"]
    assert found['export_rows{export="orders",state="read"}'] == sum(file["rows_read"] for file in orders)
    assert (whole / "out" / NAME).stat().st_mode & 0o777 == 0o600


def test_metrics_and_heartbeat_where_the_settings_say(home: Path, tmp_path: Path) -> None:
    beat, path, settings = tmp_path / "alive", tmp_path / "collected" / "ringwatch.prom", tmp_path / "s.toml"
    path.parent.mkdir()
    settings.write_text(f'[cron]\nmetrics = "{path}"\nheartbeat = "{beat}"\n')
    shutil.move(home / "exports" / DAYS[1] / "orders.csv", tmp_path / "orders.csv")
    assert nightly(home, DAYS[1], "--settings", str(settings)).exit_code == 3
    assert metrics(path)["exit_code"] == 3
    assert not beat.exists(), "no heartbeat of a run that failed"
    shutil.move(tmp_path / "orders.csv", home / "exports" / DAYS[1] / "orders.csv")
    with handed_out(home, THREE[0]):
        assert nightly(home, DAYS[1], "--settings", str(settings)).exit_code == 0
    found = metrics(path)
    assert (found["exit_code"], found["refused_nights"], found['gate_state{gate="ring_size"}']) == (0, 0, 0)
    assert beat.exists()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name], "nothing is left beside it"
    assert runs.refused_dates(home / "out") == []


def test_a_run_that_cannot_write_its_metrics_fails_as_it_would(tmp_path: Path) -> None:
    settings = CronSettings(metrics=tmp_path / "metrics.prom")
    (tmp_path / "metrics.prom").mkdir()
    with pytest.raises(RingwatchError, match="the first"), reported(tmp_path, settings):
        raise RingwatchError("the first")
    with pytest.raises(OSError, match=r"metrics\.prom"), reported(tmp_path, settings):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.prom"]


def test_an_unexpected_failure_is_exit_code_1(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), reported(tmp_path, CronSettings()):
        raise ZeroDivisionError
    assert metrics(tmp_path / NAME)["exit_code"] == 1


def test_nothing_is_made_where_there_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(RingwatchError), reported(tmp_path / "absent", CronSettings()):
        raise RingwatchError("no")
    assert list(tmp_path.iterdir()) == []
