"""One table of a run being recorded: what is in memory of it, and what is on disk alone."""

import shutil
import weakref
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from gandiag.recording import storage

ROWS_IN_MEMORY = 200_000
UNWRITABLE = (OSError, ValueError, TypeError, NotImplementedError)
"""A full disk, missing rights, or a column that Parquet refuses."""


class TableBuffer:
    """Rows of one table, in bounded memory.

    Beyond 200,000 rows, what is safely on disk is thinned out in memory: iterations are left out evenly, so that what
    stays still covers the run. Without a run directory, rows go to a folder of the buffer's own, which goes with it.

    Args:
        name: The table.
        directory: The run directory; ``None`` where there is none.
    """

    def __init__(self, name: str, directory: Path | None) -> None:
        self.name = name
        self._directory = directory
        self._pending: list[pd.DataFrame] = []
        self._held: list[pd.DataFrame] = []  # rows that are on disk too, all or a selection
        self._unsaved: list[pd.DataFrame] = []
        self._stride = 1
        self._parts = 0
        self._own_folder: Path | None = None
        self._own_parts = 0

    def append(self, rows: pd.DataFrame) -> None:
        """Add rows; columns are matched by name."""
        if len(rows):
            self._pending.append(rows)

    def go_on(self, before: pd.DataFrame) -> None:
        """Take over the rows that the run directory holds."""
        assert self._directory is not None
        self._parts = max(storage.part_indices(self._directory, self.name), default=-1) + 1
        if len(before):
            self._held.append(before)
            self._bound()

    def flush(self, writable: bool) -> Exception | None:
        """Write what is pending as the next part, if the run directory can be written; returns what went wrong."""
        if not self._pending:
            return None
        rows = concatenate(self._pending)
        self._pending = []
        error = self._write(rows) if writable and self._directory is not None else None
        saved = writable and self._directory is not None and error is None
        if saved:
            self._held.append(self._selected(rows))
        else:
            self._unsaved.append(rows)
        self._bound()
        return error

    def _write(self, rows: pd.DataFrame) -> Exception | None:
        assert self._directory is not None
        try:
            storage.write_part(self._directory, self.name, self._parts, rows)
        except UNWRITABLE as error:
            return error
        self._parts += 1
        return None

    def _bound(self) -> None:
        if sum(map(len, (*self._held, *self._unsaved))) <= ROWS_IN_MEMORY:
            return
        if self._unsaved:
            self._move_to_own_folder()
        while sum(map(len, self._held)) > ROWS_IN_MEMORY:
            rows = concatenate(self._held)
            if rows["iteration"].nunique() <= 1:
                break  # nothing to choose among
            self._stride *= 2
            self._held = [self._selected(rows)]

    def _selected(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows if self._stride == 1 else rows[rows["iteration"] % self._stride == 0]

    def _move_to_own_folder(self) -> None:
        """Out of memory, into a folder that is removed with this buffer; if it is full as well, rows stay."""
        try:
            if self._own_folder is None:
                self._own_folder = Path(mkdtemp(prefix="gandiag-"))
                weakref.finalize(self, shutil.rmtree, self._own_folder, ignore_errors=True)
            rows = concatenate(self._unsaved)
            storage.write_part(self._own_folder, self.name, self._own_parts, rows)
        except UNWRITABLE:
            return
        self._own_parts += 1
        self._held.append(self._selected(rows))
        self._unsaved = []

    def table(self, thinned: bool = False) -> pd.DataFrame | None:
        """All rows; or those in memory alone, if a selection will do. ``None`` where there are none."""
        held = self._held
        if self._stride > 1 and not thinned:
            places = (self._directory, self._own_folder)
            read = [storage.read_parts(place, self.name, []) for place in places if place is not None]
            held = [rows for rows in read if rows is not None]
        parts = [*held, *self._unsaved, *self._pending]
        return concatenate(parts) if parts else None

    @property
    def rows_in_memory(self) -> int:
        """How many rows are held in memory."""
        return sum(map(len, (*self._held, *self._unsaved, *self._pending)))


def concatenate(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables one below the other, numbered anew."""
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
