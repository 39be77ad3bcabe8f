"""The judge of points knows the truth about a known mixture."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.special import softmax
from scipy.stats import multivariate_normal

from gandiag.data import Mixture, grid, ring
from gandiag.nets import MixtureJudge

MIXTURES = {"ring": ring(), "grid": grid()}


@pytest.mark.parametrize("name", MIXTURES)
def test_a_point_belongs_to_its_nearest_mode(name: str) -> None:
    points = 6 * torch.rand(500, 2) - 3
    classes = MixtureJudge(MIXTURES[name])(points).argmax(dim=1)
    np.testing.assert_array_equal(classes, cdist(points, MIXTURES[name].centers).argmin(axis=1))


def test_the_class_probabilities_are_the_mixtures_posterior() -> None:
    mixture = Mixture("wide", torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), 0.7)
    points = 2 * torch.randn(100, 2)
    densities = [multivariate_normal(center, 0.7**2).logpdf(points) for center in mixture.centers.numpy()]
    expected = softmax(np.stack(densities, axis=1), axis=1)
    np.testing.assert_allclose(MixtureJudge(mixture)(points).softmax(dim=1), expected, atol=1e-5)


@pytest.mark.parametrize("name", MIXTURES)
def test_of_perfect_samples_989_in_a_thousand_are_of_high_quality(name: str) -> None:
    count = 40_000
    points, _ = MIXTURES[name].sample(count, torch.Generator().manual_seed(2))
    share = MixtureJudge(MIXTURES[name]).high_quality_share(points)
    perfect = 1 - math.exp(-9 / 2)
    assert perfect == pytest.approx(0.989, abs=5e-4)
    assert share == pytest.approx(perfect, abs=5 * math.sqrt(perfect * (1 - perfect) / count))


def test_high_quality_ends_at_three_standard_deviations_of_the_nearest_mode() -> None:
    judge = MixtureJudge(Mixture("pair", torch.tensor([[0.0, 0.0], [10.0, 0.0]]), 0.5))
    near, far = [1.49, 0.0], [1.51, 0.0]
    near_the_other, nowhere = [10.0, -1.49], [5.0, 0.0]
    assert judge.high_quality_share(torch.tensor([near, near_the_other])) == 1
    assert judge.high_quality_share(torch.tensor([far, nowhere])) == 0
    assert judge.high_quality_share(torch.tensor([near, far, nowhere, nowhere])) == 0.25


def test_a_point_that_is_not_a_number_is_not_of_high_quality() -> None:
    assert MixtureJudge(ring()).high_quality_share(torch.tensor([[math.nan, 0.0], [2.0, 0.0]])) == 0.5


def test_distances_keep_their_digits_far_from_the_origin() -> None:
    """Through the matrix product, distances of 0.01 beside coordinates of 1000 would be lost."""
    center = torch.tensor([[1000.0, 1000.0]])
    judge = MixtureJudge(Mixture("far", center.expand(30, 2), 0.02))
    points = (center + torch.tensor([[0.03125, 0.0]])).expand(30, 2)
    torch.testing.assert_close(judge(points), torch.full((30, 30), -0.5 * (0.03125 / 0.02) ** 2))


def test_the_features_are_the_points_themselves() -> None:
    points = torch.randn(4, 2)
    assert torch.equal(MixtureJudge(ring()).features(points), points)


def test_the_mixture_lent_to_the_judge_stays_as_it_is() -> None:
    mixture = ring()
    MixtureJudge(mixture).centers.zero_()
    assert torch.equal(mixture.centers, ring().centers)
