"""The generator's learning signal, and what the discriminator thinks of real and generated samples."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gandiag.monitor.columns import repeated
from gandiag.monitor.guard import Guard
from gandiag.monitor.hooks import at_end_of_backward
from gandiag.monitor.share import SampleGradient, mark
from gandiag.monitor.tensors import first_float, per_sample_norm, storage_of

OUTPUTS_KEPT = 4
MOST_PASSES = 64  # in one iteration
LEAST_PROBABILITY = 1e-7  # that single precision tells from 1 − 1
HEAD_PAIRS_KEPT = 3
COLUMNS = ("grad_norm", "head_gradient", "input_gradient", "logit_real", "logit_fake", "accuracy", "adversarial_share")
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
        loss_scale: What mixed precision multiplied the loss by, and with it both gradients.
        adversarial_share: Share of the samples' gradient that came by way of the discriminator; seldom looked at.
    """

    iteration: int
    fake_gradient: Tensor | None
    head_gradient: Tensor | None
    real_logits: Tensor | None
    fake_logits: Tensor | None
    loss_scale: Tensor | None
    adversarial_share: Tensor | None = None

    @property
    def tensors(self) -> tuple[Tensor | None, ...]:
        """What was measured, and the scale."""
        logits = self.real_logits, self.fake_logits
        return self.fake_gradient, self.head_gradient, *logits, self.loss_scale, self.adversarial_share

    @property
    def shapes(self) -> tuple[torch.Size | None, ...]:
        """What must agree for rows to be summarised together."""
        return tuple(None if tensor is None else tensor.shape for tensor in self.tensors)


@dataclass
class ForwardPass:
    """One forward pass of a generator, and the gradient that came back into its samples.

    Attributes:
        samples: What it made; kept alive so that its memory is not given to real samples, which would then pass for
            generated ones.
        after_backward: Called when a backward pass that reached the samples is over.
        gradient: ‖∂L/∂sample‖ of each, of the latest backward pass, with shape :math:`(n,)`.
        parts: Where the gradient came from; looked at in some iterations only.
    """

    samples: Tensor
    after_backward: Callable[[], None] | None = None
    gradient: Tensor | None = None
    parts: SampleGradient | None = None

    def receive(self, gradient: Tensor) -> None:
        """The hook on the samples."""
        self.gradient = per_sample_norm(gradient)
        if self.parts is not None:
            self.parts.receive(gradient)
        if self.after_backward is not None:
            at_end_of_backward(self.after_backward)


@dataclass
class GeneratorSignal:
    """What one generator's latest iteration looked like, from its output on.

    Attributes:
        label: The generator's label.
        guard: Keeps errors in hooks from the training loop.
        passes: Its forward passes since its last step.
        squashed: Whether the discriminator ends in a sigmoid: its outputs are probabilities then, and what is recorded
            is of the logits before it.
        head_gradient: ∂L_G/∂logit, of the latest judgement that a gradient came back to.
        real_logits: The discriminator's output on real samples.
        fake_logits: The same on generated ones.
        head_pairs: Outputs with their gradient, to tell the loss by.
        rows: Finished iterations.
        seen: Whether it ever made any samples in sight of the hooks.
        share_seen: Whether it was ever seen how much of its gradient comes by way of a discriminator.
    """

    REMEMBERED: ClassVar = ("squashed", "head_pairs", "seen", "share_seen", "_judged_of")

    label: str
    guard: Guard
    squashed: bool = False
    passes: list[ForwardPass] = field(default_factory=list)
    head_gradient: Tensor | None = None
    real_logits: Tensor | None = None
    fake_logits: Tensor | None = None
    head_pairs: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    seen: bool = False
    share_seen: bool = False
    _recent: list[ForwardPass] = field(default_factory=list)
    _judgements: int = 0
    _heard_of: int = 0
    _judged: int | None = None
    _judged_of: dict[int, int] = field(default_factory=dict)

    def after_forward(
        self, output: Any, after_backward: Callable[[], None] | None = None, apart: bool = False
    ) -> int | None:
        """Remember the samples just made, and listen to the gradient that will flow back into them.

        Args:
            output: The generator's output.
            after_backward: To be called when a backward pass that reached the samples is over.
            apart: Whether to take apart where the gradient comes from.

        Returns:
            The number of the pass in this iteration; ``None`` if it made no samples.
        """
        fake = first_float(output)
        if fake is None or fake.dim() == 0 or len(self.passes) == MOST_PASSES:
            return None
        self.seen = True
        made = ForwardPass(fake.detach(), after_backward)
        self.passes.append(made)
        self._recent = [*self._recent[1 - OUTPUTS_KEPT :], made]
        if fake.requires_grad:
            made.parts = mark(fake) if apart else None
            fake.register_hook(self.guard.shield("signal", made.receive))
        return len(self.passes) - 1

    @property
    def latest(self) -> list[Tensor]:
        """Its latest outputs."""
        return [one.samples for one in self._recent]

    def made(self, sample: Tensor) -> bool:
        """Whether a tensor is one of the latest outputs, detached or not."""
        address = storage_of(sample)
        return any(storage_of(one.samples) == address for one in self._recent)

    def listen_to_head(self, sample: Tensor, forward: int | None, logits: Tensor, pair: bool) -> None:
        """Take the gradient that the generator's loss sends into the discriminator's output.

        Args:
            sample: What the discriminator was shown.
            forward: The pass that made it; ``None`` where that was not followed.
            logits: The discriminator's output.
            pair: Whether to keep logits and gradient, to tell the loss by.
        """
        if forward is None and len(self.passes) > 1:
            address = storage_of(sample)
            same = [index for index, one in enumerate(self.passes) if storage_of(one.samples) == address]
            forward = same[-1] if same else None
        if forward is not None:
            self._judged = forward
        if logits.requires_grad:
            seen = logits.detach().clone()
            self._judgements += 1
            hook = partial(self._on_head_gradient, self._judgements, seen, pair)
            logits.register_hook(self.guard.shield("signal", hook))

    def _on_head_gradient(self, judgement: int, outputs: Tensor, pair: bool, gradient: Tensor) -> None:
        """A backward pass goes through later judgements first, and through those that an unrolled one came by last."""
        if judgement < self._heard_of:
            return
        self._heard_of = judgement
        gradient = gradient.detach().clone()
        if pair:
            self.head_pairs = [*self.head_pairs[1 - HEAD_PAIRS_KEPT :], (outputs, gradient)]
        self.head_gradient = gradient * outputs * (1 - outputs) if self.squashed else gradient

    def close_iteration(self, iteration: int, loss_scale: Tensor | None) -> None:
        """Put the iteration down: the generator is about to step."""
        row = Row(
            iteration,
            self._judged_gradient(),
            self.head_gradient,
            self.real_logits,
            self.fake_logits,
            loss_scale,
            self._adversarial_share(),
        )
        self.rows.append(row)
        self.forget()

    def discriminator_steps(self) -> None:
        """What came back into the samples until now was for the discriminator's loss."""
        for one in self.passes:
            if one.parts is not None:
                one.parts.begin_anew()

    def forget(self) -> None:
        """Begin anew, after a step or after one that was left out."""
        self.passes = []
        self._judged = None
        self.head_gradient = self.real_logits = self.fake_logits = None

    def _judged_gradient(self) -> Tensor | None:
        """The gradient of the samples that the discriminator judged: cycles and identities come by other passes."""
        reached = [one for one in self.passes if one.gradient is not None]
        if self._judged is not None:
            self._judged_of[len(self.passes)] = self._judged
        if len(reached) <= 1:
            return reached[0].gradient if reached else None
        index = self._judged_of.get(len(self.passes))
        return None if index is None else self.passes[index].gradient

    def _adversarial_share(self) -> Tensor | None:
        """Mean over the passes whose samples a discriminator sent gradients into."""
        shares = [share for one in self.passes if one.parts and (share := one.parts.share()) is not None]
        self.share_seen |= bool(shares)
        return torch.stack(shares).mean() if shares else None

    def drain(self) -> pd.DataFrame:
        """Rows for the table ``signal``: one transfer from the device for all alike."""
        rows, self.rows = self.rows, []
        alike = [list(group) for _, group in groupby(rows, key=lambda row: row.shapes)]
        parts = [_summarise(group, self.squashed).cpu().numpy() for group in alike]
        values = np.concatenate(parts) if parts else np.empty((0, len(COLUMNS)))
        table = pd.DataFrame(values, columns=list(COLUMNS))
        table.insert(0, "iteration", np.asarray([row.iteration for row in rows], dtype=np.int64))
        table.insert(1, "network", repeated([self.label], len(rows)))
        return table


