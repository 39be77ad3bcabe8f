"""The gradient that the optimizer applied, read where alone it can be read: just before the step."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from gandiag.monitor.attribution import Attributed
from gandiag.monitor.columns import bring_over, repeated
from gandiag.monitor.networks import Network, layer_name
from gandiag.monitor.norms import Number, gradient_norms

MOVEMENT_EVERY = 250


@dataclass
class Step:
    """One optimizer step of one network; its tensors stay on the device until many are brought over at once.

    Attributes:
        iteration: Generator steps done before it.
        present: Indices of the parameters that had a gradient.
        norms: Norms of those gradients.
        loss_scale: What mixed precision multiplied the loss by.
        divisor: What a fused optimizer will divide the gradients by.
        overflow: Whether a fused optimizer will leave the step out, because gradients overflowed: 0 or 1.
        unclipped: Norms of all gradients as the last backward pass left them; looked at in a few iterations.
        attributed: The parts of the gradient; looked at in a few iterations.
        moved: Norms of the parameters' movement and of the parameters after it; measured every 250th iteration.
    """

    iteration: int
    present: tuple[int, ...]
    norms: list[Number]
    loss_scale: Tensor | None = None
    divisor: Tensor | None = None
    overflow: Tensor | None = None
    unclipped: list[Number] | None = None
    attributed: Attributed | None = None
    moved: tuple[list[Number], list[Number]] | None = None


class GradientTap:
    """Reads one network's gradients in the optimizer-step pre-hook, on the device.

    A discriminator's ``.grad`` is filled by several backward passes an iteration, the generator's among them, and is
    clipped, unscaled or reduced before it is used; only just before the step does it hold what the optimizer applies.

    Args:
        network: The network; only its parameters are held.
        steps: Steps done before.
    """

    REMEMBERED = ("steps", "skipped_steps", "empty_steps", "_stepped", "_unclipped")

    def __init__(self, network: Network, steps: int = 0) -> None:
        self.label = network.label
        self.role = network.role
        self.names: list[str] = []
        self.parameters: list[nn.Parameter] = []
        self.steps = steps
        self.steps_taken: list[Step] = []
        self.skipped_steps = 0
        self.empty_steps = 0
        self._layers: list[str] = []
        self._module = weakref.ref(network.module)
        self.look_for_parameters()
        self._stepped: frozenset[int] = frozenset()
        self._before: list[Tensor] | None = None
        self._unclipped: dict[int, Number] = {}

    def look_for_parameters(self) -> None:
        """Take up parameters that the network was given since, as one that grows while it trains is."""
        module = self._module()
        known = {id(parameter) for parameter in self.parameters}
        for name, parameter in [] if module is None else module.named_parameters():
            if id(parameter) not in known:
                self.names.append(name)
                self.parameters.append(parameter)
                self._layers.append(layer_name(name))

    def owned(self, optimizer: Optimizer) -> tuple[int, ...]:
        """Indices of this network's parameters that an optimizer steps."""
        theirs = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        return tuple(index for index, parameter in enumerate(self.parameters) if id(parameter) in theirs)

    def before_step(
        self,
        optimizer: Optimizer,
        owned: tuple[int, ...],
        iteration: int | None = None,
        loss_scale: Tensor | None = None,
        attributed: Attributed | None = None,
    ) -> bool:
        """Record the gradient about to be applied.

        Args:
            optimizer: The optimizer about to step.
            owned: What :meth:`owned` says of it.
            iteration: Generator steps done; ``None`` for a generator, which counts its own.
            loss_scale: What mixed precision multiplied the loss by.
            attributed: The parts of the gradient, where they were looked at.

        Returns:
            Whether there was any: an optimizer of several networks also steps while this one has no gradient.
        """
        parameters = self.parameters
        found = [(index, gradient) for index in owned if (gradient := parameters[index].grad) is not None]
        if not found:
            self.empty_steps += 1
            return False
        step = Step(0, tuple([index for index, _ in found]), gradient_norms([gradient for _, gradient in found]))
        step.iteration = self._count(step.present) if iteration is None else iteration
        # A fused optimizer unscales inside its step; the scale is handed to it as a tensor.
        if (divisor := getattr(optimizer, "grad_scale", None)) is not None:
            step.divisor, step.overflow = divisor.clone(), optimizer.found_inf.clone()  # type: ignore[attr-defined]
        if loss_scale is not None:
            step.loss_scale = loss_scale.clone()
        step.attributed, unclipped, self._unclipped = attributed, self._unclipped, {}
        step.unclipped = [unclipped[index] for index in step.present if index in unclipped] if unclipped else None
        self.steps_taken.append(step)
        if step.iteration % MOVEMENT_EVERY == 0:
            self._before = [parameter.detach().clone() for parameter in parameters]
        return True

    def adopt(self, norms: Mapping[int, Number]) -> bool:
        """Take over a step that was measured before this network was known to be watched.

        Args:
            norms: Identity of each parameter that the optimizer stepped → norm of its gradient.

        Returns:
            Whether any of this network's parameters was among them.
        """
        present = tuple(index for index, parameter in enumerate(self.parameters) if id(parameter) in norms)
        if present:
            iteration = self._count(present) if self.role == "generator" else self.steps
            self.steps_taken.append(Step(iteration, present, [norms[id(self.parameters[index])] for index in present]))
        return bool(present)

    def after_backward(self) -> None:
        """A backward pass has filled the gradients; nobody has clipped or unscaled them yet."""
        found = {index: p.grad for index, p in enumerate(self.parameters) if p.grad is not None}
        self._unclipped = dict(zip(found, gradient_norms(list(found.values())), strict=True))

    def forget_steps_of(self, beside: frozenset[int]) -> None:
        """Of the steps not yet handed over, those of these parameters alone were none of the network's."""
        self.steps_taken = [step for step in self.steps_taken if not beside.issuperset(step.present)]

    def _count(self, present: tuple[int, ...]) -> int:
        """The iteration of a step: several optimizers that share a network take one step together."""
        stepped = frozenset(present)
        if self._stepped and self._stepped.isdisjoint(stepped):
            self._stepped |= stepped
            return self.steps - 1
        self._stepped = stepped
        self.steps += 1
        return self.steps - 1

    @property
    def measures_movement(self) -> bool:
        """Whether the step being taken is one whose length is measured."""
        return self._before is not None

    def after_step(self) -> None:
        """Record how far the parameters moved, every 250th iteration."""
        if self._before is None or not self.steps_taken:
            return
        now = [parameter.detach() for parameter in self.parameters[: len(self._before)]]
        moved = gradient_norms(torch._foreach_sub(now, self._before))
        self.steps_taken[-1].moved = moved, gradient_norms(now)
        self._before = None

    def drain(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows for the tables ``steps`` and ``layers``."""
        steps, self.steps_taken = self.steps_taken, []
        iterations = np.asarray([step.iteration for step in steps], dtype=np.int64)
        divisor = bring_over([step.divisor for step in steps])
        self.skipped_steps += int(np.nansum(bring_over([step.overflow for step in steps])))
        norms, absent = self._norms(steps)
        with np.errstate(all="ignore"):  # a run that diverges has infinities to divide by one another
            norms /= np.where(np.isnan(divisor), 1.0, divisor)[:, None]
            scale = bring_over([step.loss_scale for step in steps])
            table = pd.DataFrame(
                {
                    "iteration": iterations,
                    "network": repeated([self.label], len(steps)),
                    "grad_norm": _root_sum_square(norms, absent),
                    "update_ratio": _update_ratios(steps),
                    "gradients_finite": (np.isfinite(norms) | absent).all(axis=1),
                    "loss_scale": np.where(np.isnan(scale), divisor, scale),
                }
                | {name: part / np.where(np.isnan(scale), 1.0, scale) for name, part in _parts(steps).items()}
            )
            return table, self._layer_rows(norms, absent, iterations)

    def _norms(self, steps: list[Step]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Norm of each parameter's gradient at each step, and where there was none."""
        norms = np.zeros((len(steps), len(self.parameters)))
        absent = np.ones(norms.shape, dtype=bool)
        start = 0
        for present, alike in groupby(steps, key=lambda step: step.present):
            values = [norm for step in alike for norm in step.norms]
            rows = slice(start, start := start + len(values) // len(present))
            norms[rows, list(present)] = bring_over(values).reshape(-1, len(present))
            absent[rows, list(present)] = False
        return norms, absent

    def _layer_rows(
        self, norms: NDArray[np.float64], absent: NDArray[np.bool_], iterations: NDArray[np.int64]
    ) -> pd.DataFrame:
        names = list(dict.fromkeys(self._layers))
        columns = [[i for i, layer in enumerate(self._layers) if layer == name] for name in names]
        by_layer = np.stack([_root_sum_square(norms[:, i], absent[:, i]) for i in columns], axis=1)
        return pd.DataFrame(
            {
                "iteration": np.repeat(iterations, len(columns)),
                "network": repeated([self.label], by_layer.size),
                "layer": repeated(names, by_layer.size),
                "grad_norm": by_layer.ravel(),
            }
        )


def _parts(steps: list[Step]) -> dict[str, NDArray[np.float64]]:
    """Norms of the gradients before clipping and of their parts, where they were looked at."""
    parts = {f"{name}_norm": np.full(len(steps), np.nan) for name in ("unclipped", "real", "fake", "penalty", "leaked")}
    for index, step in enumerate(steps):
        if step.unclipped is not None:
            parts["unclipped_norm"][index] = np.linalg.norm(bring_over(step.unclipped))
        for name in ("real", "fake", "penalty", "leaked") if step.attributed is not None else ():
            if (norms := getattr(step.attributed, name)) is not None:
                parts[f"{name}_norm"][index] = np.linalg.norm(bring_over(norms))
    return parts


def _update_ratios(steps: list[Step]) -> NDArray[np.float64]:
    """Norm of the step over norm of the parameters, where it was measured."""
    ratios = np.full(len(steps), np.nan)
    for index, step in enumerate(steps):
        if step.moved is not None:
            moved, sizes = (np.linalg.norm(bring_over(norms)) for norms in step.moved)
            ratios[index] = moved / sizes if sizes > 0 else np.nan
    return ratios


def _root_sum_square(norms: NDArray[np.float64], absent: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Norm over several parameters: those without a gradient count for nothing, none at all is NaN."""
    total = np.sqrt(np.square(np.where(absent, 0.0, norms)).sum(axis=1))
    return np.where(absent.all(axis=1), np.nan, total)
