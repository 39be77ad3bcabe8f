"""Memorisation: copies are found and named, new samples are not; the distance runs from fakes to training samples."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu, ortho_group

from gandiag.errors import TooFewSamples
from gandiag.metrics import (
    data_copying_score,
    discriminator_gap,
    feature_statistics,
    frechet_distance,
    memorisation,
    memorisation_distance,
    memorisation_informed_frechet_distance,
)

seeds = st.integers(0, 10_000)


def sets(train: int = 400, held_out: int = 200, d: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1000 + seed)
    return tuple(torch.randn(n, d, generator=generator) for n in (train, held_out))


def mann_whitney_z(first: np.ndarray, second: np.ndarray) -> float:
    """From the paper's formula, one pair at a time."""
    above = sum((x > y) + 0.5 * (x == y) for x in first for y in second)
    n, m = len(first), len(second)
    return (above - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


def test_data_copying_score_is_the_papers_formula():
    train, held_out = sets()
    fake = torch.randn(150, 4) * 0.8
    ours = data_copying_score(train, held_out, fake)
    to_train, held = (cdist(x.double(), train.double()).min(axis=1) for x in (fake, held_out))
    assert ours == pytest.approx(mann_whitney_z(to_train, held), abs=1e-9)


def test_ties_are_corrected_as_scipy_does():
    train = torch.zeros(1, 1)
    held_out, fake = torch.arange(100.0)[:, None].div(10).floor(), torch.arange(80.0)[:, None].div(7).floor()
    ours = data_copying_score(train, held_out, fake)
    p = mannwhitneyu(
        fake.double().flatten(), held_out.double().flatten(), method="asymptotic", use_continuity=False
    ).pvalue
    assert math.erfc(abs(ours) / math.sqrt(2)) == pytest.approx(p, rel=1e-9)


def test_copying_is_far_below_0_underfitting_far_above_and_new_samples_between():
    train, held_out = sets()
    assert data_copying_score(train, held_out, train[:200] + 1e-3) < -10
    assert data_copying_score(train, held_out, 3 * torch.randn(200, 4)) > 5
    scores = [data_copying_score(*sets(seed=seed), torch.randn(200, 4)) for seed in range(30)]
    # A standard normal's mean over 30; its deviation is a little above 1, as all share a training set.
    assert abs(np.mean(scores)) < 4 / math.sqrt(30)
    assert 0.6 < np.std(scores) < 1.6


def test_cells_find_copies_that_underfitting_elsewhere_hides():
    train, held_out = sets(1000, 600)
    train[500:] += 50
    held_out[300:] += 50
    half = train[:150] + 1e-3
    fake = torch.cat([half, 50 + 8 * torch.randn(150, 4)])
    assert abs(data_copying_score(train, held_out, fake)) < 3
    first_cell_alone = data_copying_score(train, held_out, torch.cat([half, half]), cells=2)
    assert first_cell_alone < -10
    assert first_cell_alone == data_copying_score(train, held_out, torch.cat([half, half]), cells=2)


def test_copies_are_named_with_the_image_that_they_copy():
    train, held_out = sets(400, 1000)
    fake = 5 + torch.randn(100, 4)
    fake[[3, 50]] = train[[7, 9]]
    result = memorisation(train, held_out, fake)
    assert sorted(result.copies.tolist()) == [[3, 7], [50, 9]]
    assert result.copy_rate == 0.02
    assert result.distance_ratio > 1
    assert result.distances[3] == 0


def test_a_perfect_generator_is_as_near_as_held_out_samples():
    train, held_out = sets(500, 2000)
    result = memorisation(train, held_out, torch.randn(2000, 4))
    # The median of 2,000 has a relative error of about 2 %.
    assert result.distance_ratio == pytest.approx(1, abs=0.08)
    assert result.copy_rate < 0.005
    assert memorisation(train, held_out, train).distance_ratio == 0


@given(seeds)
def test_order_rotation_shift_and_scale_change_nothing(seed):
    draw = np.random.default_rng(seed)
    train, held_out, fake = (draw.normal(size=(n, 3)) for n in (80, 70, 64))
    turn = ortho_group.rvs(3, random_state=seed)
    moved = [torch.tensor(5 * draw.permutation(x) @ turn - 2) for x in (train, held_out, fake)]
    plain = [torch.tensor(x) for x in (train, held_out, fake)]
    assert data_copying_score(*moved) == pytest.approx(data_copying_score(*plain))
    assert memorisation(*moved).distance_ratio == pytest.approx(memorisation(*plain).distance_ratio)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 5), seeds)
