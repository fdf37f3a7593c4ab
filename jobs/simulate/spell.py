"""From inner numbers to the opaque ids of the exports.

Inside the simulator an entity is a number counted from 0. Outside it is a keyed permutation of that number:
two numbers never share an id, and neither role nor order of creation shows. Ten hexadecimal digits behind a
letter can never look like a phone, identity or card number, which all need eleven digits in a row.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

HALF = np.uint64(20)
MASK = np.uint64((1 << 20) - 1)
DIGITS = 10


def _round_keys(seed: int, kind: str) -> list[np.uint64]:
    digest = hashlib.sha256(f"{seed}/{kind}".encode()).digest()
    return [np.uint64(int.from_bytes(digest[i : i + 8], "little")) for i in range(0, 32, 8)]


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finalizer of splitmix64 (Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _permute(numbers: npt.NDArray[np.int64], keys: list[np.uint64]) -> npt.NDArray[np.uint64]:
    """A four-round Feistel network over 40 bits: a permutation, so ids cannot collide."""
    n = numbers.astype(np.uint64)
    left, right = n >> HALF, n & MASK
    for key in keys:
        left, right = right, left ^ (_mix(right ^ key) & MASK)
    return (left << HALF) | right


def spell(prefix: str, numbers: npt.NDArray[np.int64], seed: int, kind: str, suffix: str = "") -> pl.Series:
    """Ids as text, one for each number; a negative number is NULL. Ids of different `kind` are unrelated."""
    n = len(numbers)
    valid = numbers >= 0
    code = _permute(np.where(valid, numbers, 0), _round_keys(seed, kind))
    width = len(prefix) + DIGITS + len(suffix)
    text = np.empty((n, width), np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    text[:, len(prefix) + DIGITS :] = np.frombuffer(suffix.encode(), np.uint8)
    alphabet = np.frombuffer(b"0123456789abcdef", np.uint8)
    for digit in range(DIGITS):
        text[:, len(prefix) + digit] = alphabet[((code >> np.uint64(4 * digit)) & np.uint64(15)).astype(np.intp)]
    offsets = np.arange(n + 1, dtype=np.int64) * width
    buffers = [pa.py_buffer(np.packbits(valid, bitorder="little")), pa.py_buffer(offsets), pa.py_buffer(text)]
    return pl.Series(pl.from_arrow(pa.Array.from_buffers(pa.large_string(), n, buffers)))
