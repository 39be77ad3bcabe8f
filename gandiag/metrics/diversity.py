"""How different samples are from one another."""

from torch import Tensor
from torch.nn.functional import pdist


def mean_pairwise_distance(features: Tensor) -> float:
    """Mean Euclidean distance between two different samples.

    Args:
        features: Feature vectors or flattened samples, with shape :math:`(n, d)`, n ≥ 2.

    Returns:
        At least 0; 0 if all samples are the same. Unbiased at every n. Divided by the same number for real samples it
        is near 1 for a diverse generator and near 0 for a collapsed one.

    Raises:
        ValueError: If there are fewer than two samples.

    Examples:
        >>> import torch
        >>> mean_pairwise_distance(torch.tensor([[0.0, 0.0], [3.0, 4.0]]))
        5.0
    """
    if len(features) < 2:
        raise ValueError(f"A distance needs at least two samples; got {len(features)}.")
    return float(pdist(features.flatten(1).double()).mean())