def test_memorisation_distance_is_its_definition(n, m, d, seed):
    draw = np.random.default_rng(seed)
    train, fake = draw.normal(size=(n, d)), draw.normal(size=(m, d))
    expected = np.mean([min(1 - abs(y @ t) / np.linalg.norm(y) / np.linalg.norm(t) for t in train) for y in fake])
    assert memorisation_distance(torch.tensor(train), torch.tensor(fake)) == pytest.approx(expected, abs=1e-12)


def test_the_distance_runs_over_fakes_and_torchmetrics_over_reals():
    """A generator that knows 50 training images: no distance at all for us, a large one in the other direction."""
    train = torch.randn(1000, 16)
    fake = train[:50].repeat(4, 1)
    assert memorisation_distance(train, fake) == pytest.approx(0, abs=1e-9)
    assert memorisation_distance(fake, train) > 0.1
    assert memorisation_informed_frechet_distance(train, fake) > 1e6
    mifid = pytest.importorskip("torchmetrics.image.mifid")
    theirs = mifid._compute_cosine_distance(train.double(), fake.double(), cosine_distance_eps=1e9)
    assert float(theirs) == pytest.approx(memorisation_distance(fake, train), rel=1e-6)


def test_without_memorisation_it_is_the_frechet_distance():
    train, fake = torch.randn(100, 16), torch.randn(80, 16)
    assert memorisation_distance(train, fake) > 0.1
    plain = frechet_distance(feature_statistics(train), fake)
    assert memorisation_informed_frechet_distance(train, fake) == plain
    assert memorisation_informed_frechet_distance(train, fake, below=1.0) == pytest.approx(
        plain / memorisation_distance(train, fake)
    )
    with pytest.raises(ValueError, match="no angle"):
        memorisation_distance(train, torch.zeros(3, 16))


def test_the_discriminators_gap_has_the_shift_and_its_direction():
    """A shift of 1 of unit normals: separation Φ(1/√2) = 0.760, standard error √(2/1000)."""
    train, held_out = torch.randn(1000) + 1, torch.randn(1000)
    gap = discriminator_gap(train, held_out)
    assert gap.standard_error == pytest.approx(math.sqrt(2 / 1000), rel=0.1)
    assert gap.difference == pytest.approx(1, abs=4 * gap.standard_error)
    assert gap.separation == pytest.approx(0.760, abs=0.04)
    assert gap.z > 10
    back = discriminator_gap(held_out, train)
    assert (back.difference, back.z) == pytest.approx((-gap.difference, -gap.z))
    same = discriminator_gap(train, train)
    assert (same.difference, same.separation) == (0, 0.5)


def test_a_gap_without_overfitting_is_standard_normal():
    """200 draws: the deviation's own error is 5 %."""
    values = [discriminator_gap(torch.randn(40), torch.randn(60)).z for _ in range(200)]
    assert np.mean(values) == pytest.approx(0, abs=0.25)
    assert np.std(values) == pytest.approx(1, abs=0.2)


def test_too_few_or_broken_samples_are_refused():
    train, held_out = sets()
    with pytest.raises(TooFewSamples, match="at least 64 fake samples; got 63"):
        data_copying_score(train, held_out, train[:63])
    with pytest.raises(TooFewSamples, match="at least 64 held-out samples; got 10"):
        memorisation(train, held_out[:10], train)
    with pytest.raises(TooFewSamples, match="No cell"):
        data_copying_score(train, held_out[:64], train[:64], cells=30)
    with pytest.raises(ValueError, match="not finite"):
        memorisation(train, held_out, train * torch.inf)
    with pytest.raises(ValueError, match="at least one cell"):
        data_copying_score(train, held_out, train, cells=0)
    with pytest.raises(TooFewSamples, match="at least 20 held-out"):
        discriminator_gap(torch.randn(20), torch.randn(19))
    with pytest.raises(ValueError, match="one score a sample"):
        discriminator_gap(torch.randn(20, 2), torch.randn(20, 2))


def test_nothing_random_is_drawn():
    train, held_out = sets()
    state = torch.get_rng_state(), np.random.get_state()[1].copy()
    data_copying_score(train, held_out, train, cells=3)
    assert torch.equal(torch.get_rng_state(), state[0])
    assert (np.random.get_state()[1] == state[1]).all()
