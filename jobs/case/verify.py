"""`ringwatch verify`: is a bundle what was signed, and is the hand-over log whole? No network, no warehouse."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from jobs.case import handover
from jobs.case.age import decrypt
from jobs.case.bag import ALGORITHMS, DECLARATION, SIGNATURE, SIGNED, digest, has_sm3, oxum, read_manifest
from jobs.case.seal import BadSignatureError, allowed, fingerprint, signed_by
from jobs.case.zipped import BadZipError, unzipped, zipped
from jobs.errors import TamperedError, UsageError

_AGE = b"age-encryption.org/v1\n"
_TAGS = {"bagit.txt", "bag-info.txt", *(f"{kind}-{a}.txt" for kind in ("manifest", "tagmanifest") for a in ALGORITHMS)}


def verify(
    bundle: Path | None, signers: Path | None, identity: Path | None, log: Path | None, head: str | None
) -> Iterator[str]:
    """Yield what was found in order. Raises TamperedError naming everything that is wrong, UsageError where the
    check itself cannot be made."""
    entries = None
    if log is not None:
        entries = handover.check(log, head)
        newest = entries[-1]["hash"] if entries else handover.FIRST
        yield f"{log}: {len(entries)} entries, unbroken; newest hash {newest}"
    if bundle is not None and signers is not None:
        archive = _opened(bundle, identity)
        yield from check(archive, allowed(signers), bundle.name)
        told = hashlib.sha256(archive).hexdigest()
        if entries is not None and told not in {entry["zip_sha256"] for entry in entries}:
            raise TamperedError(f"{bundle.name}: intact, but {log} has no hand-over of it")
        yield f"SHA-256 of the zip {told}: compare it with what you were told by another channel"


def _opened(bundle: Path, identity: Path | None) -> bytes:
    try:
        content = bundle.read_bytes()
    except OSError as failure:
        raise UsageError(f"{bundle}: cannot be read ({failure.strerror})") from failure
    # By its name as well: with its first bytes changed it is still an age file, and a broken one.
    return decrypt(content, identity) if content.startswith(_AGE) or bundle.suffix == ".age" else content


def check(archive: bytes, signers: Mapping[bytes, str], name: str) -> Iterator[str]:
    """Yield who signed which case. Raises TamperedError with all faults, one a line."""
    try:
        root, files = unzipped(archive)
    except BadZipError as failure:
        raise TamperedError(f"{name}: {failure}") from failure
    faults = [*_manifest_faults(files), *_signature_faults(files, signers)]
    if not faults and zipped(root, files) != archive:
        faults.append("the zip holds more than its files: something was added before, between or behind them")
    if not faults and f"External-Identifier: {root}".encode() not in files["bag-info.txt"].split(b"\n"):
        faults.append(f"the folder is called {root}, the bag is of another case")
    if faults:
        raise TamperedError(f"{name}: not what was signed: {'; '.join(faults)}")
    key = signed_by(files[SIGNED], files[SIGNATURE])
    yield f"{root}: intact, {len(files)} files, signed by {signers[key]} ({fingerprint(key)})"
    if not has_sm3():
        yield "SM3 was not checked: this Python's OpenSSL lacks it; SHA-256 was"


def _manifest_faults(files: Mapping[str, bytes]) -> Iterator[str]:
    payload = {name: content for name, content in files.items() if name.startswith("data/")}
    tags = {name: files[name] for name in sorted(_TAGS & set(files)) if not name.startswith("tagmanifest")}
    yield from (f"missing file: {name}" for name in sorted(_TAGS - set(files)))
    yield from (f"extra file: {name}" for name in sorted(set(files) - set(payload) - _TAGS - {SIGNATURE}))
    if files.get("bagit.txt", DECLARATION) != DECLARATION:
        yield "changed file: bagit.txt"
    for algorithm in ALGORITHMS if has_sm3() else ALGORITHMS[:1]:
        for kind, listed in (("tagmanifest", tags), ("manifest", payload)):
            manifest = f"{kind}-{algorithm}.txt"
            if manifest in files:
                yield from (
                    f"{fault} (says {manifest})" for fault in _against(manifest, files[manifest], listed, algorithm)
                )
    counted = f"Payload-Oxum: {oxum(payload)}".encode()
    if "bag-info.txt" in files and counted not in files["bag-info.txt"].split(b"\n"):
        yield "bytes or files counted in bag-info.txt are not those of the bag"


def _against(manifest: str, content: bytes, files: Mapping[str, bytes], algorithm: str) -> Iterator[str]:
    try:
        listed = read_manifest(content)
    except (ValueError, UnicodeDecodeError):
        yield f"changed manifest: {manifest} cannot be read"
        return
    yield from (f"missing file: {name}" for name in sorted(listed.keys() - files.keys() - _TAGS))
    yield from (f"extra file: {name}" for name in sorted(files.keys() - listed.keys()))
    for name in sorted(listed.keys() & files.keys()):
        if digest(algorithm, files[name]) != listed[name]:
            yield f"changed {'manifest' if name.startswith('manifest') else 'file'}: {name}"


def _signature_faults(files: Mapping[str, bytes], signers: Mapping[bytes, str]) -> Iterator[str]:
    if SIGNATURE not in files:
        yield f"missing signature: {SIGNATURE}"
        return
    try:
        key = signed_by(files.get(SIGNED, b""), files[SIGNATURE])
    except BadSignatureError as failure:
        yield f"bad signature: {SIGNATURE} {failure}"
        return
    if key not in signers:
        yield f"wrong key: signed by {fingerprint(key)}, which is not in --signers"
