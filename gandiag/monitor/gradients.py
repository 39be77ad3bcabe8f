"""The gradient that the optimizer applied, read where alone it can be read: just before the step."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gandiag.monitor.networks import Network, layer_name
from gandiag.monitor.ring import Ring

UPDATE_RATIO_EVERY = 10
EXTRA_COLUMNS = 3  # loss scale, update², parameters²
MISSING = -1.0  # norms are never negative; NaN is what the norm of a gradient with a NaN in it is


class GradientTap:
    """Reads one network's gradients in the optimizer-step pre-hook, on the device, one row a step.

    A discriminator's ``.grad`` is filled by several backward passes an iteration, the generator's among them, and is
    clipped, unscaled or reduced before it is used; only just before the step does it hold what the optimizer applies.
    """

    def __init__(self, network: Network, steps: int = 0) -> None:
        named = list(network.module.named_parameters())
        self.label = network.label
        self.role = network.role
        self.parameters: list[nn.Parameter] = [parameter for _, parameter in named]
        self.steps = steps
        self._layers = [layer_name(name) for name, _ in named]
        self._layer_names = list(dict.fromkeys(self._layers))
        self._ring = Ring(len(named) + EXTRA_COLUMNS, self.parameters[0].device, MISSING)
        self._row: Tensor | None = None
        self._before: list[Tensor] | None = None

    def owned(self, optimizer: Optimizer) -> bool:
        """Whether the optimizer steps at least one of this network's parameters."""
        mine = {id(parameter) for parameter in self.parameters}
        return any(id(parameter) in mine for group in optimizer.param_groups for parameter in group["params"])

    def before_step(self, optimizer: Optimizer, iteration: int) -> bool:
        """Record the gradient about to be applied.

        Returns:
            Whether there was any: an optimizer of several networks also steps while this one has no gradient.
        """
        found = [(index, p.grad) for index, p in enumerate(self.parameters) if p.grad is not None]
        if not found:
            return False
        present, gradients = [index for index, _ in found], [gradient for _, gradient in found]
        # float32 whatever the gradients' type: in half precision the squares overflow.
        norms = torch.stack(torch._foreach_norm(gradients, 2.0, torch.float32))
        row = self._ring.next_row(iteration)
        if len(present) == len(self.parameters):
            row[: len(norms)] = norms
        else:
            row[torch.tensor(present, device=row.device)] = norms
        self._note_loss_scale(optimizer, row)
        if self.steps % UPDATE_RATIO_EVERY == 0:
            self._before = [parameter.detach().clone() for parameter in self.parameters]
        self._row = row
        self.steps += 1
        return True

    def _note_loss_scale(self, optimizer: Optimizer, row: Tensor) -> None:
        """A fused optimizer under mixed precision unscales inside its step; the scale is handed to it as a tensor."""
        scale = getattr(optimizer, "grad_scale", None)
        if scale is not None:
            row[-3] = scale

    def after_step(self) -> None:
        """Record how far the parameters moved, every tenth step."""
        if self._row is not None and self._before is not None:
            now = [parameter.detach() for parameter in self.parameters]
            moved = torch._foreach_norm(torch._foreach_sub(now, self._before), 2.0, torch.float32)
            sizes = torch._foreach_norm(now, 2.0, torch.float32)
            self._row[-2] = torch.stack(moved).square().sum()
            self._row[-1] = torch.stack(sizes).square().sum()
        self._row = self._before = None

    @property
    def full(self) -> bool:
        return self._ring.full

    def drain(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows for the tables ``steps`` and ``layers``."""
        values, notes = self._ring.drain()
        iterations = np.asarray(notes, dtype=np.int64)
        missing = values == MISSING
        scale = np.where(missing[:, -3], 1.0, values[:, -3])
        norms = values[:, :-EXTRA_COLUMNS] / scale[:, None]
        absent = missing[:, :-EXTRA_COLUMNS]
        with np.errstate(invalid="ignore", divide="ignore"):
            update_ratio = np.sqrt(values[:, -2] / values[:, -1])
        steps = pd.DataFrame(
            {
                "iteration": iterations,
                "network": pd.Series([self.label] * len(iterations), dtype=str),
                "grad_norm": _root_sum_square(norms, absent),
                "update_ratio": np.where(missing[:, -2], np.nan, update_ratio),
                "gradients_finite": (np.isfinite(norms) | absent).all(axis=1),
                "loss_scale": np.where(missing[:, -3], np.nan, values[:, -3]),
            }
        )
        return steps, self._layer_rows(norms, absent, iterations)

    def _layer_rows(self, norms: np.ndarray, absent: np.ndarray, iterations: np.ndarray) -> pd.DataFrame:
        columns = [[i for i, layer in enumerate(self._layers) if layer == name] for name in self._layer_names]
        by_layer = np.stack([_root_sum_square(norms[:, i], absent[:, i]) for i in columns], axis=1)
        return pd.DataFrame(
            {
                "iteration": np.repeat(iterations, len(columns)),
                "network": pd.Series([self.label] * by_layer.size, dtype=str),
                "layer": pd.Series(self._layer_names * len(iterations), dtype=str),
                "grad_norm": by_layer.ravel(),
            }
        )


def _root_sum_square(norms: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Norm over several parameters: those without a gradient count for nothing, none at all is NaN."""
    total = np.sqrt(np.square(np.where(absent, 0.0, norms)).sum(axis=1))
    return np.where(absent.all(axis=1), np.nan, total)


def step_has_closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a step will compute its gradients itself, after the pre-hook, so that they cannot be read before."""
    closure = args[1] if len(args) > 1 else kwargs.get("closure")
    return callable(closure)
