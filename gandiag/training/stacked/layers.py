"""Layers of many networks in one: their weights, and their batches, stand along a first axis of members."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, layer_norm, normalize
from torch.nn.utils.parametrizations import _SpectralNorm, _WeightNorm
from torch.nn.utils.parametrize import is_parametrized

from gandiag.errors import GandiagError
from gandiag.nets import (
    InstanceNoise,
    LectureDiscriminator,
    LectureGenerator,
    MinibatchStd,
    Packed,
    PointDiscriminator,
    PointGenerator,
)
from gandiag.training.stacked.streams import Streams

CONTAINERS = (nn.Sequential, LectureGenerator, LectureDiscriminator, PointGenerator, PointDiscriminator, Packed)
"""Their ``forward`` takes any axes before that of the samples."""
ELEMENTWISE = (nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Identity)


class StackedLinear(nn.Module):
    """Linear layers, one a member: :math:`(m, n, i)` → :math:`(m, n, o)`.

    The weight has the shape :math:`(m, i, o)`: its gradient then comes contiguous.
    """

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach().T for layer in layers]).contiguous())
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers]).unsqueeze(1))

    def forward(self, inputs: Tensor) -> Tensor:
        """Each member's layer on its own samples."""
        return torch.baddbmm(self.bias, inputs, self.weight)

    @torch.no_grad()
    def write(self, member: int, layer: nn.Linear) -> None:
        """Put one member's weights into a layer of its own."""
        layer.weight.copy_(self.weight[member].T)
        layer.bias.copy_(self.bias[member, 0])


class StackedSpectralNorm(nn.Module):
    """Spectrally normalised linear layers, one a member, each forward pass in training with one power iteration.

    References:
        | Spectral Normalization for Generative Adversarial Networks (Miyato et al., 2018), Algorithm 1
        | https://arxiv.org/abs/1802.05957
    """

    left: Tensor
    right: Tensor

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        weights = [_parametrization(layer) for layer in layers]
        self.weight = nn.Parameter(_stacked(weights, "original").transpose(1, 2).contiguous())
        self.bias = nn.Parameter(_stacked(layers, "bias").unsqueeze(1))
        self.register_buffer("left", _stacked([weight[0] for weight in weights], "_u").unsqueeze(2))
        self.register_buffer("right", _stacked([weight[0] for weight in weights], "_v").unsqueeze(2))
        self._eps = cast(float, weights[0][0].eps)

    def forward(self, inputs: Tensor) -> Tensor:
        """Each member's layer, with the largest singular value of its weight at 1, on its own samples."""
        if self.training:
            with torch.no_grad():
                self.left = normalize(self.weight.transpose(1, 2) @ self.right, dim=1, eps=self._eps)
                self.right = normalize(self.weight @ self.left, dim=1, eps=self._eps)
        largest = self.right.transpose(1, 2) @ (self.weight @ self.left)
        return torch.baddbmm(self.bias, inputs, self.weight / largest)

    @torch.no_grad()
    def write(self, member: int, layer: nn.Linear) -> None:
        """Put one member's weight and singular vectors into a layer of its own."""
        weight = _parametrization(layer)
        weight.original.copy_(self.weight[member].T)
        layer.bias.copy_(self.bias[member, 0])
        cast(Tensor, weight[0]._u).copy_(self.left[member, :, 0])
        cast(Tensor, weight[0]._v).copy_(self.right[member, :, 0])


class StackedWeightNorm(nn.Module):
    """Linear layers with lengths and directions of their weights apart, one a member."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        weights = [_parametrization(layer) for layer in layers]
        self.length = nn.Parameter(_stacked(weights, "original0").transpose(1, 2).contiguous())
        self.direction = nn.Parameter(_stacked(weights, "original1").transpose(1, 2).contiguous())
        self.bias = nn.Parameter(_stacked(layers, "bias").unsqueeze(1))

    def forward(self, inputs: Tensor) -> Tensor:
        """Each member's layer on its own samples."""
        norms = torch.linalg.vector_norm(self.direction, dim=1, keepdim=True)
        return torch.baddbmm(self.bias, inputs, self.direction * (self.length / norms))

    @torch.no_grad()
    def write(self, member: int, layer: nn.Linear) -> None:
        """Put one member's lengths and directions into a layer of its own."""
        weight = _parametrization(layer)
        weight.original0.copy_(self.length[member].T)
        weight.original1.copy_(self.direction[member].T)
        layer.bias.copy_(self.bias[member, 0])


