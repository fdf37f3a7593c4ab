"""docs/operations.md says what works: its crontab and its units are run and checked as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from graph.gates import GATES
from jobs import published
from jobs.metrics import text
from jobs.settings import Settings
from jobs.simulate import simulate

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
HOME = "/srv/ringwatch"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def installed(home: Path) -> Path:
    """A home as the page has it: what it makes, settings and folders; but the checkout's own command in .venv."""
    for line in blocks("sh")[0].splitlines():
        if line.startswith(("mkdir", "touch")):
            subprocess.run(["sh", "-c", line.replace(HOME, shlex.quote(str(home)))], check=True)
    command = home / ".venv" / "bin" / "ringwatch"
    command.parent.mkdir(parents=True)
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m jobs "$@"\n'
    )
    command.chmod(0o755)
    assert {path.name for path in home.iterdir()} == {".venv", "cases", "drops", "ringwatch.toml"}
    return home


@cache
def cut_off() -> tuple[str, ...]:
    """What runs a command without any network; nothing where the machine gives no namespaces to us."""
    prefix = ("unshare", "--net", "--map-root-user")
    works = (
        shutil.which("unshare") and not subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode
    )
    return prefix if works else ()


def cron(home: Path, number: int) -> subprocess.CompletedProcess[str]:
    """The line as cron runs it: `sh -c`, next to nothing in the environment, and no network. What it prints would be
    mailed."""
    lines = blocks("crontab")[0].splitlines()
    jobs = [line for line in lines if re.match(r"[\d*]", line)]
    given = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]+=", line))
    assert given["RINGWATCH"] == HOME
    command = jobs[number].split(maxsplit=5)[5]
    assert "%" not in command, "cron would make a line end of it"
    environment = {"HOME": str(home), "LOGNAME": "ringwatch", "PATH": "/usr/bin:/bin", **given, "RINGWATCH": str(home)}
    return subprocess.run(
        [*cut_off(), given["SHELL"], "-c", command],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Today's drop."""
    out = tmp_path_factory.mktemp("market") / "drops"
    simulate(out, accounts=1000, seed=5, until=date.today())
    return out


@pytest.fixture(scope="module")
def ran(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which cron has come too early, and then run the night; nobody writes here."""
    home = installed(tmp_path_factory.mktemp("ran") / "a home")
    early = cron(home, 0)
    assert (early.stdout, early.stderr) == ("", ""), "exit 6: the next try"
    assert "no exports" in (home / "nightly.log").read_text()
    assert "no such folder" in cron(home, 1).stderr, "the watcher is not silent before the first night"
    (home / "nightly.log").unlink()

    shutil.copytree(market, home / "drops", dirs_exist_ok=True)
    done = cron(home, 0)
    assert (done.stdout, done.stderr) == ("", "")
    return home


def test_the_network_is_cut_off() -> None:
    if not cut_off():
        pytest.skip("unshare gives no network namespace here: the crontab's lines run with the network as it is")
    asked = "import socket; socket.create_connection(('192.0.2.1', 9), 5)"
    said = subprocess.run([*cut_off(), sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert "Network is unreachable" in said.stderr


def test_the_crontab(ran: Path) -> None:
    assert published.dates(ran / "out") == [date.today()]
    assert (ran / "nightly.log").stat().st_mode & 0o777 == 0o600
    watched = cron(ran, 1)
    assert (watched.returncode, watched.stdout, watched.stderr) == (0, "", "")


def test_the_crontab_is_loud_when_something_is_wrong(market: Path, tmp_path: Path) -> None:
    home = installed(tmp_path / "home")
    shutil.copytree(market, home / "drops", dirs_exist_ok=True)
    next((home / "drops").glob("*/devices*")).unlink()
    failed = cron(home, 0)
    assert failed.stdout.startswith("exit 3\n")
    assert "no export of devices" in failed.stdout
    assert published.dates(home / "out") == []


def test_the_crontab_comes_again(ran: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(ran, tmp_path / "a home", symlinks=True))
    again = cron(home, 0)
    assert (again.stdout, again.stderr) == ("", ""), "nothing new"


def test_log_lines_are_json_without_values(ran: Path) -> None:
    lines = [json.loads(line) for line in (ran / "nightly.log").read_text().splitlines()]
    assert lines[-1]["event"] == "published"
    assert {"load", "rings", "gates"} <= {line.get("step") for line in lines}
    accounts = published.tables(published.night(ran / "out"), "accounts")[0]["account_id"]
    assert accounts.len() > 0
    assert not [account for account in accounts if account in str(lines)]


def test_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("no systemd-analyze on this machine")
    home = installed(tmp_path / "home")
    paths = []
    for content, name in zip(blocks("ini"), ("ringwatch.service", "ringwatch.timer"), strict=True):
        path = tmp_path / name
        path.write_text(content.replace(HOME, str(home)).replace("User=ringwatch\n", ""))
        paths.append(str(path))
    result = subprocess.run([program, "verify", *paths], capture_output=True, text=True, check=False)
    ours = [line for line in (result.stdout + result.stderr).splitlines() if "ringwatch" in line]
    assert (result.returncode, ours) == (0, [])
    when = subprocess.run(
        [program, "calendar", "--iterations=4", "*-*-* 02..06:00/20:00"], capture_output=True, text=True, check=False
    )
    assert when.returncode == 0
    assert len(re.findall(r"0[2-6]:[024]0:00", when.stdout)) >= 4


def test_service_and_crontab_run_the_same() -> None:
    [service, _] = blocks("ini")
    command = re.search(r"^ExecStart=/srv/ringwatch/(.*)$", service, re.MULTILINE)
    assert command
    assert command[1] in blocks("crontab")[0]
    assert "SuccessExitStatus=4 6\n" in service


def test_every_gate_and_metric_is_on_the_page(ran: Path) -> None:
    table = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert [name for name in table if name in GATES] == list(GATES)
    names = set(re.findall(r"^# TYPE ringwatch_(\w+)", text(ran / "out", 0, 0, 1), re.MULTILINE))
    told = set(re.findall(r"[`,{]([a-z_]+)(?:\{[a-z,]+\})?`", PAGE))
    assert names <= told


def test_the_settings_on_the_page_are_settings() -> None:
    for block in blocks("toml"):
        Settings.model_validate(tomllib.loads(block))


def test_without_a_network(ran: Path) -> None:
    """Start to end in a namespace that has no interface but an unconfigured loopback: cron ran the night in one."""
    if not cut_off():
        pytest.skip("this machine lets nobody make a namespace without a network")
    devices = subprocess.run([*cut_off(), "cat", "/proc/net/dev"], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^ *(\w+):", devices, re.MULTILINE) == ["lo"]
    assert published.dates(ran / "out") == [date.today()]
