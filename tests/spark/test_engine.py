"""Which engine a night runs on is said plainly, and Spark's client is loaded by nobody who did not ask for it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Event

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


@pytest.mark.parametrize("lacking", ["pyspark.sql.connect.session", "pysail.spark"])
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
    [
        ("http://cluster:15002", 2, "engine.remote"),
        ("sc://cluster:door", 2, "not an address"),
        ("sc://127.0.0.1:9", 1, "nobody answers there"),
    ],
)
def test_an_address_that_is_none(ask: Ask, tmp_path: Path, hurried: None, remote: str, code: int, said: str) -> None:
    assert said in refused(ask("--settings", naming(tmp_path, remote)), code)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits as long for a server as a night would."""
    session = pytest.importorskip("jobs.spark.session")
    monkeypatch.setattr(session, "REACHED", 1)
    monkeypatch.setattr(session, "ANSWERED", 1)


def naming(folder: Path, remote: str) -> Path:
    """Settings that name a server."""
    settings = folder / "settings.toml"
    settings.write_text(f'[engine]\nkind = "spark"\nremote = "{remote}"\n')
    return settings


def test_a_server_that_takes_calls_and_says_nothing(ask: Ask, tmp_path: Path, hurried: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        remote = f"sc://127.0.0.1:{silent.getsockname()[1]}"
        assert "nobody answers there" in refused(ask("--settings", naming(tmp_path, remote)), 1)


def test_a_server_that_hangs(ask: Ask, tmp_path: Path, hurried: None) -> None:
    grpc = pytest.importorskip("grpc")
    over = Event()
    hangs = grpc.unary_unary_rpc_method_handler(lambda asked, context: over.wait())
    calls = grpc.method_handlers_generic_handler(
        "spark.connect.SparkConnectService", dict.fromkeys(("Config", "ReleaseSession"), hangs)
    )
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool, handlers=[calls])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            remote = naming(tmp_path, f"sc://127.0.0.1:{port}")
            assert "does not answer" in refused(ask("--settings", remote), 1)
        finally:
            over.set()
            server.stop(None)


def test_settings_may_name_the_engine_and_the_command_has_the_last_word(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    settings = tmp_path / "settings.toml"
    settings.write_text('[engine]\nkind = "spark"\n')
    assert "a folder" in refused(ask("--settings", settings, "--engine", "duckdb"), 2)


def test_other_commands_take_the_folder(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    result = CliRunner().invoke(main, ["label", "a1", "watch", "--warehouse", str(tmp_path / "w")])
    assert f"no warehouse at {tmp_path / 'w' / 'state.duckdb'}" in refused(result, 1)