class StackedBatchNorm(nn.Module):
    """Batch normalisations, one a member: all features of all members, side by side, are those of one layer."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, layers: Sequence[nn.BatchNorm1d]) -> None:
        super().__init__()
        self.weight = nn.Parameter(_stacked(layers, "weight").unsqueeze(1))
        self.bias = nn.Parameter(_stacked(layers, "bias").unsqueeze(1))
        self.register_buffer("running_mean", _stacked(layers, "running_mean"))
        self.register_buffer("running_var", _stacked(layers, "running_var"))
        self._momentum, self._eps, self._steps = layers[0].momentum, layers[0].eps, 0

    def forward(self, inputs: Tensor) -> Tensor:
        """Features :math:`(m, n, c)`, normalised over :math:`n`; in evaluation mode, by the running statistics."""
        self._steps += self.training
        members, count, width = inputs.shape
        normal = batch_norm(
            inputs.transpose(0, 1).reshape(count, members * width),
            self.running_mean.view(-1),
            self.running_var.view(-1),
            self.weight.view(-1),
            self.bias.view(-1),
            self.training,
            cast(float, self._momentum),
            self._eps,
        )
        return normal.view(count, members, width).transpose(0, 1)

    @torch.no_grad()
    def write(self, member: int, layer: nn.BatchNorm1d) -> None:
        """Put one member's weights and running statistics into a layer of its own."""
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(layer, name).copy_(getattr(self, name)[member].view(-1))
        cast(Tensor, layer.num_batches_tracked).fill_(self._steps)


class StackedLayerNorm(nn.Module):
    """Layer normalisations, one a member."""

    def __init__(self, layers: Sequence[nn.LayerNorm]) -> None:
        super().__init__()
        self.weight = nn.Parameter(_stacked(layers, "weight").unsqueeze(1))
        self.bias = nn.Parameter(_stacked(layers, "bias").unsqueeze(1))
        self._shape, self._eps = layers[0].normalized_shape, layers[0].eps

    def forward(self, inputs: Tensor) -> Tensor:
        """Features :math:`(m, n, c)`, normalised over :math:`c`."""
        return layer_norm(inputs, self._shape, eps=self._eps) * self.weight + self.bias

    @torch.no_grad()
    def write(self, member: int, layer: nn.LayerNorm) -> None:
        """Put one member's weights into a layer of its own."""
        layer.weight.copy_(self.weight[member, 0])
        layer.bias.copy_(self.bias[member, 0])


class StackedDropout(nn.Module):
    """Dropout with a share and a random stream for each member."""

    def __init__(self, layers: Sequence[nn.Dropout], streams: Streams) -> None:
        super().__init__()
        self._kept = [1 - layer.p for layer in layers]
        self._streams = streams

    def forward(self, inputs: Tensor) -> Tensor:
        """``inputs`` with units dropped in training mode, unchanged in evaluation mode."""
        if not self.training:
            return inputs
        kept = inputs.new_tensor(self._kept).view(-1, *[1] * (inputs.dim() - 1))
        return inputs * (self._streams.kept(self._kept, *inputs.shape[1:]) / kept)


class StackedInstanceNoise(nn.Module):
    """Instance noise with a standard deviation and a random stream for each member."""

    def __init__(self, layers: Sequence[InstanceNoise], streams: Streams) -> None:
        super().__init__()
        self._stds = [layer.std for layer in layers]
        self._share = 0.0
        self._streams = streams

    def anneal(self, share: float) -> None:
        """Lower the noise as :meth:`gandiag.nets.InstanceNoise.anneal` does."""
        self._share = share

    def forward(self, samples: Tensor) -> Tensor:
        """``samples`` with noise in training mode, unchanged in evaluation mode."""
        if not self.training or self._share >= 1:
            return samples
        stds = samples.new_tensor([std * (1 - self._share) for std in self._stds])
        return samples + stds.view(-1, *[1] * (samples.dim() - 1)) * self._streams.normal(*samples.shape[1:])


