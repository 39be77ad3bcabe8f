"""Diversity and the Fréchet distance against SciPy and closed forms."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from gandiag.metrics import FeatureStatistics, feature_statistics, frechet_distance, mean_pairwise_distance


def scipys_frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    covariances = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    shift = real.mean(0) - fake.mean(0)
    return float(shift @ shift + np.trace(covariances[0] + covariances[1] - 2 * root.real))


def symmetric_frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The same through the symmetric root, which a singular covariance does not trouble."""
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(values) @ vectors.T
    inner = np.linalg.eigvalsh(root @ second @ root).clip(min=0)
    shift = real.mean(0) - fake.mean(0)
    return float(shift @ shift + np.trace(first + second) - 2 * np.sqrt(inner).sum())


def correlated(count: int, size: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(count, size)) @ generator.normal(size=(size, size)) + generator.normal(size=size)


@given(st.integers(2, 40), st.integers(1, 8), st.integers(0, 10_000))
def test_mean_pairwise_distance_is_scipys(count, size, seed):
    samples = np.random.default_rng(seed).normal(size=(count, size))
    expected = pdist(samples).mean()
    assert mean_pairwise_distance(torch.tensor(samples)) == pytest.approx(expected, rel=1e-5)


@given(st.integers(0, 10_000))
def test_mean_pairwise_distance_ignores_order_and_rotation(seed):
    generator = np.random.default_rng(seed)
    samples = generator.normal(size=(30, 5))
    rotation = np.linalg.qr(generator.normal(size=(5, 5)))[0]
    turned = torch.tensor(generator.permutation(samples) @ rotation)
    assert mean_pairwise_distance(turned) == pytest.approx(mean_pairwise_distance(torch.tensor(samples)), rel=1e-5)


def test_one_sample_has_no_distance():
    with pytest.raises(ValueError, match="at least two samples; got 1"):
        mean_pairwise_distance(torch.zeros(1, 3))


@pytest.mark.parametrize("size", [2, 16, 64])
def test_frechet_distance_is_scipys(size):
    real, fake = correlated(500, size, 0), correlated(400, size, 1)
    ours = frechet_distance(feature_statistics(torch.tensor(real)), torch.tensor(fake))
    assert ours == pytest.approx(scipys_frechet_distance(real, fake), rel=1e-7)


def test_frechet_distance_of_diagonal_gaussians_is_its_closed_form():
    """Σ (√a − √b)² + |shift|², up to the sampling error of 200,000 samples."""
    generator = torch.Generator().manual_seed(0)
    stds = torch.tensor([1.0, 2.0, 0.5])
    fake = stds * torch.randn(200_000, 3, generator=generator, dtype=torch.float64) + 1
    real = FeatureStatistics(10**6, torch.zeros(3, dtype=torch.float64), torch.eye(3, dtype=torch.float64))
    assert frechet_distance(real, fake) == pytest.approx(3 + 1 + 0.25, rel=0.01)


def test_frechet_distance_is_symmetric_and_zero_for_the_same_samples():
    first, second = torch.tensor(correlated(300, 8, 0)), torch.tensor(correlated(300, 8, 1))
    forth = frechet_distance(feature_statistics(first), second)
    assert forth == pytest.approx(frechet_distance(feature_statistics(second), first), rel=1e-7)
    assert frechet_distance(feature_statistics(first), first) == pytest.approx(0, abs=1e-6)


def test_a_shift_adds_its_squared_length_even_far_from_the_origin():
    samples = torch.tensor(correlated(300, 8, 0)) + 1e4
    assert frechet_distance(feature_statistics(samples), samples + 3) == pytest.approx(8 * 9, rel=1e-7)


def test_fewer_samples_than_dimensions_and_a_collapsed_generator_are_survived():
    real = correlated(300, 32, 0)
    for fake in (correlated(20, 32, 1), np.repeat(correlated(1, 32, 1), 50, axis=0)):
        ours = frechet_distance(feature_statistics(torch.tensor(real)), torch.tensor(fake))
        assert ours == pytest.approx(symmetric_frechet_distance(real, fake), rel=1e-6)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_features_that_are_not_finite_are_refused(bad):
    real = feature_statistics(torch.randn(50, 4))
    fake = torch.randn(50, 4)
    fake[3, 2] = bad
    with pytest.raises(ValueError, match="not finite"):
        frechet_distance(real, fake)
    with pytest.raises(ValueError, match="at least 2"):
        frechet_distance(real, torch.randn(1, 4))


def test_no_random_number_is_drawn():
    real, fake = feature_statistics(torch.randn(50, 4)), torch.randn(50, 4)
    before = torch.get_rng_state()
    frechet_distance(real, fake)
    assert torch.equal(torch.get_rng_state(), before)
