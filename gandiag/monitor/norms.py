"""Norms of many gradients, as fast as each device allows and exact to five digits at any size."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Number = float | Tensor
"""A float where it could be had without waiting, else a tensor that stays on its device."""

LARGEST_DOT = 2**18  # numbers: float32 sums of more squares lose the fifth digit
SAFE_SQUARES = (1e-30, 1e37)  # outside, float32 has lost some


def gradient_norms(gradients: Sequence[Tensor]) -> list[Number]:
    """Euclidean norm of each gradient.

    Args:
        gradients: Of any shape, type and layout.

    Returns:
        Floats for gradients on the CPU; tensors for those elsewhere, so that nobody waits for the device.
    """
    if gradients and gradients[0].is_cuda and all(gradient.is_cuda for gradient in gradients):
        # float32 whatever the gradients' type: in half precision the squares overflow.
        return list(torch._foreach_norm([_values(gradient) for gradient in gradients], 2.0, torch.float32))
    with np.errstate(all="ignore"):  # a run that diverges has numbers whose squares are none
        return [_norm(gradient) for gradient in gradients]


def _norm(gradient: Tensor) -> Number:
    """NumPy's dot product begins sooner than torch's, and waits for no thread of torch's."""
    try:
        numbers = gradient.numpy().ravel()
    except (TypeError, RuntimeError):  # on another device, sparse, of a type that NumPy lacks, or with a graph
        return _slow_norm(gradient.detach())
    squares = float(numbers.dot(numbers)) if numbers.size <= LARGEST_DOT else _sum_of_many_squares(numbers)
    return math.sqrt(squares) if SAFE_SQUARES[0] < squares < SAFE_SQUARES[1] else _slow_norm(gradient.detach())


def _sum_of_many_squares(numbers: NDArray[Any]) -> float:
    parts = (numbers[start : start + LARGEST_DOT] for start in range(0, numbers.size, LARGEST_DOT))
    return sum(float(part.dot(part)) for part in parts)


def _slow_norm(gradient: Tensor) -> Number:
    if gradient.is_cpu:
        return float(torch.linalg.vector_norm(_values(gradient), dtype=torch.float64))
    norm: Tensor = torch.linalg.vector_norm(_values(gradient), dtype=torch.float32)
    return norm


def _values(gradient: Tensor) -> Tensor:
    """The numbers of a gradient that may be sparse, as those of embeddings are."""
    return gradient if gradient.layout is torch.strided else gradient.coalesce().values()
