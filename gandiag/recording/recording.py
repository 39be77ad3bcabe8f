"""A run, read: four tidy tables, sample images and metadata."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gandiag.errors import GandiagError, GandiagWarning
from gandiag.recording import storage
from gandiag.recording.tables import SCHEMA_VERSION, TABLES


def _empty_table(name: str) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype="float64") for column in TABLES[name]})


@dataclass
class Recording:
    """What was observed in one run: one row an event, missing is NaN and never 0.

    Attributes:
        steps: One row for each optimizer step of one network: ``iteration`` (generator steps done before it),
            ``network``, ``grad_norm`` (global L2 norm of the gradient that the optimizer applied), ``update_ratio``
            (norm of the step over norm of the parameters), ``gradients_finite``, ``loss_scale`` (of mixed precision);
            and, in a few iterations, ``unclipped_norm`` (before clipping) and the parts of a discriminator's gradient:
            ``real_norm`` and ``fake_norm`` (by the logits of real and of generated samples), ``penalty_norm`` (by
            neither) and ``leaked_norm`` (left there by the generator's pass or an earlier one).
        layers: The same for each layer: ``iteration, network, layer, grad_norm``.
        signal: The generator's learning signal at each of its steps, in units of one sample's loss: ``grad_norm``
            (median over samples of ‖∂L_G/∂fake‖), its factors ``head_gradient`` (mean |∂L_G/∂logit|) and
            ``input_gradient`` (median ‖∂logit/∂fake‖), the discriminator's mean logits ``logit_real`` and
            ``logit_fake``, and its ``accuracy`` at the midpoint of the two; and, in a few iterations,
            ``adversarial_share`` (of the gradient at the samples, what comes by way of the discriminator, in [0, 1]).
        probes: One row a probe of the sampled generator: ``fid_judge``, ``modes`` (classes present), ``diversity``,
            ``energy`` (distance to the data, of 1), ``cluster_coverage`` (of the data, where no judge names classes),
            ``drift``, ``flip_rate``, …, ``class_0`` … ``class_9``, ``diversity_class_0`` … (distance within a class,
            relative to real samples). Of a generator that is given labels, images or several things:
            ``sensitivity_0`` … (change of the samples when one input alone is exchanged, of 1), ``label_fidelity``,
            ``label_information``, ``fidelity_class_0`` …, ``judged_as_class_0`` …, ``identity_distance``,
            ``content_kept``, ``cycle_error``, ``cycle_error_noised``, ``cycle_amplification``.
        samples: Iteration → sampled images, uint8 with shape ``(n, height, width)`` or ``(n, height, width, 3)``; or
            points, float32 with shape ``(n, 2)``.
        meta: Versions, seed, configuration; ``abstentions``: signals that could not be had, and why.
    """

    steps: pd.DataFrame = field(default_factory=lambda: _empty_table("steps"))
    layers: pd.DataFrame = field(default_factory=lambda: _empty_table("layers"))
    signal: pd.DataFrame = field(default_factory=lambda: _empty_table("signal"))
    probes: pd.DataFrame = field(default_factory=lambda: _empty_table("probes"))
    samples: dict[int, np.ndarray] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """One of the four tables, by name."""
        table: pd.DataFrame = getattr(self, name)
        return table

    @property
    def iterations(self) -> int:
        """Generator steps recorded."""
        steps = self.steps
        if "network" in steps:
            generators = [name for name in steps["network"].unique() if str(name).startswith("G")]
            steps = steps[steps["network"].isin(generators)]
        last = [table["iteration"].max() for table in (steps, self.signal) if len(table)]
        return int(np.nanmax(last)) + 1 if last else 0

    def series(self, signal: str) -> pd.Series:
        """One signal against the iteration, NaN left out.

        Args:
            signal: ``"table.column"``, such as ``"probes.diversity"``; a network may follow, as in
                ``"steps.grad_norm[D]"``, and so may a layer, as in ``"layers.grad_norm[G.0]"``.

        Returns:
            Values indexed by ``iteration``; empty where the recording lacks the signal.

        Examples:
            >>> probes = pd.DataFrame({"iteration": [0, 50], "diversity": [0.1, 0.9]})
            >>> Recording(probes=probes).series("probes.diversity").tolist()
            [0.1, 0.9]
        """
        path, _, selector = signal.rstrip("]").partition("[")
        name, column = path.split(".")
        table = self.table(name)
        if column not in table:
            return pd.Series(dtype="float64")
        rows = _rows_of(table, selector) if selector else np.ones(len(table), dtype=bool)
        values = table[column].to_numpy(dtype="float64", na_value=np.nan)
        rows = rows & ~np.isnan(values)
        return pd.Series(
            values[rows], index=pd.Index(table["iteration"].to_numpy()[rows], name="iteration"), name=column
        )

    def until(self, iteration: int, last_probe: int | None = None) -> "Recording":
        """The part of the recording before an iteration: rows of steps below it, probes and samples up to it.

        Args:
            iteration: The iteration.
            last_probe: Of probes and samples, the last to keep, where that is another one.
        """
        probed = iteration if last_probe is None else last_probe
        kept = {name: self.table(name) for name in TABLES}
        ends = {name: probed + 1 if name == "probes" else iteration for name in TABLES}
        kept = {name: table[table["iteration"] < ends[name]] for name, table in kept.items()}
        samples = {at: pictures for at, pictures in self.samples.items() if at <= probed}
        return Recording(**kept, samples=samples, meta=dict(self.meta))

    def save(self, directory: str | Path) -> None:
        """Write the recording to a directory that :meth:`load` reads."""
        directory = Path(directory)
        try:
            with storage.all_or_nothing(directory) as fresh:
                storage.write_meta(fresh, {"schema_version": SCHEMA_VERSION, **self.meta})
                for name in TABLES:
                    if len(self.table(name)):
                        storage.write_part(fresh, name, 0, self.table(name))
                for iteration, samples in self.samples.items():
                    storage.write_samples(fresh, iteration, samples)
        except OSError as error:
            raise GandiagError(f"The recording could not be written to {directory}: {error}") from error

    @classmethod
    def load(cls, directory: str | Path) -> "Recording":
        """Read a run directory, also that of a run still going on or killed.

        Parts that cannot be read are left out, with a :class:`GandiagWarning` that names them.

        Raises:
            GandiagError: If the directory does not exist, holds no recording, or was written by a newer gandiag.
        """
        directory = Path(directory)
        if not directory.is_dir():
            raise GandiagError(f"There is no run directory {directory}; give the folder that a run was recorded to.")
        unreadable: list[str] = []
        meta = storage.read_meta(directory, unreadable)
        version = meta.get("schema_version", SCHEMA_VERSION)
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise GandiagError(
                f"{directory} was written by a newer gandiag (schema {version}; this one reads up to "
                f"{SCHEMA_VERSION}); upgrade gandiag to read it."
            )
        tables = {name: storage.read_parts(directory, name, unreadable) for name in TABLES}
        samples = storage.read_samples(directory, unreadable)
        found = {name: table for name, table in tables.items() if table is not None}
        if not found and not samples and "schema_version" not in meta:
            what = "only unreadable files" if unreadable else "no recording"
            raise GandiagError(f"{directory} holds {what}; give the folder that a run was recorded to.")
        if unreadable:
            warnings.warn(
                f"{directory} is damaged: {', '.join(unreadable)} could not be read and was left out.",
                GandiagWarning,
                stacklevel=2,
            )
        return cls(**found, samples=samples, meta=meta)


def _rows_of(table: pd.DataFrame, selector: str) -> NDArray[np.bool_]:
    """Which rows belong to a network, or, of the table ``layers``, to ``network.layer``."""
    if "network" not in table:
        return np.zeros(len(table), dtype=bool)
    if "layer" not in table:
        return (table["network"] == selector).to_numpy(dtype=bool)
    rows = np.zeros(len(table), dtype=bool)
    for network in table["network"].unique():
        if selector.startswith(f"{network}.") and not rows.any():
            named = (table["layer"] == selector.removeprefix(f"{network}.")) & (table["network"] == network)
            rows = named.to_numpy(dtype=bool)
    return rows
