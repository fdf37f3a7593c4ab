"""Files that outlive a power cut: flushed before they are renamed, and their folder after."""

from __future__ import annotations

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk. A rename outlives a power cut only when its folder was flushed."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, content: bytes) -> None:
    """Make or replace a file, mode 0600: a reader, or a start after a power cut, finds the old content or the new."""
    take_place(beside(path, content), path)


def beside(path: Path, content: bytes) -> Path:
    """The content in a file beside, mode 0600, that is to `take_place`."""
    aside = path.with_name(f"{path.name}.aside")
    aside.unlink(missing_ok=True)  # of a run that was killed; of two at once the second stops
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return aside


def take_place(new: Path, old: Path) -> None:
    """Give a finished file the name of another, which need not exist."""
    flush(new)
    new.replace(old)
    flush(old.parent)
