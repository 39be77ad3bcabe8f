"""The oracle's eye for digits: a classifier of another architecture than the judge's, trained apart from it."""

from functools import lru_cache
from importlib import resources

import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

FEATURE_COUNT = 32
CLASS_COUNT = 10


class OracleClassifier(nn.Module):
    """A fully connected classifier of 28×28 digits; the judge that detectors lean on is convolutional."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, FEATURE_COUNT), nn.ReLU()
        )
        self.head = nn.Linear(FEATURE_COUNT, CLASS_COUNT)

    def features(self, images: Tensor) -> Tensor:
        """Penultimate activations, with shape :math:`(n, 32)`, of images :math:`(n, 1, 28, 28)` in [0, 1]."""
        features: Tensor = self.body(images)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Class logits, with shape :math:`(n, 10)`, of images :math:`(n, 1, 28, 28)` in [0, 1]."""
        logits: Tensor = self.head(self.features(images))
        return logits


@lru_cache
def load_oracle_classifier() -> OracleClassifier:
    """The classifier with its packaged weights, in evaluation mode and frozen."""
    with torch.random.fork_rng(devices=[]):
        classifier = OracleClassifier()
    content = resources.files("gandiag").joinpath("weights", "lab_oracle.safetensors").read_bytes()
    classifier.load_state_dict({name: weights.float() for name, weights in load_safetensors(content).items()})
    return classifier.eval().requires_grad_(False)
