"""A settings file either means what it says or stops the night with the place and the nearest key."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from jobs import settings
from jobs.errors import UsageError


def from_text(folder: Path, text: str) -> settings.Settings:
    (folder / "ringwatch.toml").write_text(text, encoding="utf-8")
    return settings.read(folder / "ringwatch.toml")


def test_everything_has_a_default() -> None:
    assert settings.read(None) == settings.Settings()
    assert settings.read(None).exports.zone == "Asia/Shanghai"
    assert settings.read(None).publish.language == "zh"


def test_an_editor_may_put_a_byte_order_mark_first(tmp_path: Path) -> None:
    assert from_text(tmp_path, "\ufeff[publish]\nlanguage = 'en'").publish.language == "en"


def test_a_file(tmp_path: Path) -> None:
    read = from_text(
        tmp_path,
        """
        [exports]
        zone = "UTC"
        [exports.orders.rename]
        order_no = "order_id"
        [exports.accounts.rename]
        uid = "account_id"
        [engine]
        memory_limit = "4GB"
        threads = 2
        [publish]
        language = "en"
        [method.ties]
        device = 2.5
        """,
    )
    assert read.exports.zone == "UTC"
    assert read.exports.rename == {"orders": {"order_no": "order_id"}, "accounts": {"uid": "account_id"}}
    assert (read.engine.memory_limit, read.engine.threads, read.publish.language) == ("4GB", 2, "en")
    assert read.method.ties.device == 2.5
    assert read.method.acts == settings.Settings().method.acts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[method.ties]\ndevise = 1.0", ["method.ties.devise", "unknown", "'device'"]),
        ("[metod]", ["metod", "'method'"]),
        ("[engine]\nthreads = '2'", ["engine.threads", "integer"]),
        ("[method.score]\nlisted = true", ["method.score.listed", "number"]),
        ("[method.ties]\ndevice = inf", ["method.ties.device", "finite"]),
        ("[gates]\nrejects = nan", ["gates.rejects", "finite"]),
        ("[exports]\nzoen = 'UTC'", ["exports.zoen", "'zone'"]),
        ("[exports.order.rename]\na = 'b'", ["exports.order", "'orders'"]),
        ("[exports.orders]\nrenam = {a = 'b'}", ["exports.orders.renam:", "exports.<table>.rename"]),
        ("[exports.rename.orders]\na = 'b'", ["exports.rename:", "exports.<table>.rename"]),
        ("[exports.orders.rename]\na = 1", ["exports.orders.rename.a", "string"]),
        ("[publish]\nlanguage = 'fr'", ["publish.language", "'zh'"]),
        ("[engine]\nthreads = 0", ["engine.threads", "greater than or equal to 1"]),
        ("[engine]\nmemory_limit = 'a lot'", ["engine.memory_limit"]),
        ("[method.rings]\nleast = 'two'", ["method.rings.least", "integer"]),
        ("[publish]\nqqq = 1", ["publish.qqq", "language"]),
        ("publish = 3", ["publish"]),
        ("exports = 3", ["exports"]),
        ("[engine\nthreads = 1", ["not TOML", "line 1"]),
    ],
)
def test_a_fault_says_where(tmp_path: Path, text: str, says: list[str]) -> None:
    with pytest.raises(UsageError) as fault:
        from_text(tmp_path, text)
    for part in ["ringwatch.toml", *says]:
        assert part in str(fault.value)


def test_every_fault_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"threads.*; .*language"):
        from_text(tmp_path, "[engine]\nthreads = 0\n[publish]\nlanguage = 'fr'")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.toml.*No such file"):
        settings.read(tmp_path / "no.toml")


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "gb.toml").write_bytes("# 设置".encode("gb18030"))
    with pytest.raises(UsageError, match="not TOML"):
        settings.read(tmp_path / "gb.toml")


def test_the_digest_is_of_what_takes_effect(tmp_path: Path) -> None:
    default = settings.Settings().digest()
    assert from_text(tmp_path, "[publish]\nlanguage = 'zh'").digest() == default, "the default, said aloud"
    assert from_text(tmp_path, "[publish]\nlanguage = 'en'").digest() != default
    reordered = [
        from_text(tmp_path, f"[exports.orders.rename]\n{text}").digest()
        for text in ("a='order_id'\nc='item_id'", "c='item_id'\na='order_id'")
    ]
    assert reordered[0] == reordered[1]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        settings.Settings().publish.language = "en"  # type: ignore[misc]
