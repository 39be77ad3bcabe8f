"""The Fréchet distance's own routes: factors, ranks, batches, extrapolation and error."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gandiag.errors import TooFewSamples
from gandiag.metrics import (
    FeatureMoments,
    FeatureStatistics,
    feature_statistics,
    frechet_distance,
    frechet_distance_at_infinity,
    frechet_standard_error,
)

seeds = st.integers(0, 10_000)


def by_nuclear_norm(real: torch.Tensor, fake: torch.Tensor) -> float:
    """No root of a singular matrix is taken: Tr (C₁C₂)^½ is the sum of the singular values of X₁X₂ᵀ."""
    first, second = ((x - x.mean(dim=0)).double() / math.sqrt(len(x) - 1) for x in (real, fake))
    shift = real.double().mean(dim=0) - fake.double().mean(dim=0)
    shared = torch.linalg.svdvals(first @ second.T).sum()
    return float(shift @ shift + first.square().sum() + second.square().sum() - 2 * shared)


def samples(n: int, d: int, rank: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, rank, generator=generator, dtype=torch.float64) @ torch.randn(
        rank, d, generator=generator, dtype=torch.float64
    )


@pytest.mark.parametrize("rank", [1, 20, 40], ids=lambda rank: f"rank{rank}")
@pytest.mark.parametrize("n_fake", [2, 15, 40, 41, 200])
@pytest.mark.parametrize("n_real", [10, 41, 300])
def test_every_rank_by_both_routes(n_real, n_fake, rank):
    real, fake = samples(n_real, 40, 40, 0), samples(n_fake, 40, rank, 1)
    expected = by_nuclear_norm(real, fake)
    from_features = frechet_distance(feature_statistics(real), fake)
    from_moments = frechet_distance(feature_statistics(real), feature_statistics(fake))
    # An eigenvalue of 0 comes out near 1e−16 of the largest, and its root near 1e−8.
    assert from_features == pytest.approx(expected, rel=1e-6)
    assert from_moments == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(feature_statistics(fake), real) == pytest.approx(expected, rel=1e-6)


def test_equal_to_pytorch_fid_and_torchmetrics():
    score = pytest.importorskip("pytorch_fid.fid_score")
    fid = pytest.importorskip("torchmetrics.image.fid")
    real, fake = feature_statistics(samples(500, 32, 32, 0)), feature_statistics(samples(400, 32, 32, 1))
    ours = frechet_distance(real, fake)
    moments = [real.mean, real.covariance, fake.mean, fake.covariance]
    with pytest.warns(DeprecationWarning, match="disp"):  # the argument of SciPy's that is gone in its next release
        theirs = score.calculate_frechet_distance(*(x.numpy() for x in moments))
    assert ours == pytest.approx(theirs, rel=1e-10)
    assert ours == pytest.approx(float(fid._compute_fid(*moments)), rel=1e-10)


def test_the_factor_is_kept_and_is_one():
    for rank in (20, 5):
        real = feature_statistics(samples(100, 20, rank, 0))
        assert real.factor is real.factor
        assert real.factor.triangular == (rank == 20)
        assert real.factor.matrix.shape == (20, rank)
        np.testing.assert_allclose(real.factor.matrix @ real.factor.matrix.T, real.covariance, atol=1e-10)
        rows = np.random.default_rng(0).normal(size=(7, 20))
        np.testing.assert_allclose(real.factor.times(rows), rows @ real.factor.matrix, atol=1e-12)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.floats(0, 1e6), seeds)
def test_batches_of_any_size_give_the_moments_of_all_at_once(sizes, offset, seed):
    features = torch.tensor(np.random.default_rng(seed).normal(size=(sum(sizes) + 2, 3))) + offset
    moments, start = FeatureMoments(), 0
    for size in [*sizes, 2]:
        moments.update(features[start : start + size])
        start += size
    expected, found = feature_statistics(features), moments.compute()
    assert found.count == len(features)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-12, atol=1e-12)
    # Values near the offset are 1e−16 of it apart.
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-12 + 1e-14 * offset)


def test_processes_that_merge_give_the_moments_of_all():
    features = torch.randn(100, 4) + 1000
    parts = []
    for chunk in features.split([30, 50, 20]):
        parts.append(FeatureMoments())
        parts[-1].update(chunk)
    total = FeatureMoments()
    for part in parts:
        total.merge(part)
    total.merge(FeatureMoments())
    np.testing.assert_allclose(total.compute().covariance, feature_statistics(features).covariance, atol=1e-10)
    with pytest.raises(ValueError, match="keep their dimension, 4; got 3"):
        total.update(torch.randn(5, 3))
    with pytest.raises(TooFewSamples, match="at least two"):
        FeatureMoments().compute()


def test_extrapolation_takes_most_of_the_bias_away_and_has_its_own_stream():
    """A perfect generator is at distance 0; with d = 8 and n = 400 its distance is some 0.05."""
    real = FeatureStatistics(10**9, torch.zeros(8, dtype=torch.float64), torch.eye(8, dtype=torch.float64))
    state = torch.get_rng_state()
    pairs = []
    for seed in range(20):
        fake = torch.randn(400, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        at_infinity = frechet_distance_at_infinity(real, fake, seed=seed)
        assert at_infinity.distances[-1] == pytest.approx(frechet_distance(real, fake), rel=1e-9)
        pairs.append((frechet_distance(real, fake), at_infinity.value))
    plain, extrapolated = np.mean(pairs, axis=0)
    assert plain > 0.04
    assert abs(extrapolated) < plain / 3
    assert torch.equal(torch.get_rng_state(), state)
    assert frechet_distance_at_infinity(real, fake, seed=3) == frechet_distance_at_infinity(real, fake, seed=3)
    with pytest.raises(TooFewSamples, match="at least 200 fake samples; got 199"):
        frechet_distance_at_infinity(real, fake[:199])
    with pytest.raises(ValueError, match="at least 3 points"):
        frechet_distance_at_infinity(real, fake, points=2)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_the_standard_error_is_the_spread_over_draws(shift):
    """200 draws: the spread's own error is 5 %."""
    real = FeatureStatistics(10**9, torch.zeros(4, dtype=torch.float64), torch.eye(4, dtype=torch.float64))
    stds = torch.tensor([0.5, 1.0, 1.5, 2.0], dtype=torch.float64)
    draws = [shift + stds * torch.randn(300, 4, dtype=torch.float64) for _ in range(200)]
    spread = np.std([frechet_distance(real, draw) for draw in draws])
    errors = [frechet_standard_error(real, draw) for draw in draws]
    assert np.mean(errors) == pytest.approx(spread, rel=0.2)
    with pytest.raises(TooFewSamples, match="at least 8 fake samples; got 7"):
        frechet_standard_error(real, draws[0][:7])


def test_a_fake_of_rank_0_is_as_far_as_the_spread_of_the_reals():
    real = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    assert frechet_distance(real, torch.zeros(5, 2)) == pytest.approx(2)
    assert frechet_distance(torch.zeros(5, 2), real) == pytest.approx(2)


def test_broken_features_are_refused():
    real = torch.randn(20, 3)
    with pytest.raises(ValueError, match="same dimension; got 3 and 2"):
        frechet_distance(real, real[:, :2])
    with pytest.raises(ValueError, match="not finite"):
        frechet_distance(real, real * torch.nan)
    with pytest.raises(ValueError, match="d ≥ 1"):
        frechet_distance(real, torch.zeros(4, 0))
    with pytest.raises(TooFewSamples):
        feature_statistics(real[:1])
