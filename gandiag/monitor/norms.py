"""Norms of many gradients, as fast as each device allows and exact to five digits.

On the CPU that holds at any size; on accelerators from 1e-19 to 1e19, since they add up squares in float32.
"""

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
        numbers = [_values(gradient) for gradient in gradients]
        return list(torch._foreach_norm(numbers, 2.0, _precision(numbers)))
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
    norm: Tensor = torch.linalg.vector_norm(_values(gradient), dtype=_precision([gradient]))
    return norm


def _precision(gradients: Sequence[Tensor]) -> torch.dtype:
    """float32, in which the squares of half precision do not overflow; doubles only where a gradient is of doubles.

    Some accelerators have no others, and many are slow at them.
    """
    return torch.float64 if any(gradient.dtype is torch.float64 for gradient in gradients) else torch.float32


def _values(gradient: Tensor) -> Tensor:
    """The numbers of a gradient that may be sparse, as those of embeddings are."""
    return gradient if gradient.layout is torch.strided else gradient.coalesce().values()
