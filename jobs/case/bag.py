"""A BagIt 1.0 bag (RFC 8493) in memory: file name -> bytes. SHA-256 and SM3 (GB/T 32905) side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from jobs.errors import RingwatchError

ALGORITHMS = ("sha256", "sm3")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SIGNED = "tagmanifest-sha256.txt"
SIGNATURE = f"{SIGNED}.sig"


def has_sm3() -> bool:
    """Whether this Python's OpenSSL has SM3; builds without it exist."""
    return "sm3" in hashlib.algorithms_available


def digest(algorithm: str, content: bytes) -> str:
    """Hex digest of the content."""
    return hashlib.new(algorithm, content).hexdigest()


def bag(payload: Mapping[str, bytes], info: Iterable[tuple[str, str]]) -> dict[str, bytes]:
    """The files of a bag, sorted. `payload` names begin with data/. Raises RingwatchError where SM3 is missing."""
    if not has_sm3():
        raise RingwatchError(
            "this Python's OpenSSL has no SM3, which the bag needs beside SHA-256. Use a Python built with OpenSSL 3"
        )
    lines = [*info, ("Payload-Oxum", oxum(payload))]
    tags = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": "".join(f"{label}: {value}\n" for label, value in lines).encode(),
        **{f"manifest-{name}.txt": manifest(name, payload) for name in ALGORITHMS},
    }
    tags |= {f"tagmanifest-{name}.txt": manifest(name, tags) for name in ALGORITHMS}
    return dict(sorted({**payload, **tags}.items()))


def manifest(algorithm: str, files: Mapping[str, bytes]) -> bytes:
    """Two blanks between digest and name, so that `sha256sum -c` reads it. Our names need no escapes."""
    return "".join(f"{digest(algorithm, files[name])}  {name}\n" for name in sorted(files)).encode()


def read_manifest(content: bytes) -> dict[str, str]:
    """Name -> digest. Raises ValueError for a line that is none, or a name that comes twice."""
    out: dict[str, str] = {}
    for line in content.decode().removesuffix("\n").split("\n"):
        found, blanks, name = line.partition("  ")
        if not blanks or not name or name in out:
            raise ValueError(name)
        out[name] = found
    return out


def oxum(payload: Mapping[str, bytes]) -> str:
    """Payload-Oxum: bytes and files of the payload."""
    return f"{sum(map(len, payload.values()))}.{len(payload)}"
