"""Pages and figures, written where the user wants them."""

from pathlib import Path

from gandiag.errors import GandiagError
from gandiag.files import write_whole


def write_output(path: str | Path, content: bytes) -> Path:
    """Write one file whole; missing folders are made.

    Raises:
        GandiagError: If it cannot be written.
    """
    path = Path(path)
    try:
        write_whole(path, lambda unfinished: _write(unfinished, content))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise GandiagError(
            f"{path} cannot be written ({reason}); choose a path in a folder you may write to."
        ) from error
    return path


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
