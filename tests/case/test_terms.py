"""Who may release what, to whom, with which key; and nothing is written before all of it is checked."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from jobs.case.settings import CaseSettings
from tests.case.conftest import LEAD, REQUEST, World, made


def without(terms: tuple[str, ...], option: str) -> list[str]:
    place = terms.index(option)
    return [*terms[:place], *terms[place + 2 :]]


@pytest.mark.parametrize("option", ["--document-number", "--unit", "--officer", "--scope"])
def test_a_request_names_its_warrant(world: World, tmp_path: Path, option: str) -> None:
    result = world.case(tmp_path / "out", *without(REQUEST, option))
    assert (result.exit_code, option in result.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--basis", "--approver"])
@pytest.mark.parametrize("terms", [LEAD, REQUEST], ids=["lead", "request"])
def test_a_named_person_on_a_ground(world: World, tmp_path: Path, terms: tuple[str, ...], option: str) -> None:
    missing = world.case(tmp_path / "out", *without(terms, option))
    blank = world.case(tmp_path / "out", *without(terms, option), option, " ")
    for result in (missing, blank):
        assert (result.exit_code, option in result.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_request_needs_the_exports(world: World, tmp_path: Path) -> None:
    result = world.case(tmp_path / "out", *REQUEST, exports=False)
    assert (result.exit_code, "--exports" in result.stderr) == (2, True)


def test_a_lead_without_exports_says_so(world: World, tmp_path: Path) -> None:
    bundle = made(world.case(tmp_path, *LEAD, exports=False))
    with zipfile.ZipFile(bundle) as archive:
        lines = archive.read(f"{bundle.stem}/data/provenance/lines.csv").decode()
    assert {row["record_sha256"] for row in csv.DictReader(io.StringIO(lines, newline=""))} == {""}


def test_changed_exports_are_refused(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "exports" / "2025-06-23"
    copy.mkdir(parents=True)
    for path in (world.exports / "2025-06-23").iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    with (copy / "accounts.csv").open("ab") as file:
        file.write(b"\n")
    result = world.case(tmp_path / "out", *REQUEST, "--exports", str(tmp_path / "exports"), exports=False)
    assert (result.exit_code, "SHA-256 differs" in result.stderr) == (3, True)


def key(path: Path, kind: str, mode: int = 0o600) -> Path:
    made = generate_private_key(SECP256R1()) if kind == "ecdsa" else Ed25519PrivateKey.generate()
    locked = BestAvailableEncryption(b"open sesame") if kind == "locked" else NoEncryption()
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, locked))
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("kind", "mode", "said"),
    [("ed25519", 0o640, "others can read"), ("ed25519", 0o604, "others can read"), ("ecdsa", 0o600, "not an Ed25519"),
     ("locked", 0o600, "RINGWATCH_KEY_PASSPHRASE")],
)  # fmt: skip
def test_keys_that_are_refused(world: World, tmp_path: Path, kind: str, mode: int, said: str) -> None:
    result = world.case(tmp_path / "out", *LEAD, "--key", str(key(tmp_path / "key", kind, mode)))
    assert (result.exit_code, said in result.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_key_with_a_passphrase(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGWATCH_KEY_PASSPHRASE", "open sesame")
    made(world.case(tmp_path / "out", *LEAD, "--key", str(key(tmp_path / "key", "locked"))))


def test_recipients_of_the_allow_list_alone(world: World, tmp_path: Path) -> None:
    result = world.case(tmp_path / "out", *LEAD, "--recipient", "somebody")
    assert (result.exit_code, "allow-list" in result.stderr) == (2, True)
    with pytest.raises(ValueError, match="no public age key"):
        CaseSettings(recipients={"x": "AGE-SECRET-KEY-1"})


@pytest.mark.parametrize("ring_id", ["R-aaaaaaaa", "../../etc", "R-AAAAAA", "r-abcdef"])
def test_rings_that_are_not_there(world: World, tmp_path: Path, ring_id: str) -> None:
    assert world.case(tmp_path / "out", *LEAD, ring_id=ring_id).exit_code == 2
    assert not (tmp_path / "out").exists()


def test_terms_nobody_can_read(world: World, tmp_path: Path) -> None:
    result = world.case(tmp_path / "out", *without(LEAD, "--approver"), "--approver", "甲\u202e乙")
    assert (result.exit_code, "invisible" in result.stderr) == (2, True)


def test_without_the_font_nothing_is_written(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.case.report.FONT", "Noto Sans Nowhere")
    result = world.case(tmp_path / "out", *LEAD)
    assert (result.exit_code, "apt-get install fonts-noto-cjk" in result.stderr) == (1, True)
    assert not (tmp_path / "out").exists()


def test_identities_go_into_the_request_alone(world: World, tmp_path: Path) -> None:
    first = world.case(tmp_path / "out", *REQUEST)
    asked = next((tmp_path / "out").glob("*.to_resolve.csv"))
    table = list(csv.reader(asked.open(encoding="utf-8", newline="")))
    assert table[0][:3] == ["label", "kind", "id"]
    table[1][3] = "示例身份某某某"
    answer = tmp_path / "answer.csv"
    with answer.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    assert world.case(tmp_path / "lead", *LEAD, "--identities", str(answer)).exit_code == 2
    bundle = made(world.case(tmp_path / "out", *REQUEST, "--identities", str(answer)))
    assert bundle != made(first)
    with zipfile.ZipFile(bundle) as archive:
        assert "示例身份某某某" in archive.read(f"{bundle.stem}/data/csv/identities.csv").decode()
    for path in (tmp_path / "out" / "handover.jsonl", world.warehouse, *world.watchlists.rglob("*.parquet")):
        assert "示例身份某某某".encode() not in path.read_bytes()
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\n1\n")
    assert world.case(tmp_path / "out", *REQUEST, "--identities", str(broken)).exit_code == 2
