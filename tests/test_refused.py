"""A gate refuses a night: what was published stands, the night is kept beside it, and a person can overrule."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from graph.figures import NEWEST
from graph.gates import GATES
from jobs import published, runs
from jobs.__main__ import main
from tests.kept import THREE as DAYS
from tests.kept import copied, handed_out

SALTED = {"devices": ["device_id"], "orders": ["payee_id"], "accounts": ["owner_id"]}


@pytest.fixture(scope="module")
def market(first_night: Path) -> Path:
    """Three drops; nobody writes here."""
    return first_night / "exports"


@pytest.fixture
def home(first_night: Path, tmp_path: Path) -> Path:
    """A folder with the first night published, to write in."""
    return copied(first_night, tmp_path)


@pytest.fixture
def listed(first_night: Path) -> Iterator[None]:
    """Every night lists what the first did: for gates that judge what came in."""
    with handed_out(first_night, DAYS[0]):
        yield


@pytest.fixture
def exports(market: Path, tmp_path: Path) -> Path:
    """A copy of the drops to change."""
    return shutil.copytree(market, tmp_path / "exports")


def nightly(exports: Path, home: Path, day: date | None, *more: str) -> Result:
    where = ["--exports", str(exports), "--warehouse", str(home / "w.duckdb"), "--out", str(home / "out")]
    return CliRunner().invoke(main, ["nightly", *where, *(["--run-date", str(day)] if day else []), *more])


def salted(exports: Path, day: date) -> None:
    """Let that drop have another key in the hashes of devices, payees and owners."""
    for table, columns in SALTED.items():
        path = exports / str(day) / f"{table}.csv"
        frame = pl.read_csv(path, infer_schema=False)
        frame.with_columns(("n" + pl.col(column)).alias(column) for column in columns).write_csv(path)


def shown(home: Path) -> dict[str, str]:
    """What readers see: every file but those that are hidden and the metrics, by its hash."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in ("out/run_date=*/*", "out/latest.json")
        for path in sorted(home.glob(pattern))
    }


def run_json(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / published.RECORD).read_text())
    return found


def verdict(folder: Path, gate: str) -> str:
    [state] = [found["state"] for found in run_json(folder)["gates"]["verdicts"] if found["gate"] == gate]
    return str(state)


@pytest.mark.usefixtures("listed")
def test_a_changed_salt(home: Path, exports: Path) -> None:
    salted(exports, DAYS[1])
    before = shown(home)
    result = nightly(exports, home, DAYS[1])
    assert result.exit_code == 5
    said = result.stderr.splitlines()[-1]
    assert "gate salt: device ids of the drop 2025-06-23: 0 of" in said
    assert "--override salt --reason TEXT" in said
    assert shown(home) == before, "what was published stands"
    assert list((home / "out").rglob("run_date=*")) == [home / "out" / f"run_date={DAYS[0]}"]
    kept = runs.refused_folder(home / "out", DAYS[1])
    assert str(kept) in said
    assert verdict(kept, "salt") == "refused"
    assert (kept / "rings.parquet").stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700

    again = nightly(exports, home, DAYS[2])
    assert again.exit_code == 5, "the next drop does not wash the ids of this one"
    assert "drop 2025-06-23" in again.stderr.splitlines()[-1]


@pytest.mark.slow
def test_the_drop_comes_again_as_it_should_be(home: Path, market: Path, exports: Path, tmp_path: Path) -> None:
    salted(exports, DAYS[1])
    assert nightly(exports, home, DAYS[1]).exit_code == 5
    assert nightly(exports, home, DAYS[1]).exit_code == 5
    assert runs.refused_dates(home / "out") == [DAYS[1]], "a later try replaces it"
    shutil.rmtree(exports)
    shutil.copytree(market, exports)
    assert nightly(exports, home, None, "--catch-up").exit_code == 0
    assert published.dates(home / "out") == DAYS
    assert runs.refused_dates(home / "out") == []
    other = tmp_path / "other"
    assert nightly(market, other, None, "--catch-up").exit_code == 0
    tables = [name for name in shown(home) if name.endswith(".parquet")]
    assert {name: shown(home)[name] for name in tables} == {name: shown(other)[name] for name in tables}


@pytest.mark.usefixtures("listed")
def test_a_person_overrules(home: Path, exports: Path) -> None:
    for day in DAYS[1:]:
        salted(exports, day)
    why = "the owner announced a new key"
    assert nightly(exports, home, DAYS[1], "--override", "salt", "--reason", why).exit_code == 0
    folder = published.folder_of(home / "out", DAYS[1])
    assert run_json(folder)["gates"]["overrides"] == [{"gate": "salt", "reason": why}]
    assert verdict(folder, "salt") == "overridden"
    assert nightly(exports, home, DAYS[2]).exit_code == 0, "the new key is the known one from here on"
    third = published.folder_of(home / "out", DAYS[2])
    assert verdict(third, "salt") == "passed"
    assert run_json(third)["gates"]["figures"]["ids_since"] == str(DAYS[1])


@pytest.mark.usefixtures("listed")
def test_most_rows_set_aside(home: Path, exports: Path) -> None:
    path = exports / str(DAYS[1]) / "orders.csv"
    frame = pl.read_csv(path, infer_schema=False).with_row_index()
    bad = pl.when(pl.col("index") % 5 < 3).then(pl.lit("-1.00")).otherwise(pl.col("amount"))
    frame.with_columns(bad.alias("amount")).drop("index").write_csv(path)
    result = nightly(exports, home, None, "--catch-up")
    assert result.exit_code == 5
    assert "gate rejects: orders" in result.stderr
    assert published.dates(home / "out") == DAYS[:1], "catching up stops at the first that fails"


def test_an_empty_list_after_many_rings(home: Path, market: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("[method.score]\nlisted = 1.0\n")
    result = nightly(market, home, DAYS[1], "--settings", str(settings))
    assert result.exit_code == 5
    assert "gate empty_list: no ring is listed" in result.stderr


@pytest.mark.usefixtures("listed")
def test_a_threshold_of_the_settings(home: Path, market: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("[gates]\nring_accounts = 2\n")
    result = nightly(market, home, DAYS[1], "--settings", str(settings))
    assert result.exit_code == 5
    assert "gate ring_size" in result.stderr


@pytest.mark.slow
def test_nights_out_of_order(market: Path, tmp_path: Path) -> None:
    assert nightly(market, tmp_path, DAYS[2]).exit_code == 0
    for day in (DAYS[0], DAYS[1], DAYS[2]):
        assert nightly(market, tmp_path, day).exit_code == 0
        gates = run_json(published.folder_of(tmp_path / "out", day))["gates"]
        assert (gates["figures"]["rings_before"] is None) == (day == DAYS[0]), "later nights are not looked at"


@pytest.mark.slow
def test_an_empty_orders_table_and_days_without_a_drop(home: Path, exports: Path) -> None:
    path = exports / str(DAYS[1]) / "orders.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    for day in (date(2025, 6, 20), DAYS[1], date(2025, 6, 25), DAYS[2], date(2025, 8, 1)):
        assert nightly(exports, home, day).exit_code == 0, day


@pytest.mark.usefixtures("listed")
def test_a_first_run_over_several_drops(market: Path, exports: Path, tmp_path: Path) -> None:
    assert nightly(market, tmp_path / "plain", DAYS[2]).exit_code == 0
    salted(exports, DAYS[2])
    assert nightly(exports, tmp_path / "new", DAYS[2]).exit_code == 5, "the drops before it are history enough"


def test_refused_nights_can_be_forgotten(tmp_path: Path) -> None:
    for day in DAYS:
        runs.refused_folder(tmp_path, day).mkdir(parents=True)
        (runs.refused_folder(tmp_path, day) / published.RECORD).write_text("{}")
    runs.forget_refused(tmp_path, until=DAYS[1])
    assert runs.refused_dates(tmp_path) == DAYS[2:]
    runs.forget_refused(tmp_path)
    assert runs.refused_dates(tmp_path) == []


def test_what_is_recorded_holds_no_id(home: Path) -> None:
    folder = published.night(home / "out")
    told = json.dumps(run_json(folder)["gates"])
    accounts = published.tables(folder, "accounts")[0]["account_id"]
    assert not [account for account in accounts if account in told]
    assert set(run_json(folder)["gates"]["figures"]["exports"]) == set(NEWEST)
    assert [found["gate"] for found in run_json(folder)["gates"]["verdicts"]] == list(GATES)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--override", "slat", "--reason", "x"], "Did you mean 'salt'?"),
        (["--override", "zzz", "--reason", "x"], "Known: stale, short"),
        (["--override", "salt"], "needs a --reason"),
        (["--override", "salt", "--reason", " "], "needs a --reason"),
        (["--reason", "x"], "needs a --reason"),
        (
            ["--override", "salt", "--override", "hubs", "--override", "short", "--reason", "x", "--reason", "y"],
            "needs",
        ),
        (["--override", "salt", "--reason", "x", "--catch-up"], "name it with --run-date"),
    ],
)
def test_wrong_overrides(market: Path, tmp_path: Path, options: list[str], said: str) -> None:
    result = nightly(market, tmp_path, None, *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("listed")
def test_one_reason_for_all_overrides(home: Path, market: Path) -> None:
    more = ["--override", "salt", "--override", "hubs", "--reason", "both are known"]
    assert nightly(market, home, DAYS[1], *more).exit_code == 0
    given = run_json(published.folder_of(home / "out", DAYS[1]))["gates"]["overrides"]
    assert given == [{"gate": gate, "reason": "both are known"} for gate in ("hubs", "salt")]
