"""Mode coverage: which classes a set of samples shows, and how evenly."""

import torch
from torch import Tensor

from gandiag.metrics.features import double

PRESENT_SHARE = 0.1
"""A class counts as present from a tenth of its real share on: at least one sample would count the judge's own errors,
which fill an empty class as the sample grows."""

SURE_PROBABILITY = 0.9


def class_shares(classes: Tensor, class_count: int) -> Tensor:
    r"""Share of samples in each class.

    Args:
        classes: Class of each sample, integers in [0, ``class_count``), with shape :math:`(n,)`, n ≥ 1.
        class_count: Number of classes :math:`K`.

    Returns:
        float64 shares with shape :math:`(K,)` that sum to 1. Unbiased at every n. Deterministic.

    Examples:
        >>> class_shares(torch.tensor([0, 0, 2, 2]), 3).tolist()
        [0.5, 0.0, 0.5]
    """
    return double(classes.bincount(minlength=class_count)) / len(classes)


def modes_present(fake_shares: Tensor, real_shares: Tensor) -> int:
    """Number of classes that the samples show, of those that the real data has.

    A class is present if its share of the samples is at least a tenth of its share of the real data.

    Args:
        fake_shares: Class shares of the samples, with shape :math:`(K,)`.
        real_shares: Class shares of the real data, with shape :math:`(K,)`.

    Returns:
        In [0, K]; higher is better. From n samples of ten even classes, a class with a share of 1 % is missed by
        chance with probability 0.99^n: n ≥ 500 keeps that under 1 %.

    Examples:
        >>> modes_present(torch.tensor([0.95, 0.05, 0.0]), torch.tensor([0.4, 0.3, 0.3]))
        2
    """
    return int(((fake_shares >= PRESENT_SHARE * real_shares) & (real_shares > 0)).sum())


def entropy(shares: Tensor) -> float:
    """Shannon entropy of class shares in nats: 0 for a single class, ln K for K even ones.

    Examples:
        >>> entropy(torch.tensor([1.0, 0.0]))
        0.0
    """
    return float(torch.special.entr(double(shares)).sum())


def kl_divergence(fake_shares: Tensor, real_shares: Tensor) -> float:
    r"""Kullback–Leibler divergence of the samples' class shares from the real ones, in nats.

    .. math:: \mathrm{KL}(q \| p) = \sum_c q_c \ln (q_c / p_c)

    Args:
        fake_shares: :math:`q`, with shape :math:`(K,)`.
        real_shares: :math:`p`, with shape :math:`(K,)`.

    Returns:
        At least 0, lower is better, not symmetric; infinite if the samples show a class that the real data lacks. A
        perfect generator judged by n samples scores (K − 1) / 2n on average: 0.0088 for 10 classes and 512 samples.

    Examples:
        >>> kl_divergence(torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5]))
        0.0
    """
    q, p = double(fake_shares), double(real_shares)
    shown = q > 0
    return float((q[shown] * (q[shown] / p[shown]).log()).sum())


def unsure_share(probabilities: Tensor) -> float:
    """Share of samples to which the judge gives no class a probability of at least 0.9.

    Args:
        probabilities: Class probabilities, with shape :math:`(n, K)`, n ≥ 1.

    Returns:
        In [0, 1], lower is better. Unbiased at every n; real samples have a share above 0 too. Deterministic.

    Examples:
        >>> unsure_share(torch.tensor([[0.95, 0.05], [0.6, 0.4]]))
        0.5
    """
    return float(double(~(probabilities.max(dim=1).values >= SURE_PROBABILITY)).mean())
