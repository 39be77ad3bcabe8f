"""The generator's learning signal, and what the discriminator thinks of real and generated samples."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gandiag.monitor.ring import Ring
from gandiag.monitor.tensors import first_float, per_sample_norm, storage_of

OUTPUTS_KEPT = 2
HEAD_PAIRS_KEPT = 3
COLUMNS = ("grad_norm", "head_gradient", "input_gradient", "logit_real", "logit_fake", "accuracy")
UNKNOWN_CALLS = "the discriminator's calls on real and on generated samples could not be told apart with certainty"


@dataclass
class GeneratorSignal:
    """What one generator's latest iteration looked like from its output on; tensors stay on the device."""

    label: str
    device: torch.device
    outputs: list[Tensor] = field(default_factory=list)
    fake_gradient: Tensor | None = None
    head_gradient: Tensor | None = None
    real_logits: Tensor | None = None
    fake_logits: Tensor | None = None
    head_pairs: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    ring: Ring = field(init=False)

    def __post_init__(self) -> None:
        self.ring = Ring(len(COLUMNS), self.device)
        self.missing = torch.tensor(torch.nan, device=self.device)

    def after_forward(self, output: Any) -> None:
        """Remember the samples just made, and listen to the gradient that will flow back into them."""
        fake = first_float(output)
        if fake is None or fake.dim() == 0:
            return
        # Kept alive so that its memory is not given to a batch of real samples, which would then pass for generated.
        self.outputs = [*self.outputs[1 - OUTPUTS_KEPT :], fake.detach()]
        if fake.requires_grad:
            fake.register_hook(self._on_fake_gradient)

    def _on_fake_gradient(self, gradient: Tensor) -> None:
        # Losses are means: times the batch size, it is the gradient of one sample's own loss.
        self.fake_gradient = per_sample_norm(gradient) * len(gradient)

    def made(self, sample: Tensor) -> bool:
        """Whether a tensor is one of the latest outputs, detached or not."""
        address = storage_of(sample)
        return any(storage_of(output) == address for output in self.outputs)

    def listen_to_head(self, logits: Tensor) -> None:
        """Take the gradient that the generator's loss sends into the discriminator's output."""
        if logits.requires_grad:
            seen = logits.detach()
            logits.register_hook(lambda gradient: self._on_head_gradient(seen, gradient))

    def _on_head_gradient(self, logits: Tensor, gradient: Tensor) -> None:
        if len(self.head_pairs) < HEAD_PAIRS_KEPT:
            self.head_pairs.append((logits.clone(), gradient.detach().clone()))
        self.head_gradient = gradient.detach().float().abs().flatten(1).sum(dim=1) * len(gradient)

    def close_iteration(self, iteration: int) -> None:
        """Write one row: the generator is about to step."""
        values = {
            "grad_norm": _median(self.fake_gradient),
            "head_gradient": None if self.head_gradient is None else self.head_gradient.mean(),
            "input_gradient": self._input_gradient(),
            "logit_real": None if self.real_logits is None else self.real_logits.mean(),
            "logit_fake": None if self.fake_logits is None else self.fake_logits.mean(),
            "accuracy": midpoint_accuracy(self.real_logits, self.fake_logits),
        }
        row = [self.missing if (value := values[name]) is None else value for name in COLUMNS]
        self.ring.next_row(iteration).copy_(torch.stack(row))
        self.fake_gradient = self.head_gradient = self.real_logits = self.fake_logits = None

    def _input_gradient(self) -> Tensor | None:
        """‖∂logit/∂fake‖: what is left of ∂L_G/∂fake once the loss's own factor is divided out."""
        if self.fake_gradient is None or self.head_gradient is None:
            return None
        if self.fake_gradient.shape != self.head_gradient.shape:
            return None
        return _median(self.fake_gradient / self.head_gradient)

    def drain(self) -> pd.DataFrame:
        """Rows for the table ``signal``."""
        values, iterations = self.ring.drain()
        rows = pd.DataFrame(values, columns=list(COLUMNS))
        rows.insert(0, "iteration", np.asarray(iterations, dtype=np.int64))
        rows.insert(1, "network", pd.Series([self.label] * len(rows), dtype=str))
        return rows


def midpoint_accuracy(real: Tensor | None, fake: Tensor | None) -> Tensor | None:
    """Share of samples on the right side of the midpoint between the mean real and the mean fake logit.

    The midpoint makes it independent of the loss: a Wasserstein critic has no zero to decide at.
    """
    if real is None or fake is None:
        return None
    real_mean, fake_mean = real.mean(), fake.mean()
    midpoint = (real_mean + fake_mean) / 2
    direction = torch.sign(real_mean - fake_mean)
    right_real = ((real - midpoint) * direction > 0).float().mean()
    right_fake = ((fake - midpoint) * direction < 0).float().mean()
    return (right_real + right_fake) / 2


def _median(values: Tensor | None) -> Tensor | None:
    return None if values is None else values.median()
