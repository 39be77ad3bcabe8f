"""Kernel distances against loops from the formula, other libraries, closed forms and their own spread."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from gandiag.errors import TooFewSamples
from gandiag.metrics import (
    gaussian_reference,
    kernel_inception_distance,
    maximum_mean_discrepancy,
    polynomial_reference,
)

seeds = st.integers(0, 10_000)


def by_definition(real: np.ndarray, fake: np.ndarray, kernel) -> float:
    own = [
        sum(kernel(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j) / (len(a) * (len(a) - 1))
        for a in (real, fake)
    ]
    return own[0] + own[1] - 2 * np.mean([kernel(x, y) for x in real for y in fake])


@given(st.integers(20, 25), st.integers(20, 30), st.integers(1, 4), seeds)
def test_both_are_their_formula(m, n, d, seed):
    draw = np.random.default_rng(seed)
    real, fake = draw.normal(size=(m, d)), draw.normal(size=(n, d)) * 1.5 + 0.3
    cubic = by_definition(real, fake, lambda x, y: (x @ y / d + 1) ** 3)
    assert kernel_inception_distance(torch.tensor(real), torch.tensor(fake)).value == pytest.approx(cubic, abs=1e-9)
    rbf = by_definition(real, fake, lambda x, y: math.exp(-((x - y) ** 2).sum() / (2 * 0.7**2)))
    ours = maximum_mean_discrepancy(torch.tensor(real), torch.tensor(fake), bandwidth=0.7)
    assert ours.value == pytest.approx(rbf, abs=1e-12)


def test_kernel_inception_distance_is_torchmetrics_on_one_subset_of_all():
    kid = pytest.importorskip("torchmetrics.image.kid")
    real, fake = torch.randn(1500, 32, dtype=torch.float64), torch.randn(1500, 32, dtype=torch.float64) + 0.1
    assert kernel_inception_distance(real, fake).value == pytest.approx(float(kid.poly_mmd(real, fake)), rel=1e-9)


def test_kernel_inception_distance_is_torch_fidelitys_on_one_subset_of_all():
    kid = pytest.importorskip("torch_fidelity.metric_kid")
    real, fake = torch.randn(300, 16, dtype=torch.float64), torch.randn(300, 16, dtype=torch.float64) + 0.1
    theirs = kid.kid_features_to_metric(real, fake, kid_subsets=1, kid_subset_size=300, verbose=False)
    ours = kernel_inception_distance(real, fake).value
    assert ours == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-6)


def test_discrepancy_of_gaussians_is_its_closed_form():
    """E k(x, y) for x ~ N(a, 1), y ~ N(b, 1) is s exp(−s² (a − b)² / 2 σ²) with s² = σ² / (σ² + 2)."""
    real, fake = torch.randn(4000, 1, dtype=torch.float64), torch.randn(4000, 1, dtype=torch.float64) + 1
    s = math.sqrt(1 / 3)
    result = maximum_mean_discrepancy(real, fake, bandwidth=1.0)
    expected = 2 * s - 2 * s * math.exp(-(s**2) / 2)
    assert result.value == pytest.approx(expected, abs=4 * result.standard_error)
    assert result.standard_error < 0.1 * expected


@pytest.mark.parametrize("shift", [0.0, 0.15], ids=["equal", "apart"])
@pytest.mark.parametrize("distance", [kernel_inception_distance, maximum_mean_discrepancy])
def test_the_standard_error_is_the_spread_over_draws(distance, shift):
    """200 draws: the deviation's own error is 5 %, and a little more is allowed for the floor of the variance."""
    draws = [distance(torch.randn(120, 6), torch.randn(80, 6) + shift) for _ in range(200)]
    spread = np.std([draw.value for draw in draws])
    assert np.sqrt(np.mean([draw.standard_error**2 for draw in draws])) == pytest.approx(spread, rel=0.25)
    if shift == 0:
        assert np.mean([draw.value for draw in draws]) == pytest.approx(0, abs=4 * spread / math.sqrt(200))


def test_blocks_float32_and_a_kept_reference_change_nothing():
    real, fake = torch.randn(1500, 8), torch.randn(1300, 8) + 0.2
    for distance, reference in (
        (kernel_inception_distance, polynomial_reference),
        (maximum_mean_discrepancy, gaussian_reference),
    ):
        plain = distance(real, fake)
        exact = distance(real.double(), fake.double())
        assert distance(reference(real), fake) == plain
        assert plain.value == pytest.approx(exact.value, rel=1e-4)
        assert plain.standard_error == pytest.approx(exact.standard_error, rel=1e-3)


@given(seeds)
def test_order_and_rotation_change_nothing_and_the_direction_does_not_matter(seed):
    draw = np.random.default_rng(seed)
    real, fake = draw.normal(size=(30, 3)), draw.normal(size=(25, 3)) + 0.5
    turn = ortho_group.rvs(3, random_state=seed)
    moved = [torch.tensor(draw.permutation(x) @ turn) for x in (real, fake)]
    plain = kernel_inception_distance(torch.tensor(real), torch.tensor(fake))
    assert kernel_inception_distance(*moved).value == pytest.approx(plain.value)
    assert kernel_inception_distance(*moved[::-1]).value == pytest.approx(plain.value)
    shifted = [9 * x + 4 for x in moved]
    plain = maximum_mean_discrepancy(torch.tensor(real), torch.tensor(fake))
    assert maximum_mean_discrepancy(*shifted).value == pytest.approx(plain.value)


def test_features_far_from_the_origin_keep_their_discrepancy():
    real, fake = torch.randn(300, 4, dtype=torch.float64), torch.randn(300, 4, dtype=torch.float64) + 0.5
    near = maximum_mean_discrepancy(real, fake).value
    assert maximum_mean_discrepancy(real + 1e6, fake + 1e6).value == pytest.approx(near, rel=1e-6)


def test_too_few_or_broken_samples_are_refused_and_nothing_random_is_drawn():
    real = torch.randn(30, 3)
    state = torch.get_rng_state()
    kernel_inception_distance(real, real)
    assert torch.equal(torch.get_rng_state(), state)
    with pytest.raises(TooFewSamples, match="at least 20 fake samples; got 1"):
        kernel_inception_distance(real, real[:1])
    with pytest.raises(ValueError, match="not finite"):
        kernel_inception_distance(real, real * torch.nan)
    with pytest.raises(ValueError, match="same dimension"):
        maximum_mean_discrepancy(real, real[:, :2])
    with pytest.raises(ValueError, match="bandwidth must be positive"):
        maximum_mean_discrepancy(torch.zeros(30, 3), real)


def test_half_precision_gradients_and_lower_precision_products_are_taken_as_they_are():
    real, fake = torch.randn(100, 8).half(), torch.randn(100, 8).half().requires_grad_()
    expected = kernel_inception_distance(real.double(), fake.double()).value
    assert kernel_inception_distance(real, fake).value == pytest.approx(expected, rel=1e-3, abs=1e-6)
    torch.set_float32_matmul_precision("medium")
    try:
        assert kernel_inception_distance(real, fake).value == pytest.approx(expected, rel=1e-9)
    finally:
        torch.set_float32_matmul_precision("highest")
