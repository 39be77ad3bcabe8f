"""How colourful images are, and how much one input can become."""

import torch
from torch import Tensor

from gandiag.metrics.features import double

YELLOW_AGAINST_BLUE = 0.3
"""Weight of the mean against the spread (Hasler and Süsstrunk, 2003, Eq. 11)."""


def colourfulness(images: Tensor) -> Tensor:
    r"""How colourful a person finds each image.

    .. math:: M = \sqrt{\sigma_{rg}^2 + \sigma_{yb}^2} + 0.3 \sqrt{\mu_{rg}^2 + \mu_{yb}^2}, \quad
        rg = R - G, \quad yb = \tfrac12 (R + G) - B

    Args:
        images: RGB with shape :math:`(n, 3, h, w)` in [0, 1].

    Returns:
        float64 with shape :math:`(n,)`, in the paper's units, for which RGB goes to 255: 0 for a grey image, above 100
        for an extremely colourful one. Of dark images of little ink it is small: compare with that of real ones.

    Raises:
        ValueError: If the images do not have three channels.

    References:
        | Measuring colourfulness in natural images (Hasler and Süsstrunk, 2003), Eq. 11
        | https://doi.org/10.1117/12.477378

    Examples:
        >>> colourfulness(torch.ones(1, 3, 2, 2)).tolist()
        [0.0]
    """
    _check(images)
    red, green, blue = double(images).mul(255).flatten(2).unbind(dim=1)
    differences = torch.stack([red - green, (red + green) / 2 - blue])
    spread = differences.var(dim=2, correction=0).sum(dim=0).sqrt()
    mean = differences.mean(dim=2).square().sum(dim=0).sqrt()
    return spread + YELLOW_AGAINST_BLUE * mean


def _check(images: Tensor) -> None:
    if images.dim() != 4 or images.shape[1] != 3:
        raise ValueError(f"Colour images have shape (n, 3, height, width); got {tuple(images.shape)}.")


def output_diversity(outputs: Tensor) -> float:
    """Mean Euclidean distance between two outputs of one input, averaged over the inputs.

    Args:
        outputs: With shape :math:`(i, k, *)`: k ≥ 2 outputs for each of i inputs.

    Returns:
        At least 0; 0 if each input has but one output.

    Raises:
        ValueError: If there are fewer than two outputs an input.

    Examples:
        >>> output_diversity(torch.tensor([[[0.0, 0.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]]))
        2.5
    """
    if outputs.dim() < 3 or outputs.shape[1] < 2:
        raise ValueError(f"Outputs have shape (inputs, at least 2, *); got {tuple(outputs.shape)}.")
    points = double(outputs).flatten(2)
    count = points.shape[1]
    # The mode with a matrix product would put identical outputs at a distance.
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    return float(distances.sum(dim=(1, 2)).mean() / (count * (count - 1)))
