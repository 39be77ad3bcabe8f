"""Finding tensors in what a network is given and gives back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in nested lists, tuples and dictionaries, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)


def first_float(value: Any) -> Tensor | None:
    """The first floating-point tensor in a nested value."""
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else None
    return next((tensor for tensor in tensors_in(value) if tensor.is_floating_point()), None)


def logits_in(value: Any) -> Tensor | None:
    """A discriminator's judgement among its outputs.

    That is the floating-point tensor with the fewest numbers a sample, of those that have one number for each sample or
    patch, if any has: class logits, features and other things that people return beside it are larger.
    """
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else None
    found = [tensor for tensor in tensors_in(value) if tensor.is_floating_point() and tensor.dim() > 0]
    judging = [tensor for tensor in found if _is_one_number(tensor)]
    return min(judging or found, key=lambda tensor: tensor[:1].numel(), default=None)


def judgement_in(value: Any, inputs: Sequence[Tensor]) -> Tensor | None:
    """The same; of an autoencoder that gives no such number, the reconstruction of what it was shown, not the code."""
    judgement = logits_in(value)
    if isinstance(value, Tensor) or judgement is None or not judgement.dim() or _is_one_number(judgement):
        return judgement
    alike = [tensor for tensor in tensors_in(value) if any(tensor.shape == one.shape for one in inputs)]
    return alike[0] if alike else judgement


def _is_one_number(tensor: Tensor) -> bool:
    """Whether it has one number for each sample, or for each patch."""
    return tensor[:1].numel() == 1 or (tensor.dim() == 4 and tensor.shape[1] == 1)


def map_tensors(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    """The same nested value with ``function`` applied to its tensors."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {key: map_tensors(function, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map_tensors(function, item) for item in value)
    return value


def storage_of(tensor: Tensor) -> int:
    """Address of the memory that a tensor, its detached copy and its views share."""
    return int(tensor.untyped_storage().data_ptr())


def per_sample_norm(tensor: Tensor) -> Tensor:
    """Euclidean norm of each sample, at least in float32, with shape :math:`(n,)`."""
    dtype = torch.promote_types(tensor.dtype, torch.float32)
    norms: Tensor = torch.linalg.vector_norm(tensor.detach().reshape(len(tensor), -1), dim=1, dtype=dtype)
    return norms
