"""The packaged judge: a digit classifier that says what a generated image shows."""

import json
from functools import lru_cache
from importlib import resources
from typing import Any

import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

FEATURE_COUNT = 64
CLASS_COUNT = 10


class Judge(nn.Module):
    """A convolutional classifier of 28×28 digits, small enough to judge 10,000 images in seconds on a CPU.

    Its class probabilities give mode coverage; its penultimate layer, 64 numbers an image, gives the feature space of
    ``fid_judge`` and of the diversity measures.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(1, 32, kernel_size=5, stride=2),  # 28 → 14
            *_convolution(32, 64),
            nn.MaxPool2d(2),  # 14 → 7
            *_convolution(64, 96),
            *_convolution(96, 96),
            nn.MaxPool2d(2),  # 7 → 3
            nn.Flatten(),
            nn.Linear(96 * 3 * 3, FEATURE_COUNT),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURE_COUNT, CLASS_COUNT)

    def features(self, images: Tensor) -> Tensor:
        """Penultimate activations, with shape :math:`(n, 64)`, of images :math:`(n, 1, 28, 28)` in [0, 1]."""
        features: Tensor = self.body(images.contiguous(memory_format=torch.channels_last))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Class logits, with shape :math:`(n, 10)`, of images :math:`(n, 1, 28, 28)` in [0, 1]."""
        logits: Tensor = self.head(self.features(images))
        return logits


def _convolution(channels_in: int, channels_out: int, kernel_size: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels_out, kernel_size, stride, padding=kernel_size // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    ]


def load_judge(device: torch.device | str = "cpu") -> Judge:
    """The judge with its packaged weights, in evaluation mode and frozen.

    Each normalisation is part of the convolution before it, a quarter faster than the trained network and the same
    function; ``Judge`` itself is the network that the weights are of.
    """
    with torch.random.fork_rng(devices=[]):  # its first weights are thrown away, and must cost the user no number
        judge = Judge()
    judge.load_state_dict(load_safetensors(_packaged("mnist_judge.safetensors")))
    judge.body = _fused(judge.eval().body)
    judge.to(memory_format=torch.channels_last)  # the fastest layout for its convolutions on a CPU
    return judge.to(device).eval().requires_grad_(False)


def _fused(body: nn.Sequential) -> nn.Sequential:
    layers: list[nn.Module] = []
    for layer in body:
        last = layers[-1] if layers else None
        if isinstance(layer, nn.BatchNorm2d) and isinstance(last, nn.Conv2d):
            layers[-1] = fuse_conv_bn_eval(last, layer)
        else:
            layers.append(nn.ReLU(inplace=True) if isinstance(layer, nn.ReLU) else layer)
    return nn.Sequential(*layers)


@lru_cache
def judge_card() -> dict[str, Any]:
    """The judge's model card: accuracies, confusion matrices, seed, command and hash of the weights."""
    card: dict[str, Any] = json.loads(_packaged("mnist_judge.json"))
    return card


@lru_cache
def _real_statistics() -> dict[str, Tensor]:
    statistics: dict[str, Tensor] = load_safetensors(_packaged("real_statistics.safetensors"))
    return statistics


def real_statistics(dataset: str) -> dict[str, Tensor] | None:
    """What the judge sees in a real data set, measured once and packaged.

    Returns:
        ``count``, ``mean`` :math:`(64,)`, ``covariance`` :math:`(64, 64)`, ``class_shares`` :math:`(10,)`,
        ``pairwise_distance`` (the mean distance of two real samples in feature space) and ``class_distances``
        :math:`(10,)` (of two of the same class), all float64; ``None`` where no statistics of ``dataset`` are packaged.
    """
    prefix = f"{dataset}."
    found = {key.removeprefix(prefix): value for key, value in _real_statistics().items() if key.startswith(prefix)}
    return found or None


def _packaged(name: str) -> bytes:
    return resources.files("gandiag").joinpath("weights", name).read_bytes()
