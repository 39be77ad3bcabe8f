"""How far each of a generator's inputs decides what it makes."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gandiag.metrics.features import double
from gandiag.monitor.factors import Factor, joined
from gandiag.monitor.replay import Call
from gandiag.probes.probe import LEAST_SAMPLES

ROWS = LEAST_SAMPLES
"""Samples that are made anew for each input: a mean distance of so many is good to a few per cent."""

LEAST_ROWS = 16


def sensitivities(
    give: Callable[[Sequence[Call]], Tensor], calls: Sequence[Call], factors: Sequence[Factor]
) -> dict[str, float]:
    r"""How far the samples change when one input is exchanged between them.

    .. math:: \frac{\sum_i |G(\ldots, x_{\pi(i)}, \ldots) - G(\ldots, x_i, \ldots)|}{\sum_i |y_{\pi(i)} - y_i|}

    with :math:`y` the samples and :math:`\pi` one fixed permutation, the same for all inputs.

    Args:
        give: Makes samples of calls; noise drawn inside is the same each time.
        calls: The inputs, of at least 16 samples.
        factors: Two or more inputs; with fewer, there is nothing to tell apart.

    Returns:
        ``sensitivity_<name>`` for each input, at least 0: 0 if it is ignored, 1 if it alone decides. Empty where there
        is nothing to tell apart, or where all samples are the same.
    """
    sizes = [call.samples for call in calls]
    if len(factors) < 2 or sum(sizes) < LEAST_ROWS:
        return {}
    samples = give(calls)
    order = shuffled_order(samples)
    between = mean_distance(samples[order], samples)
    if not between > 0:
        return {}
    row = {}
    for factor in factors:
        whole = joined(calls, factor.argument)
        assert whole is not None
        parts = factor.shuffled(whole, order.to(whole.device)).split(sizes)
        exchanged = [call.replaced({factor.argument: part}) for call, part in zip(calls, parts, strict=True)]
        row[f"sensitivity_{factor.name}"] = mean_distance(give(exchanged), samples) / between
    return row


def mean_distance(first: Tensor, second: Tensor) -> float:
    """Mean distance of each sample of the first from the same one of the second."""
    return float(torch.linalg.vector_norm(double((first - second).flatten(1)), dim=1).mean())


def shuffled_order(samples: Tensor) -> Tensor:
    """One fixed permutation of so many samples, no number of it from anybody's random stream."""
    return torch.randperm(len(samples), generator=torch.Generator().manual_seed(0)).to(samples.device)
