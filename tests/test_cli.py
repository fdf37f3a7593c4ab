"""The commands: what they are called, how they fail, and that help comes at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from jobs import errors
from jobs.__main__ import main

Breaking = Callable[[BaseException], None]
ROOT = Path(__file__).parents[1]
EVALUATE = ["evaluate", "--watchlists", "out", "--truth", "truth.parquet"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Breaking:
    """Let `evaluate` raise what a test gives it."""

    def raising(error: BaseException) -> None:
        def fails(*_: object) -> None:
            raise error

        monkeypatch.setattr("jobs.evaluate.evaluate", fails)

    return raising


def test_every_command_says_what_it_is_for() -> None:
    listing = run("--help").stdout
    for name, command in main.commands.items():
        assert f"  {name} " in listing
        assert command.get_short_help_str(100)[-1] == ".", f"{name}: too long for the list"
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{name} --{option.name}"


def test_help_imports_next_to_nothing() -> None:
    """What is slow to import is imported by the command that needs it; else --help takes a second."""
    code = "import sys, jobs.__main__; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    slow = {"polars", "pyarrow", "duckdb", "networkx", "scipy", "numpy", "pydantic", "rich", "structlog"}
    assert not slow & set(loaded.stdout.split())


def test_a_bundle_loads_neither_numpy_nor_pyarrow() -> None:
    """They take a small bundle a sixth of its time, and nothing in it needs them."""
    code = "import sys, jobs.case.bundle; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert not {"numpy", "pyarrow", "scipy"} & set(loaded.stdout.split())


@pytest.mark.parametrize(("line", "code"), [("--help", 1), ("show --help", 1), ("show", 2)])
def test_what_cannot_be_printed_is_no_success(line: str, code: int) -> None:
    command = [sys.executable, "-m", "jobs", *line.split()]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert ended.stderr


def test_a_stream_that_was_closed_is_no_failure() -> None:
    line = f'"{sys.executable}" -m jobs status --help >&- 2>&-'
    assert subprocess.run(["sh", "-c", line], check=False, cwd=ROOT).returncode == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.RingwatchError("odd"), 1),
        (errors.UsageError("wrong settings"), 2),
        (errors.ExportError("bad type", file="orders.csv", line=3, column="amount", do="Mend it"), 3),
        (errors.BusyError("wait"), 4),
        (errors.GateError("look"), 5),
        (errors.NotYetError("later"), 6),
        (errors.TamperedError("again"), 7),
    ],
)
def test_exit_codes_of_the_contract(broken: Breaking, error: errors.RingwatchError, code: int) -> None:
    broken(error)
    result = run(*EVALUATE)
    assert result.exit_code == code
    assert result.stderr == f"ringwatch: {error}\n"
    assert result.stdout == ""


def test_where_an_export_is_broken() -> None:
    error = errors.ExportError("bad type", file="orders.csv", line=3, column="amount", do="Mend it")
    assert str(error) == "file orders.csv, line 3, column amount: bad type. Mend it"


def test_the_unexpected_is_one_line_and_keeps_its_values(broken: Breaking) -> None:
    broken(ValueError("could not convert 'A-SECRET'"))
    result = run(*EVALUATE)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "unexpected ValueError in jobs/commands/evaluate.py, line" in result.stderr
    assert "--traceback" in result.stderr
    assert "A-SECRET" not in result.stderr


def test_a_full_disk_says_so(broken: Breaking) -> None:
    broken(OSError(28, "No space left on device", "out"))
    result = run(*EVALUATE)
    assert result.exit_code == 1
    assert "no space left for out" in result.stderr


@pytest.mark.parametrize("how", ["option", "environment"])
def test_traceback_on_request(broken: Breaking, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(ValueError("why"))
    if how == "environment":
        monkeypatch.setenv("RINGWATCH_TRACEBACK", "1")
    result = run(*(["--traceback"] if how == "option" else []), *EVALUATE)
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.stderr
    assert "ValueError: why" in result.stderr


def test_interrupted(broken: Breaking) -> None:
    broken(KeyboardInterrupt())
    assert run(*EVALUATE).exit_code == 130


NIGHTLY = "nightly --exports in --warehouse w --out out"


@pytest.mark.parametrize(
    "line",
    [
        "nigthly",
        "nightly",
        f"{NIGHTLY} --run-date June",
        f"{NIGHTLY} --run-date 2025-06-22 --catch-up",
        f"{NIGHTLY} --engine abacus",
        f"{NIGHTLY} --settings absent.toml",
        "simulate --out out --accounts 2000 --seed 1 --mute 1.5",
        "simulate --out out --accounts 20 --seed 1",
        "simulate --out out --accounts many --seed 1",
        "simulate --out out --accounts 2000 --seed 1 --world other",
        "evaluate --watchlists out",
        "show R-abcdef --watchlists absent",
    ],
)
def test_wrong_usage(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*line.split())
    assert result.exit_code == 2
    assert result.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is made before the usage is right"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("a\u202eb\x1b[31m", "a‹U+202E›b‹U+001B›[31m"), ("a\nb", "a‹U+000A›b"), ("x" * 10**6, "xxx…xxx")],
    ids=["bidi", "line", "megabyte"],
)
def test_a_message_quotes_no_more_than_can_be_read(typed: str, shown: str, broken: Breaking) -> None:
    broken(errors.UsageError(f"{typed} is no ring"))
    said = run("evaluate", "--watchlists", "out", "--truth", "truth.parquet").stderr
    assert shown in said
    assert said.endswith("is no ring\n")
    assert len(said) < 3000
    assert said.count("\n") == 1


@pytest.mark.parametrize("line", ["find ID", "show ID", "explain ID", "label ID watch", "erase ID --basis b"])
def test_an_id_that_is_no_text(line: str, tmp_path: Path) -> None:
    """Bytes of another encoding reach us as halves of characters."""
    where = ["--watchlists", str(tmp_path), "--warehouse", str(tmp_path / "w.duckdb")]
    given = ["b\udcff" if word == "ID" else word for word in line.split()]
    ended = run(*given, *where)
    assert (ended.exit_code, "not UTF-8" in ended.stderr or "No such option" in ended.stderr) == (2, True)
