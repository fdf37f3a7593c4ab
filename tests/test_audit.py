"""The audit of dependencies: what is not pinned is told, and a question that was not asked is not taken as answered."""

from __future__ import annotations

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
