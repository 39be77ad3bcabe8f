"""How well grey images that were not trained on are coloured."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gandiag.applications.colorize import PHOTOGRAPHS, grey_images
from gandiag.data.dataset import Dataset
from gandiag.data.tinted import HUE_COUNT
from gandiag.metrics.colour import colourfulness, output_diversity
from gandiag.nets.colorization import NOISE_SIZE
from gandiag.nets.hue_judge import HueJudge

OUTPUTS = 8
"""Colourings of one grey image, to measure how many it has."""


@dataclass(frozen=True)
class ColorizeMeasures:
    """How well grey images that were not trained on are coloured.

    Attributes:
        relative_colourfulness: Mean colourfulness relative to that of the real images; 1 is theirs, 0 is grey.
        relative_diversity: Distance between two colourings of one grey image, relative to that between the image in one
            hue and in another, both drawn by chance; 1 is as in the real data, 0 is always the same. NaN for
            photographs, each of which has but one real colouring.
        hues: Number of the five hues that at least 2 % of the images get, a tenth of a fair share; NaN for
            photographs.
        l1_error: Mean absolute difference to the real colours, in [0, 1]. The least is reached by the median colour,
            which no real image has: lower is not better.
        grey_error: Mean absolute difference of the grey image of what was made to the one given, in [0, 1]; 0 is
            faithful.
    """

    relative_colourfulness: float
    relative_diversity: float
    hues: float
    l1_error: float
    grey_error: float


@torch.no_grad()
def colourings(generator: nn.Module, grey: Tensor, count: int, seed: int = 0) -> Tensor:
    """Several colourings of each grey image, with shape :math:`(n, \\mathrm{count}, 3, h, w)`.

    All images are coloured with the same noise vectors, which ``seed`` fixes.
    """
    noise = torch.randn(count, NOISE_SIZE, generator=torch.Generator().manual_seed(seed)).to(grey)
    return torch.stack([generator(grey, one.expand(len(grey), -1)) for one in noise], dim=1)


def measure_colorize(generator: nn.Module, held_out: Dataset) -> ColorizeMeasures:
    """Colour images that were not trained on, each eight times, and compare with the real ones.

    Args:
        generator: (grey, noise) → colour.
        held_out: Tinted images, or photographs.

    Raises:
        GandiagError: If the images are not in colour.
    """
    real, photographs = held_out.samples, held_out.name in PHOTOGRAPHS
    grey = grey_images(held_out.name, real)
    made = colourings(generator, grey, OUTPUTS)
    flat = made.flatten(0, 1)
    return ColorizeMeasures(
        relative_colourfulness=float(colourfulness(flat).mean() / colourfulness(real).mean()),
        relative_diversity=math.nan if photographs else output_diversity(made) / _real_diversity(grey),
        hues=math.nan if photographs else _hues(generator, grey),
        l1_error=float(l1_loss(made, real[:, None].expand_as(made))),
        grey_error=float(l1_loss(grey_images(held_out.name, flat), grey.repeat_interleave(OUTPUTS, dim=0))),
    )


@torch.no_grad()
def _hues(generator: nn.Module, grey: Tensor) -> int:
    """Hues met by each image with noise of its own: eight vectors for all of them are too few to meet every hue."""
    noise = torch.randn(len(grey), NOISE_SIZE, generator=torch.Generator().manual_seed(0)).to(grey)
    shares = HueJudge()(generator(grey, noise)).argmax(dim=1).bincount(minlength=HUE_COUNT) / len(grey)
    return int((shares > 0.1 / HUE_COUNT).sum())


def _real_diversity(grey: Tensor) -> float:
    """Mean distance between an image in two hues that are drawn by chance, the same one at times."""
    every_hue = torch.stack([grey * hue[:, None, None] for hue in HueJudge().hues], dim=1)
    return output_diversity(every_hue) * (HUE_COUNT - 1) / HUE_COUNT
