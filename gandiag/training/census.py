"""The modes of a trained generator, counted by the published protocols: on many more samples than a probe sees."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType

import torch
from torch import Tensor, nn

from gandiag.data import Dataset
from gandiag.errors import GandiagError
from gandiag.metrics import judge_errors, mixture_coverage, stacked_coverage, unsure_share
from gandiag.metrics.mixtures import STACKED_CHANNELS
from gandiag.nets import judge_card
from gandiag.nets.judge import CLASS_COUNT
from gandiag.probes import resolve_judge
from gandiag.training.players import Players

COUNTED = MappingProxyType({"ring": 8, "grid": 25, "stacked_digits": 1000, "stacked_mnist": 1000})
"""Modes of the data sets whose modes can be counted."""

CONFUSIONS = MappingProxyType({"stacked_digits": "confusion_digits_held_out", "stacked_mnist": "confusion_mnist_test"})
"""Where the judge's card says how it errs on single digits of these data sets."""

LEAST = MappingProxyType({"ring": 80, "grid": 250, "stacked_digits": 15_000, "stacked_mnist": 15_000})
"""Samples of which ten are expected in the rarest mode; MNIST's rarest triple, 555, is a fourth rarer than the mean."""

NOISE_SEED = 40_000
AT_ONCE = 500


def check_census(dataset: str, count: int) -> None:
    """Refuse a census that could not be taken.

    Raises:
        GandiagError: If the data set's modes are not known, or ``count`` is too few for all of them to be seen.
    """
    if dataset not in COUNTED:
        raise GandiagError(f"The modes of '{dataset}' cannot be counted; give a census to {', '.join(COUNTED)} alone.")
    if count < LEAST[dataset]:
        raise GandiagError(f"A census of '{dataset}' needs at least {LEAST[dataset]:,} samples; got {count:,}.")


@torch.no_grad()
def census(players: Players, dataset: Dataset, count: int, seed: int = 0) -> dict[str, float]:
    """Count the modes of the generator as it is, in evaluation mode.

    The networks, their modes and torch's global random state stay as they are.

    Args:
        players: The networks.
        dataset: The real data: a mixture, or stacked digits.
        count: Samples to draw; 2,500 points and 26,000 images are the published numbers.
        seed: Fixes the noise.

    Returns:
        ``census_samples``; ``census_modes`` with at least one sample (for points, within 3 standard deviations);
        ``census_coverage``, their share of all modes; ``census_kl_to_real``, KL(generated ‖ real) of the modes in nats;
        ``census_kl_null``, its mean for a perfect generator. For points also ``census_high_quality_share``; for digits
        ``census_corrected_modes``, those that the judge's errors do not explain, and ``census_unsure_share``, digits
        to whose class the judge gives less than 0.9. Points that are not finite show no mode; images that are not leave
        no mode counted, and NaN for the rest.

    Raises:
        GandiagError: If the modes cannot be counted.

    References:
        | VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Srivastava et al., 2017)
        | https://arxiv.org/abs/1705.07761

    Examples:
        >>> from gandiag.data import load_dataset
        >>> from gandiag.training import TrainingConfig, train
        >>> ring = load_dataset("ring")
        >>> result = train(TrainingConfig(dataset="ring", model="mlp", iterations=5), ring)
        >>> census(result.players, ring, 2500)["census_samples"]
        2500.0
    """
    check_census(dataset.name, count)
    counted = _count_points if dataset.mixture is not None else _count_stacked
    with _evaluating(players.generator):
        found = counted(_samples(players, count, seed), dataset)
    row = {"samples": float(count), "coverage": found["modes"] / COUNTED[dataset.name], **found}
    return {f"census_{name}": value for name, value in row.items()}


def _samples(players: Players, count: int, seed: int) -> Iterator[Tensor]:
    """Samples of the generator, part by part, at inputs that are drawn apart from all others."""
    source = torch.Generator().manual_seed(seed + NOISE_SEED)
    for begun in range(0, count, AT_ONCE):
        noise = torch.randn(min(AT_ONCE, count - begun), players.noise_size, generator=source)
        yield players.generator(noise.to(players.device))


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def _count_points(parts: Iterator[Tensor], dataset: Dataset) -> dict[str, float]:
    assert dataset.mixture is not None
    found = mixture_coverage(torch.cat(list(parts)), dataset.mixture.centers, dataset.mixture.std)
    return {
        "modes": float(found.modes),
        "high_quality_share": found.high_quality_share,
        "kl_to_real": found.kl,
        "kl_null": found.kl_null,
    }


def _count_stacked(parts: Iterator[Tensor], dataset: Dataset) -> dict[str, float]:
    """By the packaged judge, one channel at a time."""
    judging = resolve_judge("mnist", dataset.samples.device)
    classes, unsure = [], []
    for images in parts:
        if not bool(torch.isfinite(images).all()):
            return {"modes": 0.0} | dict.fromkeys(
                ("kl_to_real", "kl_null", "corrected_modes", "unsure_share"), math.nan
            )
        probabilities = judging(images.flatten(0, 1).unsqueeze(1)).probabilities
        assert probabilities is not None
        classes.append(probabilities.argmax(dim=1).view(-1, STACKED_CHANNELS).cpu())
        unsure.append(len(images) * unsure_share(probabilities))
    called = torch.cat(classes)
    errors = judge_errors(torch.tensor(judge_card()[CONFUSIONS[dataset.name]]))
    found = stacked_coverage(called, errors, digit_shares(dataset))
    return {
        "modes": float(found.modes),
        "kl_to_real": found.kl,
        "kl_null": found.kl_null,
        "corrected_modes": float(found.corrected_modes),
        "unsure_share": sum(unsure) / len(called),
    }


def digit_shares(dataset: Dataset) -> Tensor:
    """Shares of the ten digits in all channels of stacked digits, with shape :math:`(10,)`.

    The channels are drawn independently, so that a triple's share is the product of its digits': known far better than
    from counting triples, of which there are ten each.
    """
    places = CLASS_COUNT ** torch.arange(STACKED_CHANNELS - 1, -1, -1)
    digits = dataset.labels.cpu().unsqueeze(1) // places % CLASS_COUNT
    return digits.flatten().bincount(minlength=CLASS_COUNT).double() / digits.numel()
