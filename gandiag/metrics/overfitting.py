"""Whether a discriminator has learned its training set by heart: its scores there against those elsewhere."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from torch import Tensor

from gandiag.metrics.features import checked_features, double
from gandiag.metrics.tiles import Floats

LEAST_SCORES = 20
"""Training and held-out scores of a discriminator, for the normal approximation."""


@dataclass(frozen=True)
class DiscriminatorGap:
    """What a discriminator makes of training samples against held-out ones.

    Attributes:
        difference: Mean score of the training samples minus that of held-out ones, in the scores' own units.
        standard_error: Of the difference, without the assumption of equal variances.
        separation: Probability that a training sample's score is the higher one, ties as one half: 0.5 for a
            discriminator that cannot tell them apart, 1 for one that knows its training set by heart.
        z: Mann–Whitney z-score of the separation; standard normal without overfitting.
    """

    difference: float
    standard_error: float
    separation: float
    z: float


def discriminator_gap(train_scores: Tensor, held_out_scores: Tensor) -> DiscriminatorGap:
    r"""The gap between a discriminator's scores of training and of held-out real samples.

    .. math::
        \bar s - \bar h \pm \sqrt{v_s / n + v_h / m}, \qquad
        \frac{1}{nm} \sum_{ij} \bigl(1[s_i > h_j] + \tfrac12 1[s_i = h_j]\bigr)

    with means and variances of the training scores :math:`s` and the held-out ones :math:`h`.

    Args:
        train_scores: Scores (logits, say), higher for what looks real, with shape :math:`(n,)`, n ≥ 20.
        held_out_scores: Scores of real samples that were not trained on, with shape :math:`(m,)`, m ≥ 20.

    Returns:
        0 and 0.5 expected of a discriminator that generalises, more of one that has learned its training set by heart;
        the signs change with the roles. Unbiased. Draws no random number.

    Raises:
        TooFewSamples: If there are fewer than 20 of either.
        ValueError: If a score is not finite, or there is more than one a sample.

    References:
        | On a Test of Whether one of Two Random Variables is Stochastically Larger … (Mann & Whitney, 1947)
        | https://doi.org/10.1214/aoms/1177730491

    Examples:
        >>> import torch
        >>> gap = discriminator_gap(torch.arange(20.0) + 20, torch.arange(20.0))
        >>> gap.difference, gap.separation
        (20.0, 1.0)
    """
    train, held_out = (
        double(checked_features(name, scores, LEAST_SCORES))
        for name, scores in (("training", train_scores), ("held-out", held_out_scores))
    )
    if train.shape[1] != 1 or held_out.shape[1] != 1:
        raise ValueError(f"There must be one score a sample; got {train.shape[1]} and {held_out.shape[1]}.")
    error = math.sqrt(float(train.var()) / len(train) + float(held_out.var()) / len(held_out))
    first, second = train.flatten().cpu().numpy(), held_out.flatten().cpu().numpy()
    separation = float(scipy.stats.mannwhitneyu(first, second).statistic) / (len(first) * len(second))
    return DiscriminatorGap(float(train.mean() - held_out.mean()), error, separation, rank_z(first, second))


def rank_z(first: Floats, second: Floats) -> float:
    """Mann–Whitney z-score, corrected for ties, positive where the first are larger; 0 where all are tied."""
    n, m = len(first), len(second)
    pooled = np.concatenate([first, second])
    statistic = float(scipy.stats.rankdata(pooled)[:n].sum()) - n * (n + 1) / 2
    tied = np.unique(pooled, return_counts=True)[1].astype(float)
    variance = n * m / 12 * (n + m + 1 - float((tied**3 - tied).sum()) / ((n + m) * (n + m - 1)))
    return (statistic - n * m / 2) / math.sqrt(variance) if variance > 0 else 0.0