def _summarise(rows: list[Row], squashed: bool) -> Tensor:
    """The columns of rows whose tensors have the same shapes, with shape :math:`(r, 7)`."""
    gradient, head, real, fake, scale, share = (
        None if tensors[0] is None else torch.stack([tensor for tensor in tensors if tensor is not None])
        for tensors in zip(*(row.tensors for row in rows), strict=True)
    )
    if squashed:
        real, fake = (None if outputs is None else outputs.float().logit(LEAST_PROBABILITY) for outputs in (real, fake))
    return signal_columns(len(rows), gradient, head, real, fake, scale, share)


def signal_columns(
    count: int,
    gradient: Tensor | None,
    head: Tensor | None,
    real: Tensor | None,
    fake: Tensor | None,
    scale: Tensor | None = None,
    share: Tensor | None = None,
) -> Tensor:
    """The columns of the table ``signal``, after ``iteration`` and ``network``; what was not measured is NaN.

    Args:
        count: Number :math:`r` of rows.
        gradient: ‖∂L_G/∂fake‖ of each sample, with shape :math:`(r, n)`, of losses that are means over samples.
        head: ∂L_G/∂logit, with shape :math:`(r, n, *)`.
        real: Logits of real samples, with shape :math:`(r, n, *)`.
        fake: The same of generated ones.
        scale: What mixed precision multiplied the loss by, with shape :math:`(r,)`.
        share: Share of the gradient that came by way of the discriminator, with shape :math:`(r,)`.

    Returns:
        With shape :math:`(r, 7)`.
    """
    measured = (gradient, head, real, fake, scale, share)
    device = next((one.device for one in measured if one is not None), torch.device("cpu"))
    unscaled = 1.0 if scale is None else 1 / scale.reshape(-1, 1)
    # Losses are means: times the batch size, it is the gradient of one sample's own loss.
    gradient = None if gradient is None else gradient * (gradient.shape[1] * unscaled)
    head = None if head is None else _rows_of_samples(head.abs()).sum(dim=2) * (head.shape[1] * unscaled)
    real, fake = (None if logits is None else _rows_of_samples(logits).mean(dim=2) for logits in (real, fake))
    together = gradient is not None and head is not None and gradient.shape == head.shape
    columns = {
        "grad_norm": _median(gradient),
        "head_gradient": None if head is None else head.mean(dim=1),
        "input_gradient": _median(gradient / head) if together and gradient is not None and head is not None else None,
        "logit_real": None if real is None else real.mean(dim=1),
        "logit_fake": None if fake is None else fake.mean(dim=1),
        "accuracy": midpoint_accuracy(real, fake),
        "adversarial_share": share,
    }
    missing = torch.full((count,), torch.nan, device=device)
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
