"""How different samples are from one another."""

import math

import torch
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import checked_features, double

LEAST_PAIRWISE = 2
"""Samples of a distance; a class needs as many."""

LEAST_VENDI = 2
"""Below, the score can only be 1. It grows with n until all kinds have been seen."""

BLOCK = 1024


def mean_pairwise_distance(features: Tensor) -> float:
    r"""Mean Euclidean distance between two different samples.

    .. math:: \frac{2}{n (n - 1)} \sum_{i < j} |x_i - x_j|

    Args:
        features: Feature vectors or flattened samples, with shape :math:`(n, *)`, n ≥ 2.

    Returns:
        At least 0, higher is more diverse; 0 if all samples are the same. Unbiased at every n. Divided by the same
        number for real samples it is near 1 for a diverse generator and near 0 for a collapsed one. In float64; draws
        no random number; memory grows with n.

    Raises:
        TooFewSamples: If there are fewer than two samples.
        ValueError: If a feature is not finite.

    Examples:
        >>> import torch
        >>> mean_pairwise_distance(torch.tensor([[0.0, 0.0], [3.0, 4.0]]))
        5.0
    """
    if len(features) < LEAST_PAIRWISE:
        raise TooFewSamples(f"A distance needs at least two samples; got {len(features)}.")
    points = double(checked_features("given", features))
    total = 0.0
    for start in range(0, len(points), BLOCK):
        block, rest = points[start : start + BLOCK], points[start + BLOCK :]
        total += float(_distances(block, block).sum()) / 2
        if len(rest):
            total += float(_distances(block, rest).sum())
    return 2 * total / (len(points) * (len(points) - 1))


def intra_class_distances(features: Tensor, classes: Tensor, class_count: int) -> Tensor:
    r"""Mean pairwise distance within each class.

    .. math:: d_c = \frac{2}{n_c (n_c - 1)} \sum_{i < j \in c} |x_i - x_j|

    Args:
        features: Feature vectors or flattened samples, with shape :math:`(n, *)`.
        classes: Class of each, integers in [0, ``class_count``), with shape :math:`(n,)`.
        class_count: Number of classes :math:`K`.

    Returns:
        float64, with shape :math:`(K,)`, at least 0, higher is more diverse; NaN for a class with fewer than two
        samples. Unbiased. Beside that of the reals, a small one is a collapse within the class, which overall diversity
        hides.

    Raises:
        ValueError: If a class is out of range, there are not as many as samples, or a feature is not finite.

    Examples:
        >>> intra_class_distances(torch.tensor([[0.0], [2.0], [9.0]]), torch.tensor([0, 0, 1]), 2).tolist()
        [2.0, nan]
    """
    features = checked_features("given", features)
    if classes.shape != (len(features),):
        raise ValueError(f"There must be one class a sample; got {tuple(classes.shape)} for {len(features)}.")
    if len(classes) and not 0 <= int(classes.min()) <= int(classes.max()) < class_count:
        raise ValueError(f"Classes must be in [0, {class_count}).")
    members = [features[classes == c] for c in range(class_count)]
    means = [mean_pairwise_distance(part) if len(part) >= LEAST_PAIRWISE else math.nan for part in members]
    return torch.tensor(means, dtype=torch.float64)


def vendi_score(features: Tensor, *, order: float = 1.0) -> float:
    r"""Effective number of different samples, by the cosine of the angle between their features.

    .. math:: \exp\bigl(-\sum_i \lambda_i \ln \lambda_i\bigr), \quad
        \bigl(\sum_i \lambda_i^q\bigr)^{1 / (1 - q)} \text{ for order } q \ne 1

    with :math:`\lambda` the eigenvalues of :math:`K / n` and :math:`K_{ij} = \cos(x_i, x_j)`.

    Args:
        features: Feature vectors or flattened samples, with shape :math:`(n, *)`, n ≥ 2, none of them 0.
        order: q > 0; a higher one asks for the common kinds. 2 is Rényi's.

    Returns:
        In [1, min(n, d)], higher is more diverse. Biased downwards: it grows with n, so compare at the same n, beside
        the reals' own score. It does not fall when half of the classes are halved: a secondary number. Opposite
        features count as the same kind. Draws no random number.

    Raises:
        TooFewSamples: If there are fewer than two samples.
        ValueError: If a feature is not finite, a sample has only zeros, or ``order`` ≤ 0.

    Note:
        The same as the package vendi-score gives for normalised features; the smaller of the n × n and the d × d
        problem is solved, in float64.

    References:
        | The Vendi Score: A Diversity Evaluation Metric for Machine Learning (Friedman & Dieng, 2022), Definition 3.1
        | https://arxiv.org/abs/2210.02410

    Examples:
        >>> round(vendi_score(torch.eye(3)), 6)
        3.0
    """
    if not order > 0:
        raise ValueError(f"The order must be positive; got {order}.")
    points = double(checked_features("given", features, LEAST_VENDI))
    lengths = points.norm(dim=1, keepdim=True)
    if bool((lengths == 0).any()):
        raise ValueError(
            "A sample whose features are all 0 has no angle; the Vendi score needs them to be other than 0."
        )
    points = points / lengths
    gram = points.T @ points if points.shape[1] < len(points) else points @ points.T
    shares = torch.linalg.eigvalsh(gram / len(points)).clamp(min=0)
    if order == 1:
        return float(torch.special.entr(shares).sum().exp())
    return float(shares[shares > 0].pow(order).sum().pow(1 / (1 - order)))


def _distances(first: Tensor, second: Tensor) -> Tensor:
    # The mode with a matrix product would put identical samples at a distance.
    return torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
