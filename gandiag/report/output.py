"""Files written whole or not at all."""

import contextlib
import os
from pathlib import Path

from gandiag.errors import GandiagError


def write_whole(path: str | Path, content: bytes) -> Path:
    """Write a file beside its place and move it there, so that a reader never sees half of it.

    Args:
        path: Where to write; missing folders are made.
        content: All of the file.

    Returns:
        ``path``.

    Raises:
        GandiagError: If the file cannot be written.
    """
    path = Path(path)
    # A plain open, unlike tempfile's, gives the file the permissions that the user's other files have.
    beside = path.with_name(f".{path.name}.{os.getpid()}.part") if path.name else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(content)
            os.replace(beside, path)
        except BaseException:
            _remove(beside)
            raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise GandiagError(
            f"{path} cannot be written ({reason}); choose a path in a folder you may write to."
        ) from error
    return path


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
