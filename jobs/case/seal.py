"""SSHSIG signatures with Ed25519 (OpenSSH PROTOCOL.sshsig): what `ssh-keygen -Y sign` makes and `-Y verify` checks."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shlex
import stat
import struct
import textwrap
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from jobs.errors import UsageError

NAMESPACE = "case@ringwatch"
"""Of our signatures: one made for another purpose with the same key is none of ours."""
PASSPHRASE = "RINGWATCH_KEY_PASSPHRASE"
_MAGIC = b"SSHSIG"
_KIND = b"ssh-ed25519"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_ARMOUR = re.compile(rb"-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)\n-----END SSH SIGNATURE-----\n?")


class BadSignatureError(Exception):
    """No signature of ours, or not of this message; the text says which."""


def private_bytes(path: Path, option: str) -> bytes:
    """A secret's file. Raises UsageError where it cannot be read, or others can read it."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(f"{option} {path}: others can read this secret. Run chmod 600 on it, or make a new one")
        return path.read_bytes()
    except OSError as failure:
        raise UsageError(f"{option} {path}: cannot be read ({failure.strerror})") from failure


def load_key(path: Path) -> Ed25519PrivateKey:
    """The signing key, in OpenSSH's format. A passphrase comes from the environment. Raises UsageError."""
    secret = private_bytes(path, "--key")
    given = os.environ.get(PASSPHRASE)
    try:
        key = load_ssh_private_key(secret, given.encode() if given else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
        raise UsageError(
            f"--key {path}: no OpenSSH private key, or its passphrase is not in {PASSPHRASE}. "
            "Make one with: ssh-keygen -t ed25519 -f FILE"
        ) from failure
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"--key {path}: not an Ed25519 key. Make one with: ssh-keygen -t ed25519 -f FILE")
    return key


def sign(message: bytes, key: Ed25519PrivateKey) -> bytes:
    """An armoured SSHSIG of the message."""
    signature = _string(_KIND) + _string(key.sign(_preimage(message, b"sha512")))
    blob = (
        _MAGIC + struct.pack(">I", 1) + _string(blob_of(key.public_key())) + _string(NAMESPACE.encode())
        + _string(b"") + _string(b"sha512") + _string(signature)
    )  # fmt: skip
    lines = textwrap.wrap(base64.b64encode(blob).decode(), 70)
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]).encode()


def signed_by(message: bytes, armoured: bytes) -> bytes:
    """The public key (as SSH blob) that signed the message. Raises BadSignatureError."""
    found = _ARMOUR.fullmatch(armoured)
    if not found:
        raise BadSignatureError("cannot be read")
    try:
        blob = base64.b64decode(found[1].replace(b"\n", b""), validate=True)
        magic, version, rest = blob[:6], blob[6:10], blob[10:]
        key, rest = _take(rest)
        namespace, rest = _take(rest)
        reserved, rest = _take(rest)
        algorithm, rest = _take(rest)
        signature, rest = _take(rest)
        kind, raw = _take(signature)
        raw, end = _take(raw)
        key_kind, public = _take(key)
        public, key_end = _take(public)
    except (ValueError, struct.error) as failure:
        raise BadSignatureError("cannot be read") from failure
    odd = rest or end or key_end or reserved or magic != _MAGIC or version != struct.pack(">I", 1)
    if odd or kind != _KIND or key_kind != _KIND or algorithm not in _HASHES:
        raise BadSignatureError("cannot be read")
    if namespace != NAMESPACE.encode():
        raise BadSignatureError("was made for another purpose")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(raw, _preimage(message, algorithm))
    except (InvalidSignature, ValueError) as failure:
        raise BadSignatureError("does not match") from failure
    return key


def allowed(path: Path) -> dict[bytes, str]:
    """Public key (SSH blob) -> who, from a file of allowed signers as ssh-keygen(1) has it.

    Raises UsageError for a file that cannot be read and for options that we do not know: ignoring one could let a
    key pass that its owner meant to refuse.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as failure:
        raise UsageError(f"--signers {path}: cannot be read. It has lines of: name ssh-ed25519 key") from failure
    out: dict[bytes, str] = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#") and (found := _signer(line, f"{path}, line {number}")):
            out[found[1]] = found[0]
    return out


def _signer(line: str, where: str) -> tuple[str, bytes] | None:
    try:
        who, *options = shlex.split(line)
        place = options.index("ssh-ed25519")
        key = base64.b64decode(options[place + 1], validate=True)
    except (ValueError, IndexError):
        if " ssh-" in line or " ecdsa-" in line or " sk-" in line:
            return None  # a key of another kind signs none of our bundles
        raise UsageError(f"--signers {where}: not of the form: name ssh-ed25519 key") from None
    for option in options[:place]:
        name, _, value = option.partition("=")
        if name.lower() != "namespaces":
            raise UsageError(f"--signers {where}: the option {name} is not supported here. Use ssh-keygen -Y verify")
        if NAMESPACE not in value.split(","):
            return None
    return who, key


def blob_of(key: Ed25519PublicKey) -> bytes:
    """A public key as SSH writes it."""
    return _string(_KIND) + _string(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def fingerprint(blob: bytes) -> str:
    """As `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _preimage(message: bytes, algorithm: bytes) -> bytes:
    parts = (NAMESPACE.encode(), b"", algorithm, _HASHES[algorithm](message).digest())
    return _MAGIC + b"".join(_string(part) for part in parts)


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _take(blob: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack(">I", blob[:4])
    if len(blob) < 4 + length:
        raise ValueError("short")
    return blob[4 : 4 + length], blob[4 + length :]
