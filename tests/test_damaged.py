"""A damaged run.json: whoever reads it names the file, the place in it and what to do, and guesses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from graph.nights import DamagedError, parsed
from jobs import published, runs
from jobs.__main__ import main
from jobs.metrics import text
from jobs.nightly import _before
from jobs.settings import Settings
from tests.kept import FIRST, SECOND, copied, handed_out, ringwatch, told
from tests.published_nights import run_json

Spoil = Callable[[bytes], bytes]


def changed(change: Callable[[dict[str, Any]], object]) -> Spoil:
    """The record with one thing of another type, or gone."""

    def spoil(content: bytes) -> bytes:
        run = json.loads(content)
        change(run)
        return json.dumps(run).encode()

    return spoil


DAMAGES: dict[str, tuple[Spoil, str]] = {
    "empty file": (lambda content: b"", "not JSON, or cut off"),
    "cut off": (lambda content: content[: len(content) // 2], "not JSON, or cut off"),
    "zeros": (lambda content: bytes(len(content)), "not JSON, or cut off"),
    "not UTF-8": (lambda content: b"\xff" + content, "not JSON, or cut off"),
    "deep": (lambda content: b"[" * 100_000, "not JSON, or cut off"),
    "empty object": (lambda content: b"{}", "at run_id"),
    "a list": (lambda content: b"[]", "not an object"),
    "null": (lambda content: b"null", "not an object"),
    "no outputs": (changed(lambda run: run.pop("outputs")), "at outputs"),
    "outputs an object": (changed(lambda run: run.update(outputs={})), "at outputs"),
    "rows as text": (changed(lambda run: run["outputs"][0].update(rows="1")), "at outputs[0].rows"),
    "settings a text": (changed(lambda run: run.update(settings="x")), "at settings"),
    "no such zone": (changed(lambda run: run["settings"]["exports"].update(zone="No/Where")), "settings.exports.zone"),
    "a time without offset": (changed(lambda run: run.update(finished_at="2025-06-23")), "at finished_at"),
    "input without hash": (changed(lambda run: run["inputs"][0].pop("sha256")), "at inputs[0].sha256"),
    "steps of texts": (changed(lambda run: run.update(steps=["load"])), "at steps[0]"),
    "gates without verdicts": (changed(lambda run: run["gates"].pop("verdicts")), "at gates.verdicts"),
    "gates are null": (changed(lambda run: run.update(gates=None)), "at gates"),
    "scores as texts": (changed(lambda run: run["verdicts"].update(scores_before={"R-a": "1"})), "scores_before"),
}


CUTS = {"object": b"{}", "empty": b"", "cut off": b'{"run_id": ', "list": b"[1]"}
COMMANDS = ("status", "case", "show", "report", "nightly", "rebuild", "erase")


@pytest.fixture
def home(two_nights: Path, tmp_path: Path) -> Path:
    return copied(two_nights, tmp_path)


@pytest.fixture(scope="module")
def sound(two_nights: Path) -> bytes:
    return (published.folder_of(two_nights / "out", SECOND) / published.RECORD).read_bytes()


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_is_named(sound: bytes, damage: str) -> None:
    spoil, where = DAMAGES[damage]
    assert parsed(sound, Path("out"))["run_date"] == str(SECOND)
    with pytest.raises(DamagedError) as caught:
        parsed(spoil(sound), Path("out"))
    assert where in str(caught.value)


def test_a_night_of_an_older_ringwatch_is_not_damaged() -> None:
    assert parsed(run_json().encode(), Path("out"))["steps"] == []


def damage(home: Path, night: object, content: bytes) -> Path:
    record = home / "out" / f"run_date={night}" / published.RECORD
    record.write_bytes(content)
    return record


@pytest.mark.parametrize(
    ("command", "cut"), [*((command, "object") for command in COMMANDS), *(("status", cut) for cut in CUTS)]
)
def test_every_command_says_so(home: Path, command: str, cut: str) -> None:
    record = damage(home, SECOND, CUTS[cut])
    before = {path: path.read_bytes() for path in (home / "out").glob("run_date=*/*")}
    result = run(home, command)
    if "apt-get install" in result.stderr:
        pytest.skip("fonts-noto-cjk is not installed: apt-get install fonts-noto-cjk, or make setup-system")
    assert result.exit_code == 1, result.output
    assert f"{record} is damaged" in result.stderr and "run the night again" in result.stderr
    assert "unexpected" not in result.stderr and "Traceback" not in result.stderr
    assert {path: path.read_bytes() for path in (home / "out").glob("run_date=*/*")} == before


def run(home: Path, command: str) -> Result:
    lists, warehouse = ("--watchlists", str(home / "out")), ("--warehouse", str(home / "w.duckdb"))
    exports = ("--exports", str(home / "exports"), *warehouse, "--out", str(home / "out"))
    given = {
        "status": lists,
        "case": ("R-abcdef", *lists, *warehouse, "--out", str(home / "cases"), "--mode", "lead", "--basis", "b",
                 "--approver", "a", "--key", str(key_in(home))),
        "show": ("R-abcdef", *lists),
        "report": (*lists, *warehouse),
        "nightly": exports,
        "rebuild": exports,
        "erase": ("nobody", *lists, *warehouse, "--basis", "b", "--cases", str(home)),
    }[command]  # fmt: skip
    return CliRunner().invoke(main, [command, *given])


def key_in(home: Path) -> Path:
    (home / "key").touch(mode=0o600)
    secret = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    (home / "key").write_bytes(secret)
    return home / "key"


def test_a_damaged_night_before_stops_the_next(home: Path) -> None:
    """Its rings would get other names, and the gates other figures to judge by; moved away, it is made again."""
    whole = (published.folder_of(home / "out", FIRST) / published.RECORD).read_bytes()
    record = damage(home, FIRST, whole.replace(b'"outputs"', b'"output"'))
    stopped = ringwatch(home, "nightly", "--run-date", str(SECOND))
    assert stopped.exit_code == 1 and f"{record} is damaged (at outputs)" in stopped.stderr
    record.parent.rename(home / "away")
    with handed_out(home, SECOND):
        assert ringwatch(home, "nightly", "--catch-up").exit_code == 0
    assert published.dates(home / "out") == [FIRST, SECOND]


def test_an_estimate_is_not_worth_a_night(home: Path) -> None:
    assert _before(home / "out", SECOND, Settings())
    damage(home, FIRST, b"{}")
    assert _before(home / "out", SECOND, Settings()) == []


def test_a_refused_night_that_is_damaged_is_named_and_hides_nothing(home: Path) -> None:
    kept = runs.refused_folder(home / "out", SECOND)
    kept.mkdir(parents=True)
    (kept / published.RECORD).write_bytes(b"{}")
    said = told(run(home, "status"))
    assert f"last good night {SECOND}" in said
    assert f"refused {SECOND}: {kept / published.RECORD} is damaged" in said
    [night] = json.loads(told(ringwatch(home, "status", "--watchlists", str(home / "out"), "--json")))["refused"]
    assert (night["run_date"], night["finished_at"], night["gates"]) == (str(SECOND), None, [])
    assert "is damaged" in night["damaged"]
    assert "ringwatch_refused_nights 1\n" in text(home / "out", 0, 0, 1), "nor does it fail a run that went well"
