"""The hand-over log: every release is in it, and its chain shows what was done to it."""

from __future__ import annotations

import hashlib
import json
import resource
from pathlib import Path

import pytest
from click.testing import CliRunner

from jobs.__main__ import main
from jobs.case import handover
from jobs.errors import TamperedError, UsageError
from tests.case.conftest import LEAD, REQUEST, World, made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    for number in range(4):
        handover.append(path, {"case_id": f"c{number}", "basis": "依据"})
    return path


def test_who_when_to_whom_which_digest_which_basis(world: World, tmp_path: Path) -> None:
    first = made(world.case(tmp_path, *LEAD, "--recipient", "liaison"))
    second = made(world.case(tmp_path, *REQUEST))
    entries = handover.check(tmp_path / "handover.jsonl")
    assert [e["file"] for e in entries] == [first.name, second.name]
    assert entries[0]["recipient"] == "liaison"
    assert entries[0]["approver"] == "审批人甲"
    assert entries[1]["basis"] == "刑事诉讼法第五十四条"
    assert entries[1]["document_number"] == "示调证字〔2025〕第001号"
    for entry, path in zip(entries, (first, second), strict=True):
        assert entry["file_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert int(entry["keep_until"][:4]) >= int(entry["at"][:4]) + 3
    assert (tmp_path / "handover.jsonl").stat().st_mode & 0o077 == 0
    ran = world.verify(second, "--log", str(tmp_path / "handover.jsonl"))
    assert (ran.exit_code, "2 entries, unbroken" in ran.output) == (0, True)


def test_a_bundle_that_was_never_handed_over(world: World, log: Path, tmp_path: Path) -> None:
    bundle = made(world.case(tmp_path / "out", *LEAD))
    log.write_text("")
    assert world.verify(bundle, "--log", str(log)).exit_code == 7


def test_unbroken(log: Path) -> None:
    entries = handover.check(log)
    assert [e["number"] for e in entries] == [1, 2, 3, 4]
    assert entries[0]["previous"] == handover.FIRST


def test_a_full_disk_leaves_the_chain_whole(log: Path) -> None:
    """Half a line at the end would stop every later release."""
    before, limits = log.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 40, limits[1]))
    try:
        with pytest.raises(UsageError, match="cannot be written"):
            handover.append(log, {"case_id": "c4", "basis": "依据" * 20})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert log.read_bytes() == before
    handover.append(log, {"case_id": "c4", "basis": "依据"})
    assert len(handover.check(log)) == 5


@pytest.mark.parametrize("line", range(4))
def test_a_changed_line(log: Path, line: int) -> None:
    lines = log.read_text().splitlines(keepends=True)
    lines[line] = lines[line].replace("依据", "理由")
    log.write_text("".join(lines))
    with pytest.raises(TamperedError, match=f"line {line + 1} was changed"):
        handover.check(log)


def test_a_changed_line_with_its_hash_made_anew(log: Path) -> None:
    lines = log.read_text().splitlines()
    entry = json.loads(lines[1])
    entry["basis"] = "理由"
    entry["hash"] = handover._hash(entry)
    lines[1] = json.dumps(entry)
    log.write_text("\n".join(lines) + "\n")
    with pytest.raises(TamperedError, match="before line 3"):
        handover.check(log)


@pytest.mark.parametrize("line", range(3))
def test_a_removed_line(log: Path, line: int) -> None:
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:line] + lines[line + 1 :]))
    with pytest.raises(TamperedError, match=f"before line {line + 1}"):
        handover.check(log)


def test_lines_cut_off_at_the_end_show_by_the_newest_hash(log: Path) -> None:
    head = handover.check(log)[-1]["hash"]
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:-1]))
    result = CliRunner().invoke(main, ["verify", "--log", str(log), "--head", head])
    assert (result.exit_code, "removed at its end" in result.stderr) == (7, True)
    log.write_text("".join(lines)[:-5])
    with pytest.raises(TamperedError, match="cut off"):
        handover.check(log)


def test_nothing_is_added_to_a_broken_chain(log: Path) -> None:
    log.write_text(log.read_text().replace("c1", "c9"))
    with pytest.raises(TamperedError):
        handover.append(log, {"case_id": "c5"})


def test_what_verify_needs(world: World, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["verify"]).exit_code == 2
    assert CliRunner().invoke(main, ["verify", str(tmp_path / "x.zip")]).exit_code == 2
    assert CliRunner().invoke(main, ["verify", "--log", str(tmp_path / "none")]).exit_code == 2
