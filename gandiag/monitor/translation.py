"""Generators that translate: whether they change anything, keep what is shown, and hide something that comes back."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gandiag.metrics.features import double
from gandiag.monitor.factors import Factor
from gandiag.monitor.replay import Argument, Call
from gandiag.monitor.sensitivity import mean_distance, shuffled_order
from gandiag.probes.classes import Labels

NOISE_SHARE = 0.05  # of the range of the samples
LEAST_CLASSES, LEAST_SHARE = 3, 0.05
Give = Callable[[Sequence[Call]], Tensor]


def source_argument(factors: Sequence[Factor]) -> Argument | None:
    """The argument that is translated: the one input that is neither noise nor a label, if there is one."""
    found = [factor.argument for factor in factors if factor.kind == "other" and factor.columns is None]
    return found[0] if len(found) == 1 else None


def identity_distance(inputs: Tensor, samples: Tensor) -> dict[str, float]:
    """How far a translator's samples are from what they were made of.

    Args:
        inputs: What was translated, with the samples' shape.
        samples: With shape :math:`(n, *)`.

    Returns:
        ``identity_distance``: mean distance of a sample from its own input, relative to that of two samples; at least
        0, and 0 for the identity. Empty where the shapes differ, or where all samples are the same.
    """
    if inputs.shape != samples.shape:
        return {}
    between = mean_distance(samples[shuffled_order(samples)], samples)
    return {"identity_distance": mean_distance(samples, inputs) / between} if between > 0 else {}


def content_kept(before: Labels, after: Labels) -> dict[str, float]:
    """Whether what was translated still shows the class that it showed before.

    Args:
        before: The classes that the inputs show, to a judge.
        after: The classes that the samples show.

    Returns:
        ``content_kept``: share of samples of the same class as their inputs, in [0, 1]. Empty where the inputs show
        fewer than three classes, each with a twentieth of them or more: a judge of the two domains themselves finds
        other classes after than before, as it should.
    """
    if int((before.sizes >= LEAST_SHARE * len(before.classes)).sum()) < LEAST_CLASSES:
        return {}
    return {"content_kept": float(double(before.classes == after.classes).mean())}


def cycle_errors(inputs: Tensor, samples: Tensor, like: Call, restore: Give) -> dict[str, float]:
    """How well a second translator restores what the first was given, and how much of that hangs on faint traces.

    Args:
        inputs: What was translated, with shape :math:`(n, *)`.
        samples: What the first translator made of it.
        like: A call of the second translator on such samples.
        restore: Makes the second translator's samples of calls.

    Returns:
        ``cycle_error``: mean distance of what comes back from what was given, relative to that of two inputs; at least
        0, and about 1 where nothing comes back. ``cycle_error_noised``: the same with Gaussian noise of 0.05 of the
        samples' range added to them. ``cycle_amplification``: what the noise adds to the error, relative to what it
        would add if it came back as it is; about 1 or less for a second translator that looks at what it is shown.
        Empty where the second translator takes something else beside, or gives another shape.

    References:
        | CycleGAN, a Master of Steganography (Chu et al., 2017), Section 4
        | https://arxiv.org/abs/1712.02950
    """
    rows = {argument: rows for argument in like.arguments if (rows := like.rows_of(argument)) is not None}
    between = mean_distance(inputs[shuffled_order(inputs)], inputs)
    if len(rows) != 1 or not between > 0:
        return {}
    (argument,) = rows

    def back(translated: Tensor) -> Tensor:
        return restore([Call(like.args, like.kwargs, len(translated)).replaced({argument: translated})])

    restored = back(samples)
    if restored.shape != inputs.shape:
        return {}
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(samples.shape, generator=generator).to(samples) * NOISE_SHARE * (samples.max() - samples.min())
    strength = mean_distance(noise, torch.zeros_like(noise)) / between
    clean, noised = (mean_distance(one, inputs) / between for one in (restored, back(samples + noise)))
    row = {"cycle_error": clean, "cycle_error_noised": noised}
    return row | ({"cycle_amplification": (noised - clean) / strength} if strength > 0 else {})
