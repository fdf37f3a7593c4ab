"""Encryption with age (age-encryption.org/v1), for recipients of the allow-list alone."""

from __future__ import annotations

from pathlib import Path

import pyrage

from jobs.case.seal import private_bytes
from jobs.case.settings import CaseSettings
from jobs.errors import TamperedError, UsageError


def recipient(name: str, settings: CaseSettings) -> pyrage.x25519.Recipient:
    """The key of a recipient on the allow-list. Raises UsageError for any other name."""
    if name not in settings.recipients:
        known = "、".join(sorted(settings.recipients)) or "nobody yet"
        raise UsageError(
            f"--recipient {name}: not on the allow-list [case.recipients] of the settings, which has: {known}"
        )
    try:
        return pyrage.x25519.Recipient.from_str(settings.recipients[name])
    except pyrage.RecipientError as failure:
        raise UsageError(f"settings: case.recipients.{name}: no public age key") from failure


def encrypt(content: bytes, to: pyrage.x25519.Recipient) -> bytes:
    """Different bytes each time: age draws a new file key."""
    encrypted: bytes = pyrage.encrypt(content, [to])
    return encrypted


def decrypt(content: bytes, identity: Path | None) -> bytes:
    """Raises UsageError without a readable identity, TamperedError where the file does not open."""
    if identity is None:
        raise UsageError("the bundle is encrypted: name your age identity with --identity FILE")
    text = private_bytes(identity, "--identity").decode("utf-8", "replace")
    keys = [line.strip() for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-")]
    try:
        identities = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError as failure:
        raise UsageError(f"--identity {identity}: holds no age identity (AGE-SECRET-KEY-1…)") from failure
    if not identities:
        raise UsageError(f"--identity {identity}: holds no age identity (AGE-SECRET-KEY-1…)")
    try:
        opened: bytes = pyrage.decrypt(content, identities)
    except pyrage.DecryptError as failure:
        raise TamperedError(
            "the age file does not open: truncated or changed on its way, or encrypted for somebody else"
        ) from failure
    return opened
