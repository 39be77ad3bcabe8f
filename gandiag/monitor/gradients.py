"""The gradient that the optimizer applied, read where alone it can be read: just before the step."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from gandiag.monitor.networks import Network, layer_name

UPDATE_RATIO_EVERY = 50


@dataclass
class Step:
    """One optimizer step of one network; its tensors stay on the device until many are brought over at once.

    Attributes:
        iteration: Generator steps done before it.
        present: Indices of the parameters that had a gradient.
        norms: Norms of those gradients.
        scale: What a fused optimizer will divide them by, under mixed precision.
        moved: Norms of the parameters' movement and of the parameters after it; measured every 50th step.
    """

    iteration: int
    present: tuple[int, ...]
    norms: list[Tensor]
    scale: Tensor | None
    moved: tuple[tuple[Tensor, ...], tuple[Tensor, ...]] | None = None


class GradientTap:
    """Reads one network's gradients in the optimizer-step pre-hook, on the device.

    A discriminator's ``.grad`` is filled by several backward passes an iteration, the generator's among them, and is
    clipped, unscaled or reduced before it is used; only just before the step does it hold what the optimizer applies.

    Args:
        network: The network; only its parameters are held.
        steps: Steps done before.
    """

    def __init__(self, network: Network, steps: int = 0) -> None:
        named = list(network.module.named_parameters())
        self.label = network.label
        self.role = network.role
        self.parameters: list[nn.Parameter] = [parameter for _, parameter in named]
        self.steps = steps
        self.steps_taken: list[Step] = []
        self._layers = [layer_name(name) for name, _ in named]
        self._layer_names = list(dict.fromkeys(self._layers))
        self._everything = tuple(range(len(named)))
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
        gradients = [parameter.grad for parameter in self.parameters]
        found = [gradient for gradient in gradients if gradient is not None]
        if not found:
            return False
        present = self._everything
        if len(found) < len(gradients):
            present = tuple(index for index, gradient in enumerate(gradients) if gradient is not None)
        # float32 whatever the gradients' type: in half precision the squares overflow.
        norms = list(torch._foreach_norm(found, 2.0, torch.float32))
        # A fused optimizer unscales inside its step; the scale is handed to it as a tensor.
        scale = getattr(optimizer, "grad_scale", None)
        self.steps_taken.append(Step(iteration, present, norms, None if scale is None else scale.clone()))
        if self.steps % UPDATE_RATIO_EVERY == 0:
            self._before = [parameter.detach().clone() for parameter in self.parameters]
        self.steps += 1
        return True

    def after_step(self) -> None:
        """Record how far the parameters moved, every fiftieth step."""
        if self._before is None or not self.steps_taken:
            return
        now = [parameter.detach() for parameter in self.parameters]
        moved = torch._foreach_norm(torch._foreach_sub(now, self._before), 2.0, torch.float32)
        self.steps_taken[-1].moved = tuple(moved), tuple(torch._foreach_norm(now, 2.0, torch.float32))
        self._before = None

    def drain(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows for the tables ``steps`` and ``layers``."""
        steps, self.steps_taken = self.steps_taken, []
        iterations = np.asarray([step.iteration for step in steps], dtype=np.int64)
        scale = _bring_over([step.scale for step in steps])
        norms, absent = self._norms(steps)
        with np.errstate(all="ignore"):  # a run that diverges has infinities to divide by one another
            return self._tables(
                steps, iterations, norms / np.where(np.isnan(scale), 1.0, scale)[:, None], absent, scale
            )

    def _tables(
        self,
        steps: list[Step],
        iterations: NDArray[np.int64],
        norms: NDArray[np.float64],
        absent: NDArray[np.bool_],
        scale: NDArray[np.float64],
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        table = pd.DataFrame(
            {
                "iteration": iterations,
                "network": pd.Series([self.label] * len(steps), dtype=str),
                "grad_norm": _root_sum_square(norms, absent),
                "update_ratio": _update_ratios(steps),
                "gradients_finite": (np.isfinite(norms) | absent).all(axis=1),
                "loss_scale": scale,
            }
        )
        return table, self._layer_rows(norms, absent, iterations)

    def _norms(self, steps: list[Step]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Norm of each parameter's gradient at each step, and where there was none."""
        norms = np.zeros((len(steps), len(self.parameters)))
        absent = np.ones(norms.shape, dtype=bool)
        rows = np.repeat(np.arange(len(steps)), [len(step.present) for step in steps])
        columns = np.array([index for step in steps for index in step.present], dtype=int)
        norms[rows, columns] = _bring_over([norm for step in steps for norm in step.norms])
        absent[rows, columns] = False
        return norms, absent

    def _layer_rows(
        self, norms: NDArray[np.float64], absent: NDArray[np.bool_], iterations: NDArray[np.int64]
    ) -> pd.DataFrame:
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


def _bring_over(values: list[Tensor | None] | list[Tensor]) -> NDArray[np.float64]:
    """Numbers from the device to the host in one transfer, missing ones as NaN."""
    found = [value for value in values if value is not None]
    numbers = np.full(len(values), np.nan)
    if found:
        numbers[[value is not None for value in values]] = torch.stack(found).flatten().cpu().numpy()
    return numbers


def _update_ratios(steps: list[Step]) -> NDArray[np.float64]:
    """Norm of the step over norm of the parameters, where it was measured."""
    ratios = np.full(len(steps), np.nan)
    for index, step in enumerate(steps):
        if step.moved is not None:
            moved, sizes = (np.linalg.norm(_bring_over(list(norms))) for norms in step.moved)
            ratios[index] = moved / sizes if sizes > 0 else np.nan
    return ratios


def _root_sum_square(norms: NDArray[np.float64], absent: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Norm over several parameters: those without a gradient count for nothing, none at all is NaN."""
    total = np.sqrt(np.square(np.where(absent, 0.0, norms)).sum(axis=1))
    return np.where(absent.all(axis=1), np.nan, total)


def step_has_closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a step will compute its gradients itself, after the pre-hook, so that they cannot be read before."""
    closure = args[1] if len(args) > 1 else kwargs.get("closure")
    return callable(closure)