class StackedMinibatchStd(nn.Module):
    """The spread of each member's own batch, as :class:`gandiag.nets.MinibatchStd` has it."""

    def forward(self, features: Tensor) -> Tensor:
        """:math:`(m, n, c)` → :math:`(m, n, c + 1)`."""
        variance = features.var(dim=1, unbiased=False)
        spread = (variance + 1e-8).sqrt().mean(dim=1)
        return torch.cat([features, spread.view(-1, 1, 1).expand(-1, features.shape[1], 1)], dim=2)


STACKABLE: MappingProxyType[type[nn.Module], Callable[[Any, Streams], nn.Module]] = MappingProxyType(
    {
        nn.Linear: lambda layers, streams: StackedLinear(layers),
        _SpectralNorm: lambda layers, streams: StackedSpectralNorm(layers),
        _WeightNorm: lambda layers, streams: StackedWeightNorm(layers),
        nn.BatchNorm1d: lambda layers, streams: StackedBatchNorm(layers),
        nn.LayerNorm: lambda layers, streams: StackedLayerNorm(layers),
        nn.Dropout: StackedDropout,
        InstanceNoise: StackedInstanceNoise,
        MinibatchStd: lambda layers, streams: StackedMinibatchStd(),
        nn.Flatten: lambda layers, streams: nn.Flatten(layers[0].start_dim + 1),
    }
)


def unstackable(network: nn.Module) -> str | None:
    """The kind of part that keeps a network from being stacked; ``None`` if nothing does."""
    known = (*CONTAINERS, *ELEMENTWISE, *STACKABLE)
    return next((kind.__name__ for _, kind, _ in _parts(network) if kind not in known), None)


def stacked(networks: Sequence[nn.Module], streams: Streams) -> nn.Module:
    """Networks of one architecture as one, whose parts keep their names.

    Args:
        networks: One a member; they stay as they are.
        streams: Where dropout and noise draw from.

    Returns:
        A network from samples :math:`(m, n, *)` to what each member makes of its own.

    Raises:
        GandiagError: If there is a part that cannot be stacked.
    """
    if (unknown := unstackable(networks[0])) is not None:
        raise GandiagError(f"Parts of the kind {unknown} cannot be stacked; train these networks one by one.")
    whole = nn.Sequential(deepcopy(networks[0]))
    alike = [dict(network.named_modules()) for network in networks]
    for own, kind, _ in _parts(networks[0]):
        if (stack := STACKABLE.get(kind)) is not None:
            whole.set_submodule(f"0.{own}" if own else "0", stack([parts[own] for parts in alike], streams))
    return whole[0]


def write_member(stack: nn.Module, member: int, network: nn.Module) -> None:
    """Put one member's weights and running statistics into a network of its own."""
    stacks = dict(stack.named_modules())
    for name, _, part in _parts(network):
        if (write := getattr(stacks[name], "write", None)) is not None:
            write(member, part)


def _parts(network: nn.Module) -> Iterator[tuple[str, type[nn.Module], nn.Module]]:
    """Name, kind and module of every part; of a linear layer whose weight has a norm, that is the kind."""
    within = tuple(f"{name}." for name, part in network.named_modules() if is_parametrized(part))
    for name, part in network.named_modules():
        if not name.startswith(within):
            normalised = isinstance(part, nn.Linear) and is_parametrized(part)
            yield name, type(_parametrization(part)[0]) if normalised else type(part), part


def _parametrization(layer: nn.Module) -> Any:
    """How a layer's weight is made, with what it is made of."""
    return cast(Any, layer).parametrizations.weight


def _stacked(layers: Sequence[nn.Module], name: str) -> Tensor:
    return torch.stack([cast(Tensor, getattr(layer, name)).detach() for layer in layers])
