"""A run, written: rows are gathered in memory and flushed to the run directory in parts."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gandiag.errors import GandiagError, GandiagWarning
from gandiag.recording import storage
from gandiag.recording.buffer import TableBuffer
from gandiag.recording.recording import Recording
from gandiag.recording.tables import SCHEMA_VERSION, TABLES

SAMPLE_SETS = 64


class Recorder:
    """Gathers rows and, where there is a run directory, keeps it up to date with them.

    Memory stays bounded however long the run is. If the directory can no longer be written (full disk, permissions),
    the recorder says so once in ``write_error`` and goes on without.

    Args:
        directory: The run directory, created if absent; ``None`` records in memory only.
        meta: Metadata to begin with.
        keep_until: Go on with the recording that the directory holds, from this iteration; 0 begins a new one.
        probes_until: The last probe to keep of it, where it is known; left out, probes are kept up to ``keep_until``.

    Raises:
        GandiagError: If the directory cannot be created, or holds a recording already.
    """

    def __init__(
        self,
        directory: str | Path | None = None,
        meta: dict[str, Any] | None = None,
        keep_until: int = 0,
        probes_until: int | None = None,
    ) -> None:
        self.directory = None if directory is None else Path(directory)
        self.meta: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "abstentions": {}, **(meta or {})}
        self.write_error: str | None = None
        self._tables = {name: TableBuffer(name, self.directory) for name in TABLES}
        self._samples: dict[int, np.ndarray] = {}
        if self.directory is not None:
            self._claim(self.directory, keep_until, keep_until if probes_until is None else probes_until)

    def _claim(self, directory: Path, keep_until: int, probes_until: int) -> None:
        if keep_until:
            self._go_on(directory, keep_until, probes_until)
        elif directory.exists() and any((directory / name).exists() for name in (*TABLES, storage.META)):
            raise GandiagError(f"{directory} holds a recording already; choose another folder or remove it first.")
        try:
            storage.write_meta(directory, self.meta)
        except OSError as error:
            raise GandiagError(f"The run directory {directory} cannot be written: {error}") from error

    def _go_on(self, directory: Path, keep_until: int, probes_until: int) -> None:
        """Take over what was recorded before an iteration, and drop what came after."""
        before = Recording.load(directory).until(keep_until, probes_until)
        try:
            for name in TABLES:
                storage.cut_parts(directory, name, probes_until + 1 if name == "probes" else keep_until)
                self._tables[name].go_on(before.table(name))
            self._samples = before.samples
            storage.keep_samples(directory, before.samples)
            storage.write_meta(directory, self.meta)
        except OSError as error:
            raise GandiagError(f"The run directory {directory} cannot be written: {error}") from error

    def append(self, table: str, rows: pd.DataFrame) -> None:
        """Add rows to a table; columns are matched by name."""
        self._tables[table].append(rows)

    def add_samples(self, iteration: int, samples: np.ndarray) -> None:
        """Keep sampled images or points of one iteration; of many, the most crowded one goes."""
        self._samples[iteration] = samples
        if len(self._samples) > SAMPLE_SETS:
            at = sorted(self._samples)
            crowded = min(range(1, len(at) - 1), key=lambda index: at[index + 1] - at[index - 1])
            self._drop_samples(at[crowded])
        if self._can_write():
            try:
                storage.write_samples(self._target(), iteration, samples)
            except OSError as error:
                self._give_up_writing(error)

    def _drop_samples(self, iteration: int) -> None:
        del self._samples[iteration]
        if self._can_write():
            storage.remove_samples(self._target(), iteration)

    def abstain(self, signal: str, reason: str) -> None:
        """Note that a signal cannot be had, and why; the first reason is kept."""
        self.meta["abstentions"].setdefault(signal, reason)

    def flush(self) -> None:
        """Bring the run directory up to date. Never raises: what cannot be written stays in memory."""
        for table in self._tables.values():
            error = table.flush(self._can_write())
            if error is not None:
                self._give_up_writing(error)
        if self._can_write():
            try:
                storage.write_meta(self._target(), self.meta)
            except OSError as error:
                self._give_up_writing(error)

    def _can_write(self) -> bool:
        return self.directory is not None and self.write_error is None

    def _target(self) -> Path:
        assert self.directory is not None
        return self.directory

    def _give_up_writing(self, error: Exception) -> None:
        reason = getattr(error, "strerror", None) or error
        self.write_error = (
            f"The run directory {self.directory} can no longer be written ({reason}); what was "
            f"recorded until now is there, and recording goes on in memory."
        )
        warnings.warn(self.write_error, GandiagWarning, stacklevel=3)

    def recording(self, thinned: bool = False) -> Recording:
        """Everything recorded so far; of a long run only a selection of its rows, evenly spread, if ``thinned``."""
        tables = {name: table.table(thinned) for name, table in self._tables.items()}
        found = {name: table for name, table in tables.items() if table is not None}
        return Recording(**found, samples=dict(self._samples), meta=dict(self.meta))

    @property
    def rows_in_memory(self) -> int:
        """Rows of all tables that are held in memory."""
        return sum(table.rows_in_memory for table in self._tables.values())
