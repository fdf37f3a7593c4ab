"""The audit of dependencies: what is not pinned is told, and a question that was not asked is not taken as answered."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from jobs import audit

ROOT = Path(__file__).parents[1]


def test_everything_is_pinned() -> None:
    assert audit.unpinned((ROOT / "pyproject.toml").read_text(), (ROOT / "constraints.txt").read_text()) == []


def test_what_is_not_pinned() -> None:
    project = '[project]\ndependencies = ["duckdb>=2.0", "Some_Thing[x]>=1"]\n'
    assert audit.unpinned(project, "duckdb==2.0.0\n") == ["some-thing"]


def test_a_silent_service_is_said_aloud(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(audit, "SERVICE", "https://localhost:9/nobody")
    monkeypatch.setattr(audit, "find_spec", lambda name: True)
    assert audit.main(required=True) == 1
    assert "NOT looked for" in capfd.readouterr().err


VULNERABLE = {"name": "duckdb", "version": "2.0.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.0.1"]}]}
UNKNOWN = {"name": "polars", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ({"dependencies": [VULNERABLE]}, 1, "duckdb 2.0.0: PYSEC-2026-1"),
        ({"dependencies": [UNKNOWN]}, 0, "does not know 1 of the pins: polars"),
        ({"dependencies": [VULNERABLE | {"vulns": []}]}, 0, ""),
        (None, 0, "NOT looked for"),
    ],
    ids=["vulnerable", "unknown", "fine", "broke off"],
)
def test_what_the_service_answers(
    answer: object, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def run(command: list[str], **how: object) -> subprocess.CompletedProcess[str]:
        asked = "pip_audit" in command
        return subprocess.CompletedProcess(command, int(asked and code), json.dumps(answer) if answer else "")

    monkeypatch.setattr(audit, "find_spec", lambda name: True)
    monkeypatch.setattr(audit, "reachable", lambda: True)
    monkeypatch.setattr(subprocess, "run", run)
    assert audit.main(required=False) == code
    assert audit.main(required=True) == int(bool(said))
    assert said in capfd.readouterr().err
