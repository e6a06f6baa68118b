"""Everything the console keeps on disk is for its own user alone: folders 0700, files 0600."""

import contextlib
import os
import stat
from pathlib import Path

UMASK = 0o077


def restrict_new_files() -> None:
    """From now on whatever this process and its children create can be opened by its own user alone."""
    os.umask(UMASK)


def close_to_others(folder: Path) -> None:
    """Creates the folder, and takes away from others what an older version left open in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        _close(path)


def close_sqlite(path: Path) -> None:
    """A database outside that folder, with the files SQLite keeps beside it."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        _close(path.with_name(name))


def _close(path: Path) -> None:
    """What belongs to another user, is gone by now or is no file (a device, a link) stays as it is."""
    with contextlib.suppress(OSError):
        mode = path.lstat().st_mode
        if (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and mode & UMASK:
            path.chmod(stat.S_IMODE(mode) & ~UMASK)
