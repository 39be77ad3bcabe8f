"""The energy coefficient against SciPy, closed forms and its bounds."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import energy_distance

from gandiag.errors import TooFewSamples
from gandiag.metrics import energy_coefficient, mean_pairwise_distance


@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(2, 60), st.floats(-3, 3))
def test_it_is_scipys_distance_on_a_line_with_the_bias_of_its_means_taken_out(seed, m, n, shift):
    generator = torch.Generator().manual_seed(seed)
    real = torch.randn(m, 1, dtype=torch.float64, generator=generator)
    fake = torch.randn(n, 1, dtype=torch.float64, generator=generator) + shift
    between = np.abs(real.numpy() - fake.numpy().T).mean()
    own = [mean_pairwise_distance(one) / len(one) for one in (real, fake)]  # what SciPy's means have less, 0 diagonals
    scipys = energy_distance(real[:, 0].numpy(), fake[:, 0].numpy()) ** 2
    assert energy_coefficient(real, fake) == pytest.approx((scipys - sum(own)) / (2 * between), abs=1e-9)


def test_two_gaussians_far_apart_are_at_their_closed_form():
    """E|X − X'| = 2/√π in one dimension; between means δ apart it is E|N(δ, 2)|."""
    real, fake, shift = torch.randn(4000, 1), torch.randn(4000, 1) + 3, 3.0
    between = 2 / math.sqrt(math.pi) * math.exp(-(shift**2) / 4) + shift * math.erf(shift / 2)
    assert energy_coefficient(real, fake) == pytest.approx(1 - 2 / math.sqrt(math.pi) / between, abs=0.01)


def test_equal_distributions_are_at_zero_one_point_at_a_half_and_strangers_near_one():
    real = torch.randn(2000, 20)
    assert abs(energy_coefficient(real[:1000], real[1000:])) < 0.003
    assert energy_coefficient(real[1:], real[:1].expand(1000, -1)) == pytest.approx(0.5, abs=0.1)
    assert energy_coefficient(real, torch.randn(500, 20) + 100) > 0.95
    same = torch.ones(5, 3)
    assert energy_coefficient(same, same) == 0


def test_known_means_need_not_be_computed_again():
    real, fake = torch.randn(50, 3), torch.randn(60, 3) + 1
    known = energy_coefficient(
        real, fake, real_distance=mean_pairwise_distance(real), fake_distance=mean_pairwise_distance(fake)
    )
    assert known == energy_coefficient(real, fake)


def test_bad_input():
    with pytest.raises(TooFewSamples, match="at least 2 fake"):
        energy_coefficient(torch.randn(5, 2), torch.randn(1, 2))
    with pytest.raises(ValueError, match="same dimension"):
        energy_coefficient(torch.randn(5, 2), torch.randn(5, 3))
