"""The edges of the metrics: missing numbers, ties, large offsets, and moments that are known exactly."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group

from gandiag.metrics import (
    entropy,
    feature_statistics,
    frechet_distance,
    kl_divergence,
    mean_pairwise_distance,
    modes_present,
    unsure_share,
)

seeds = st.integers(0, 10_000)


def with_moments(mean: np.ndarray, stds: np.ndarray, count: int, seed: int) -> torch.Tensor:
    """Samples whose own mean and (diagonal) covariance are exactly these."""
    draws = np.random.default_rng(seed).normal(size=(count, len(mean)))
    draws -= draws.mean(axis=0)
    white = draws @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(draws, rowvar=False)))).T
    return torch.tensor(white * stds + mean)


def frechet_distance_by_nuclear_norm(real: np.ndarray, fake: np.ndarray) -> float:
    """Tr (C₁C₂)^½ is the sum of the singular values of X₁X₂ᵀ; no root of a singular matrix is taken."""
    first, second = ((x - x.mean(axis=0)) / math.sqrt(len(x) - 1) for x in (real, fake))
    shared = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    shift = real.mean(axis=0) - fake.mean(axis=0)
    return float(shift @ shift + (first**2).sum() + (second**2).sum() - 2 * shared)


@given(st.integers(1, 6), seeds)
def test_frechet_distance_of_axis_parallel_gaussians_is_exactly_the_closed_form(size: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    means, stds = draw.normal(size=(2, size)), draw.uniform(0.1, 3, size=(2, size))
    real, fake = (with_moments(m, s, 40, seed + i) for i, (m, s) in enumerate(zip(means, stds, strict=True)))
    expected = ((means[0] - means[1]) ** 2).sum() + ((stds[0] - stds[1]) ** 2).sum()
    assert frechet_distance(feature_statistics(real), fake) == pytest.approx(expected, rel=1e-8, abs=1e-8)


@given(st.integers(2, 30), st.integers(2, 30), st.integers(1, 12), seeds)
def test_frechet_distance_is_right_at_every_rank(real_count: int, fake_count: int, size: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    real, fake = draw.normal(size=(real_count, size)), 2 * draw.normal(size=(fake_count, size)) + 1
    ours = frechet_distance(feature_statistics(torch.tensor(real)), torch.tensor(fake))
    # Eigenvalues that should be 0 come out near 1e−15, and their roots near 3e−8.
    assert ours == pytest.approx(frechet_distance_by_nuclear_norm(real, fake), rel=1e-6, abs=1e-5)


@given(seeds)
def test_frechet_distance_ignores_order_and_a_common_rotation(seed: int) -> None:
    draw = np.random.default_rng(seed)
    real, fake = draw.normal(size=(60, 4)), draw.normal(size=(50, 4)) * [1, 2, 3, 4] + 1
    turn = ortho_group.rvs(4, random_state=seed)
    plain = frechet_distance(feature_statistics(torch.tensor(real)), torch.tensor(fake))
    turned = frechet_distance(
        feature_statistics(torch.tensor(draw.permutation(real) @ turn)), torch.tensor(draw.permutation(fake) @ turn)
    )
    assert turned == pytest.approx(plain, rel=1e-8)


def test_frechet_distance_of_float32_features_far_from_the_origin_keeps_its_digits() -> None:
    draw = np.random.default_rng(0)
    real, fake = draw.normal(size=(300, 8)), 1.5 * draw.normal(size=(300, 8))
    near = frechet_distance(feature_statistics(torch.tensor(real)), torch.tensor(fake))
    far = frechet_distance(
        feature_statistics(torch.tensor(real + 1e4, dtype=torch.float32)), torch.tensor(fake + 1e4, dtype=torch.float32)
    )
    assert far == pytest.approx(near, rel=1e-3)  # float32 at 10,000 is 0.001 apart


def test_frechet_distance_leaves_what_it_is_lent_as_it_was() -> None:
    real, fake = feature_statistics(torch.randn(50, 4)), torch.randn(50, 4)
    before = real.mean.clone(), real.covariance.clone(), fake.clone()
    frechet_distance(real, fake)
    after = real.mean, real.covariance, fake
    assert all(torch.equal(first, second) for first, second in zip(before, after, strict=True))


def test_feature_statistics_are_numpys() -> None:
    features = torch.randn(40, 5) + 1e4
    statistics = feature_statistics(features)
    assert statistics.count == 40
    np.testing.assert_allclose(statistics.mean, features.double().numpy().mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(statistics.covariance, np.cov(features.double().numpy(), rowvar=False), rtol=1e-9)


def test_the_distance_of_images_is_that_of_their_pixels_and_0_where_all_are_the_same() -> None:
    images = torch.rand(9, 1, 6, 6)
    assert mean_pairwise_distance(images) == pytest.approx(pdist(images.flatten(1).double()).mean(), rel=1e-6)
    assert mean_pairwise_distance(images[:1].expand(9, 1, 6, 6)) == 0


def test_distances_of_double_precision_samples_keep_their_digits_far_from_the_origin() -> None:
    samples = torch.randn(30, 3, dtype=torch.float64)
    expected = pdist(samples).mean()
    assert mean_pairwise_distance(samples + 1e6) == pytest.approx(expected, rel=1e-6)


def test_no_sample_is_no_distance_either() -> None:
    with pytest.raises(ValueError, match="got 0"):
        mean_pairwise_distance(torch.zeros(0, 3))


def test_a_tenth_of_the_real_share_is_just_enough_to_be_present() -> None:
    real = torch.tensor([0.5, 0.5])
    assert modes_present(torch.tensor([0.95, 0.05]), real) == 2
    assert modes_present(torch.tensor([0.951, 0.049]), real) == 1
    assert modes_present(torch.tensor([0.049, 0.951]), real) == 1


def test_the_real_share_sets_how_much_is_enough() -> None:
    fake = torch.tensor([0.02, 0.98])
    assert modes_present(fake, torch.tensor([0.1, 0.9])) == 2
    assert modes_present(fake, torch.tensor([0.9, 0.1])) == 1


@given(st.integers(1, 30))
def test_entropy_runs_from_0_to_the_logarithm_of_the_number_of_classes(classes: int) -> None:
    assert entropy(torch.full((classes,), 1 / classes)) == pytest.approx(math.log(classes), abs=1e-6)
    assert entropy(torch.nn.functional.one_hot(torch.tensor(0), classes)) == 0


def test_divergence_of_a_collapsed_generator_in_both_directions_by_hand() -> None:
    fake, real = torch.tensor([0.9, 0.1]), torch.tensor([0.5, 0.5])
    forth, back = 0.9 * math.log(1.8) + 0.1 * math.log(0.2), 0.5 * math.log(5 / 9) + 0.5 * math.log(5)
    assert kl_divergence(fake, real) == pytest.approx(forth, rel=1e-6)
    assert kl_divergence(real, fake) == pytest.approx(back, rel=1e-6)
    assert forth != pytest.approx(back, rel=0.1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nine_tenths_exactly_is_sure(dtype: torch.dtype) -> None:
    assert unsure_share(torch.tensor([[0.9, 0.1]], dtype=dtype)) == 0
    assert unsure_share(torch.tensor([[0.899, 0.101], [0.1, 0.9]], dtype=dtype)) == 0.5


def test_probabilities_that_are_not_numbers_are_not_sure() -> None:
    assert unsure_share(torch.tensor([[math.nan, math.nan], [0.95, 0.05]])) == 0.5
