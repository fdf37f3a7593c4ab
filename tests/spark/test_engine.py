"""Which engine a night runs on is said plainly, and Spark's client is loaded by nobody who did not ask for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs.__main__ import main
from tests.kept import refused

SAMPLE = Path(__file__).parents[2] / "data" / "sample"

Ask = Callable[..., Result]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Run a night on the sample, which none of these gets to load."""
    places = ["--exports", SAMPLE, "--warehouse", tmp_path / "w", "--out", tmp_path / "out"]

    def asked(*more: object) -> Result:
        return CliRunner().invoke(main, [str(part) for part in ("nightly", *places, *more)])

    return asked


def test_nobody_loads_the_client_who_did_not_ask() -> None:
    code = (
        "import sys, jobs.__main__, jobs.nightly, jobs.commands.nightly;"
        "sys.exit(any(m.split('.')[0] in ('pyspark', 'pysail', 'grpc') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("lacking", ["pyspark.sql", "pysail.spark"])
def test_without_the_extra_it_says_what_to_install(ask: Ask, lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")

    def absent(name: str) -> object:
        if name == lacking:
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr("jobs.spark.session.import_module", absent)
    assert "pip install 'ringwatch[spark]'" in refused(ask("--engine", "spark"), 2)


def test_a_folder_is_no_duckdb_file(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    assert "--engine spark" in refused(ask(), 2)


def test_a_file_is_no_folder(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"")
    assert "a folder" in refused(ask("--engine", "spark"), 2)


@pytest.mark.parametrize(
    ("remote", "code", "said"),
    [("http://cluster:15002", 2, "engine.remote"), ("sc://127.0.0.1:9", 1, "nobody answers there")],
)
def test_an_address_that_is_none(ask: Ask, tmp_path: Path, remote: str, code: int, said: str) -> None:
    pytest.importorskip("pyspark")
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[engine]\nkind = "spark"\nremote = "{remote}"\n')
    assert said in refused(ask("--settings", settings), code)


def test_settings_may_name_the_engine_and_the_command_has_the_last_word(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    settings = tmp_path / "settings.toml"
    settings.write_text('[engine]\nkind = "spark"\n')
    assert "a folder" in refused(ask("--settings", settings, "--engine", "duckdb"), 2)


def test_other_commands_take_the_folder(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    result = CliRunner().invoke(main, ["label", "a1", "watch", "--warehouse", str(tmp_path / "w")])
    assert f"no warehouse at {tmp_path / 'w' / 'state.duckdb'}" in refused(result, 1)
