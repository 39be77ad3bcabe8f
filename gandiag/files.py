"""Writing files so that a reader sees all of one or nothing."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Have ``write`` make a file beside its place, and move it there once it is complete.

    Args:
        path: Where the file shall be; folders on the way are made.
        write: Writes the file at the path that it is given.

    Raises:
        OSError: If it cannot be written; what was at ``path`` before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        write(unfinished)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
