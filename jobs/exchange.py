"""Two folders change names in one step, so that a reader always finds one of them whole."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

RETIRED = ".retired-"
_HERE = -100  # AT_FDCWD of <fcntl.h>
_EXCHANGE = 2  # RENAME_EXCHANGE of <linux/fs.h>
_UNABLE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM}


def exchange(new: Path, old: Path) -> None:
    """Give `new` the name of `old` and `old` the name of `new`; both must exist, on one filesystem.

    Raises OSError, and then both keep their names.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "renameat2"):
        if libc.renameat2(_HERE, os.fsencode(new), _HERE, os.fsencode(old), _EXCHANGE) == 0:
            return
        failure = ctypes.get_errno()
        if failure not in _UNABLE:
            raise OSError(failure, os.strerror(failure), str(new), None, str(old))
    _exchange_in_turns(new, old)


def _exchange_in_turns(new: Path, old: Path) -> None:
    """What is left on macOS, NFS and old kernels: for a blink a reader finds nothing.

    A run killed in that blink leaves the retired folder behind, and the next start gives it back its name.
    """
    aside = old.with_name(f"{RETIRED}{old.name}")
    old.rename(aside)
    try:
        new.rename(old)
    except OSError:
        aside.rename(old)
        raise
    aside.rename(new)
