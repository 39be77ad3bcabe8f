"""The generator's learning signal, and what the discriminator thinks of real and generated samples."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gandiag.monitor.tensors import first_float, per_sample_norm, storage_of

OUTPUTS_KEPT = 2
HEAD_PAIRS_KEPT = 3
COLUMNS = ("grad_norm", "head_gradient", "input_gradient", "logit_real", "logit_fake", "accuracy")
UNKNOWN_CALLS = "the discriminator's calls on real and on generated samples could not be told apart with certainty"


@dataclass(frozen=True)
class Row:
    """One iteration as the hooks saw it; its tensors stay on the device until many rows are summarised at once.

    Attributes:
        iteration: The generator step.
        fake_gradient: ‖∂L_G/∂fake‖ of each sample, with shape :math:`(n,)`, of a loss that is a mean over samples.
        head_gradient: ∂L_G/∂logit, with the shape of the discriminator's output.
        real_logits: The discriminator's output on real samples.
        fake_logits: The same on generated ones.
    """

    iteration: int
    fake_gradient: Tensor | None
    head_gradient: Tensor | None
    real_logits: Tensor | None
    fake_logits: Tensor | None

    @property
    def tensors(self) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
        """The four measurements."""
        return self.fake_gradient, self.head_gradient, self.real_logits, self.fake_logits

    @property
    def shapes(self) -> tuple[torch.Size | None, ...]:
        """What must agree for rows to be summarised together."""
        return tuple(None if tensor is None else tensor.shape for tensor in self.tensors)


@dataclass
class GeneratorSignal:
    """What one generator's latest iteration looked like, from its output on."""

    label: str
    outputs: list[Tensor] = field(default_factory=list)
    fake_gradient: Tensor | None = None
    head_gradient: Tensor | None = None
    real_logits: Tensor | None = None
    fake_logits: Tensor | None = None
    head_pairs: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

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
        self.fake_gradient = per_sample_norm(gradient)

    def made(self, sample: Tensor) -> bool:
        """Whether a tensor is one of the latest outputs, detached or not."""
        address = storage_of(sample)
        return any(storage_of(output) == address for output in self.outputs)

    def listen_to_head(self, logits: Tensor) -> None:
        """Take the gradient that the generator's loss sends into the discriminator's output."""
        if logits.requires_grad:
            seen = logits.detach() if len(self.head_pairs) < HEAD_PAIRS_KEPT else None
            logits.register_hook(lambda gradient: self._on_head_gradient(seen, gradient))

    def _on_head_gradient(self, logits: Tensor | None, gradient: Tensor) -> None:
        self.head_gradient = gradient.detach().clone()
        if logits is not None and len(self.head_pairs) < HEAD_PAIRS_KEPT:
            self.head_pairs.append((logits.clone(), self.head_gradient))

    def close_iteration(self, iteration: int) -> None:
        """Put the iteration down: the generator is about to step."""
        row = Row(iteration, self.fake_gradient, self.head_gradient, self.real_logits, self.fake_logits)
        self.rows.append(row)
        self.fake_gradient = self.head_gradient = self.real_logits = self.fake_logits = None

    def drain(self) -> pd.DataFrame:
        """Rows for the table ``signal``: one transfer from the device for all alike."""
        rows, self.rows = self.rows, []
        parts = [_summarise(list(alike)).cpu().numpy() for _, alike in groupby(rows, key=lambda row: row.shapes)]
        values = np.concatenate(parts) if parts else np.empty((0, len(COLUMNS)))
        table = pd.DataFrame(values, columns=list(COLUMNS))
        table.insert(0, "iteration", np.asarray([row.iteration for row in rows], dtype=np.int64))
        table.insert(1, "network", pd.Series([self.label] * len(rows), dtype=str))
        return table


def _summarise(rows: list[Row]) -> Tensor:
    """The columns of rows whose tensors have the same shapes, with shape :math:`(r, 6)`."""
    stacked = [
        None if tensors[0] is None else torch.stack([tensor for tensor in tensors if tensor is not None])
        for tensors in zip(*(row.tensors for row in rows), strict=True)
    ]
    gradient, head, real, fake = stacked
    # Losses are means: times the batch size, it is the gradient of one sample's own loss.
    gradient = None if gradient is None else gradient * gradient.shape[1]
    head = None if head is None else _rows_of_samples(head.abs()).sum(dim=2) * head.shape[1]
    real, fake = (None if logits is None else _rows_of_samples(logits).mean(dim=2) for logits in (real, fake))
    together = gradient is not None and head is not None and gradient.shape == head.shape
    columns = {
        "grad_norm": _median(gradient),
        "head_gradient": None if head is None else head.mean(dim=1),
        "input_gradient": _median(gradient / head) if together and gradient is not None and head is not None else None,
        "logit_real": None if real is None else real.mean(dim=1),
        "logit_fake": None if fake is None else fake.mean(dim=1),
        "accuracy": midpoint_accuracy(real, fake),
    }
    device = next((tensor.device for tensor in stacked if tensor is not None), torch.device("cpu"))
    missing = torch.full((len(rows),), torch.nan, device=device)
    found = [missing if (column := columns[name]) is None else column.float() for name in COLUMNS]
    return torch.stack(found, dim=1)


def _rows_of_samples(stacked: Tensor) -> Tensor:
    """Float32 with shape :math:`(r, n, p)`: rows, samples, and the patches that a patch discriminator judges."""
    return stacked.float().reshape(*stacked.shape[:2], -1)


def midpoint_accuracy(real: Tensor | None, fake: Tensor | None) -> Tensor | None:
    """Share of samples on the right side of the midpoint between the mean real and the mean fake logit.

    The midpoint makes it independent of the loss: a Wasserstein critic has no zero to decide at.

    Args:
        real: Logits of real samples, with shape :math:`(*, n)`.
        fake: Logits of generated samples, with shape :math:`(*, m)`.

    Returns:
        In [0, 1], with shape :math:`(*)`.
    """
    if real is None or fake is None:
        return None
    real_mean, fake_mean = real.mean(dim=-1, keepdim=True), fake.mean(dim=-1, keepdim=True)
    midpoint, direction = (real_mean + fake_mean) / 2, torch.sign(real_mean - fake_mean)
    right_real = ((real - midpoint) * direction > 0).float().mean(dim=-1)
    right_fake = ((fake - midpoint) * direction < 0).float().mean(dim=-1)
    return (right_real + right_fake) / 2


def _median(values: Tensor | None) -> Tensor | None:
    return None if values is None else values.median(dim=1).values
