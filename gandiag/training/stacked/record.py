"""What a stack's steps leave behind: the tables of one ordinary recording a member."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gandiag.monitor.gradients import MOVEMENT_EVERY
from gandiag.monitor.networks import layer_name
from gandiag.monitor.signal import COLUMNS, signal_columns
from gandiag.monitor.tensors import per_sample_norm

SUMMARISED = 64  # iterations at a time
SAFE_NORMS = (1e-15, 3e18)  # outside, the squares have left float32


@dataclass
class StepRecord:
    """The optimizer steps of one player of all members.

    Attributes:
        label: ``G`` or ``D``.
        network: The stacked network.
        iterations: Generator steps done before each step.
        norms: At each step, the norm of each parameter's gradient, with shape :math:`(m, p)`.
        ratios: Number of a step → how far it moved the parameters, relative to their norm, with shape :math:`(m,)`.
    """

    label: str
    network: nn.Module
    iterations: list[int] = field(default_factory=list)
    norms: list[Tensor] = field(default_factory=list)
    ratios: dict[int, Tensor] = field(default_factory=dict)
    _before: list[Tensor] | None = None

    def before_step(self, iteration: int, gradients: Sequence[Tensor]) -> None:
        """Note the gradients about to be applied."""
        self.iterations.append(iteration)
        self.norms.append(member_norms(gradients))
        if iteration % MOVEMENT_EVERY == 0:
            self._before = [parameter.detach().clone() for parameter in self.network.parameters()]

    def after_step(self) -> None:
        """Note how far the parameters moved, every 250th iteration."""
        if self._before is not None:
            now = [parameter.detach() for parameter in self.network.parameters()]
            moved = member_norms([after - before for after, before in zip(now, self._before, strict=True)])
            self.ratios[len(self.norms) - 1] = _whole(moved) / _whole(member_norms(now))
            self._before = None

    def tables(self) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
        """Of each member, the rows of ``steps`` and of ``layers``."""
        norms = torch.stack(self.norms).double().cpu().numpy()  # steps, members, parameters
        ratios = np.full(norms.shape[:2], np.nan)
        for step, ratio in self.ratios.items():
            ratios[step] = ratio.cpu().numpy()
        return [self._tables_of(norms[:, member], ratios[:, member]) for member in range(norms.shape[1])]

    def _tables_of(self, norms: NDArray[np.float64], ratios: NDArray[np.float64]) -> tuple[pd.DataFrame, pd.DataFrame]:
        iterations = np.asarray(self.iterations, dtype=np.int64)
        layers = [layer_name(name) for name, _ in self.network.named_parameters()]
        names = list(dict.fromkeys(layers))
        with np.errstate(all="ignore"):  # a run that diverges has numbers whose squares are none
            squares = np.square(norms)
            by_layer = [squares[:, [own == name for own in layers]].sum(axis=1) for name in names]
            steps = pd.DataFrame(
                {
                    "iteration": iterations,
                    "network": self.label,
                    "grad_norm": np.sqrt(squares.sum(axis=1)),
                    "update_ratio": ratios,
                    "gradients_finite": np.isfinite(norms).all(axis=1),
                    "loss_scale": np.nan,
                }
            )
            return steps, pd.DataFrame(
                {
                    "iteration": np.repeat(iterations, len(names)),
                    "network": self.label,
                    "layer": np.tile(np.asarray(names, dtype=object), len(iterations)),
                    "grad_norm": np.sqrt(np.stack(by_layer, axis=1)).ravel(),
                }
            )


@dataclass
class SignalRecord:
    """The generators' learning signal, iteration by iteration."""

    summaries: list[Tensor] = field(default_factory=list)
    _waiting: list[tuple[Tensor, Tensor, Tensor | None, Tensor | None]] = field(default_factory=list)

    def add(self, gradient: Tensor, head: Tensor, real: Tensor | None, fake: Tensor | None) -> None:
        """Note one iteration.

        Args:
            gradient: ∂L_G/∂fake, with shape :math:`(m, n, *)`.
            head: ∂L_G/∂logit, with shape :math:`(m, n, 1)`.
            real: The discriminators' logits of real samples; ``None`` where they were shown none.
            fake: The same of generated ones.
        """
        norms = per_sample_norm(gradient.flatten(0, 1))
        self._waiting.append((norms.view(gradient.shape[:2]), head, real, fake))
        if len(self._waiting) == SUMMARISED:
            self._summarise()

    def tables(self, label: str) -> list[pd.DataFrame]:
        """Of each member, the rows of ``signal``."""
        self._summarise()
        values = torch.cat(self.summaries).cpu().numpy()  # iterations, members, columns
        tables = []
        for own in np.moveaxis(values, 1, 0):
            table = pd.DataFrame(own.astype(np.float64), columns=list(COLUMNS))
            table.insert(0, "iteration", np.arange(len(table), dtype=np.int64))
            table.insert(1, "network", label)
            tables.append(table)
        return tables

    def _summarise(self) -> None:
        waiting, self._waiting = self._waiting, []
        for _, alike in groupby(waiting, key=lambda row: row[2] is None):
            rows = list(alike)
            gradient, head, real, fake = (
                None if parts[0] is None else torch.stack([part for part in parts if part is not None]).flatten(0, 1)
                for parts in zip(*rows, strict=True)
            )
            assert gradient is not None
            columns = signal_columns(len(gradient), gradient, head, real, fake)
            self.summaries.append(columns.unflatten(0, (len(rows), -1)))


def member_norms(tensors: Sequence[Tensor]) -> Tensor:
    """Norm of each member's part of each tensor, with shape :math:`(m, p)`."""
    norms = _norms(tensors, torch.float32)
    if norms.is_cpu and not bool(((norms > SAFE_NORMS[0]) & (norms < SAFE_NORMS[1])).all()):
        return _norms(tensors, torch.float64)
    return norms


def _norms(tensors: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
    flat = [tensor.detach().flatten(1) for tensor in tensors]
    dtype = torch.promote_types(dtype, flat[0].dtype)
    return torch.stack([torch.linalg.vector_norm(one, dim=1, dtype=dtype) for one in flat], dim=1)


def _whole(norms: Tensor) -> Tensor:
    whole: Tensor = torch.linalg.vector_norm(norms.double(), dim=1)
    return whole
