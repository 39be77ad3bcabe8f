"""Norms of many gradients, as fast as each device allows and exact to five digits at any size."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Number = float | Tensor
"""A float where it could be had without waiting, else a tensor that stays on its device."""

SMALL = 8192  # numbers: up to here NumPy's dot product starts soonest, and on one thread
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
        return [_norm_on_cpu(gradient) if gradient.is_cpu else _norm_elsewhere(gradient) for gradient in gradients]


def _values(gradient: Tensor) -> Tensor:
    """The numbers of a gradient that may be sparse, as those of embeddings are."""
    return gradient if gradient.layout is torch.strided else gradient.coalesce().values()


def _norm_elsewhere(gradient: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(_values(gradient), dtype=torch.float32)
    return norm


def _norm_on_cpu(gradient: Tensor) -> float:
    if gradient.dtype is torch.float32 and gradient.layout is torch.strided and gradient.is_contiguous():
        squares = _sum_of_squares(gradient.detach() if gradient.requires_grad else gradient)
        if SAFE_SQUARES[0] < squares < SAFE_SQUARES[1]:
            return math.sqrt(squares)
    return float(torch.linalg.vector_norm(_values(gradient.detach()), dtype=torch.float64))


def _sum_of_squares(gradient: Tensor) -> float:
    count = gradient.numel()
    if count <= SMALL:
        numbers = gradient.numpy().ravel()
        return float(numbers.dot(numbers))
    flat = gradient.view(-1)
    if count <= LARGEST_DOT:
        return torch.dot(flat, flat).item()
    return sum(torch.dot(part, part).item() for part in flat.split(LARGEST_DOT))


def bring_over(values: Sequence[Number | None]) -> NDArray[np.float64]:
    """Numbers as an array, those on a device in one transfer, missing ones as NaN."""
    numbers = np.array([math.nan if value is None or isinstance(value, Tensor) else value for value in values])
    waiting = [index for index, value in enumerate(values) if isinstance(value, Tensor)]
    if waiting:
        numbers[waiting] = torch.stack([values[index] for index in waiting]).flatten().cpu().numpy()  # type: ignore[misc]
    return numbers.astype(np.float64)
