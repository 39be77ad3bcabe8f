"""The mixtures have the modes that they say, where they say, and draw from them evenly."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist
from scipy.stats import chisquare, kstest

from gandiag.data import Mixture, grid, mixture_dataset, ring

MIXTURES = {"ring": ring(), "grid": grid()}


def test_the_ring_has_eight_modes_and_not_seven() -> None:
    """With the end point among the angles, the first and the last mode coincide."""
    assert pdist(ring().centers.double()).min() == pytest.approx(2 * 2.0 * math.sin(math.pi / 8), rel=1e-6)


@given(modes=st.integers(2, 40), radius=st.floats(0.1, 50))
def test_a_rings_neighbours_are_as_far_apart_as_geometry_says(modes: int, radius: float) -> None:
    centers = ring(modes=modes, radius=radius).centers.double()
    assert centers.shape == (modes, 2)
    np.testing.assert_allclose(centers.norm(dim=1), radius, rtol=1e-6)
    # Centres are float32: their difference errs by about 1e−7 of the radius.
    assert pdist(centers).min() == pytest.approx(2 * radius * math.sin(math.pi / modes), abs=1e-6 * radius)


def test_the_grid_has_25_modes_two_apart_around_the_origin() -> None:
    steps = (-4.0, -2.0, 0.0, 2.0, 4.0)
    assert {tuple(center) for center in grid().centers.tolist()} == {(x, y) for x in steps for y in steps}
    assert len(grid().centers) == 25


@given(side=st.integers(1, 9), spacing=st.floats(0.5, 8))
def test_a_grid_of_any_size_is_centred_and_evenly_spaced(side: int, spacing: float) -> None:
    centers = grid(side=side, spacing=spacing).centers.double()
    assert centers.shape == (side**2, 2)
    np.testing.assert_allclose(centers.mean(dim=0), 0, atol=1e-5 * spacing)
    if side > 1:
        assert pdist(centers).min() == pytest.approx(spacing, rel=1e-5)


def test_the_standard_deviations_are_the_papers() -> None:
    assert (ring().std, grid().std) == (0.02, 0.05)


@pytest.mark.parametrize("name", MIXTURES)
def test_a_sample_has_the_mixtures_moments(name: str) -> None:
    mixture = MIXTURES[name]
    count = 40_000
    points, modes = mixture.sample(count, torch.Generator().manual_seed(5))
    assert points.shape == (count, 2)
    assert modes.shape == (count,)
    residuals = (points - mixture.centers[modes]).double() / mixture.std
    # Means err by 1/√n, variances by √(2/n), the correlation by 1/√n; five standard errors.
    np.testing.assert_allclose(residuals.mean(dim=0), 0, atol=5 / math.sqrt(count))
    np.testing.assert_allclose(residuals.var(dim=0), 1, atol=5 * math.sqrt(2 / count))
    assert abs(float((residuals[:, 0] * residuals[:, 1]).mean())) < 5 / math.sqrt(count)
    assert kstest(residuals.flatten(), "norm").pvalue > 1e-4
    assert chisquare(modes.bincount(minlength=len(mixture.centers))).pvalue > 1e-4


@pytest.mark.parametrize("name", MIXTURES)
def test_a_points_label_is_the_mode_it_lies_next_to(name: str) -> None:
    dataset = mixture_dataset(MIXTURES[name], count=3000)
    nearest = cdist(dataset.samples, MIXTURES[name].centers).argmin(axis=1)
    np.testing.assert_array_equal(dataset.labels, nearest)


def test_a_sample_is_fixed_by_its_generator_alone() -> None:
    first = ring().sample(50, torch.Generator().manual_seed(1))
    torch.manual_seed(99)
    again = ring().sample(50, torch.Generator().manual_seed(1))
    other = ring().sample(50, torch.Generator().manual_seed(2))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_a_data_set_is_fixed_by_its_seed() -> None:
    first, again, other = (mixture_dataset(grid(), count=100, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first.samples, again.samples)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.samples, other.samples)


def test_the_global_random_state_is_not_touched() -> None:
    before = torch.get_rng_state()
    mixture_dataset(ring(), count=100)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_data_set_knows_the_mixture_it_was_drawn_from() -> None:
    mixture = Mixture("pair", torch.tensor([[0.0, 0.0], [9.0, 0.0]]), 0.1)
    dataset = mixture_dataset(mixture, count=7)
    assert dataset.mixture is mixture
    assert dataset.name == "pair"
    assert dataset.samples.shape == (7, 2)
    assert dataset.samples.dtype == torch.float32
    assert dataset.labels.dtype == torch.int64
