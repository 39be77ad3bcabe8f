"""What every metric asks of the features that it is given."""

import math

import torch
from torch import Tensor

from gandiag.errors import TooFewSamples


def checked_features(name: str, features: Tensor, least: int = 1) -> Tensor:
    """Features as a matrix with shape :math:`(n, d)`, all finite, in float32 or float64.

    Args:
        name: What the features are, for the sentence of an error.
        features: Feature vectors or samples, with shape :math:`(n, *)`; they are flattened, not copied.
        least: Fewest samples with which the metric means something.

    Raises:
        TooFewSamples: If there are fewer than ``least``.
        ValueError: If there is no axis of samples or no feature, or a feature is not finite.

    Examples:
        >>> checked_features("fake", torch.zeros(2, 3, 4)).shape
        torch.Size([2, 12])
    """
    if features.dim() == 0 or 0 in features.shape[1:]:
        raise ValueError(f"The {name} features must have a shape (n, d) with d ≥ 1; got {tuple(features.shape)}.")
    if len(features) < least:
        raise TooFewSamples(f"This metric needs at least {least} {name} samples; got {len(features)}.")
    matrix = features.detach().reshape(len(features), math.prod(features.shape[1:]))
    if matrix.dtype not in (torch.float32, torch.float64):
        matrix = matrix.float() if matrix.is_floating_point() else matrix.double()
    # NaN is both the least and the largest; ``isfinite`` of every feature would be a copy of them.
    if not all(math.isfinite(float(end)) for end in matrix.aminmax()):
        raise ValueError(f"The {name} features are not finite; remove or repair NaN and infinite values first.")
    return matrix


def checked_pair(
    real: Tensor, fake: Tensor, least_real: int = 1, least_fake: int = 1, names: tuple[str, str] = ("real", "fake")
) -> tuple[Tensor, Tensor]:
    """Two sets of features as matrices with the same number of columns.

    Raises:
        TooFewSamples: If one has too few samples.
        ValueError: If their dimensions differ, or a feature is not finite.
    """
    first, second = checked_features(names[0], real, least_real), checked_features(names[1], fake, least_fake)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"The {names[0]} and {names[1]} features must have the same dimension; "
            f"got {first.shape[1]} and {second.shape[1]}."
        )
    return first, second


def double(features: Tensor) -> Tensor:
    """In float64, on the processor where the device has no float64."""
    return (features.cpu() if features.device.type == "mps" else features).double()


def for_products(features: Tensor) -> Tensor:
    """In a precision whose matrix products keep it: a user may have allowed those of float32 to be rounded further."""
    return features if torch.get_float32_matmul_precision() == "highest" else double(features)
