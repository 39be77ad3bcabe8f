"""Precision, recall, density and coverage against loops from their definitions, and against the authors' package."""

import contextlib
import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group

from gandiag.errors import TooFewSamples
from gandiag.metrics import expected_coverage, nearest_neighbours, prdc, real_manifold
from gandiag.metrics.neighbours import squared_radii

seeds = st.integers(0, 10_000)
FOUR = ("precision", "recall", "density", "coverage")


def gaussians(n: int, m: int, d: int, scale: float = 1.0, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator), scale * torch.randn(m, d, generator=generator)


def by_definition(real: np.ndarray, fake: np.ndarray, k: int, strict: bool) -> dict[str, float]:
    """One pair at a time, in float64."""
    inside = np.less if strict else np.less_equal
    # Squared, as integers' distances are exact only so.
    radii = {}
    for name, points in (("real", real), ("fake", fake)):
        others = [sorted(((x - y) ** 2).sum() for j, y in enumerate(points) if j != i) for i, x in enumerate(points)]
        radii[name] = [distances[k - 1] for distances in others]
    in_real = [[inside(((x - y) ** 2).sum(), r) for y in fake] for x, r in zip(real, radii["real"], strict=True)]
    in_fake = [[inside(((x - y) ** 2).sum(), r) for y, r in zip(fake, radii["fake"], strict=True)] for x in real]
    return {
        "precision": np.any(in_real, axis=0).mean(),
        "recall": np.any(in_fake, axis=1).mean(),
        "density": np.sum(in_real) / (k * len(fake)),
        "coverage": np.any(in_real, axis=1).mean(),
    }


@given(
    st.integers(6, 20), st.integers(6, 20), st.integers(1, 4), st.integers(1, 3), st.booleans(), st.booleans(), seeds
)
def test_all_four_are_their_definitions_with_ties_and_without(n, m, d, k, strict, ties, seed):
    draw = np.random.default_rng(seed)
    real, fake = draw.normal(size=(n, d)), draw.normal(size=(m, d))
    if ties:
        # Integers: a tie is a tie in every arithmetic.
        real, fake = np.round(2 * real), np.round(2 * fake)
    result = prdc(torch.tensor(real), torch.tensor(fake), k=k, strict=strict)
    for name, value in by_definition(real, fake, k, strict).items():
        assert getattr(result, name) == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize(("d", "scale"), [(2, 1.0), (16, 0.9), (64, 1.1), (512, 1.0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_to_the_authors_package_over_several_tiles(d, scale, dtype):
    package = pytest.importorskip("prdc")
    real, fake = (x.to(dtype) for x in gaussians(1500, 1300, d, scale))
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = package.compute_prdc(real.double().numpy(), fake.double().numpy(), nearest_k=5)
    ours = prdc(real, fake, strict=True)
    assert {name: getattr(ours, name) for name in FOUR} == pytest.approx(theirs, abs=1e-12)


def test_a_tight_generator_is_precise_without_recall_and_a_wide_one_the_reverse():
    tight, wide = gaussians(1500, 1500, 16, 0.6), gaussians(1500, 1500, 16, 1.6)
    assert prdc(*tight).precision > 0.95
    assert prdc(*tight).recall < 0.2
    assert prdc(*wide).precision < 0.2
    assert prdc(*wide).recall > 0.95
    assert prdc(*tight).recall == prdc(*tight[::-1]).precision


def test_a_dropped_mode_is_seen_in_recall_and_coverage_and_its_samples_are_named():
    real, fake = gaussians(600, 300, 4)
    real[300:] += 100
    result = prdc(real, fake)
    assert result.precision > 0.8
    assert result.recall <= 0.5
    assert set(range(300, 600)) <= set(result.uncovered.tolist())
    assert not result.recalled[300:].any()


def test_fakes_outside_are_named_and_the_counts_add_up():
    real, fake = gaussians(400, 300, 3)
    fake[17] = 50
    result = prdc(real, fake)
    assert 17 in result.outside.tolist()
    assert result.balls_around_fake.sum() == result.fakes_in_ball.sum() == pytest.approx(result.density * 5 * 300)


def test_a_perfect_generator_has_the_expected_coverage():
    """The mean of 40 draws of 400 samples; the standard error of coverage is about 0.003."""
    values = [prdc(*gaussians(400, 200, 4, seed=seed)).coverage for seed in range(40)]
    assert np.mean(values) == pytest.approx(expected_coverage(400, 200), abs=0.015)
    assert prdc(*gaussians(400, 200, 4)).expected_coverage == expected_coverage(400, 200)


def test_expected_coverage_rises_with_fakes_and_needs_more_reals_than_neighbours():
    assert expected_coverage(100, 0) == 0
    assert expected_coverage(2000, 256) == pytest.approx(0.453, abs=0.001)  # as measured in simulations
    with pytest.raises(ValueError, match=r"in \[1, 5\)"):
        expected_coverage(5, 5, k=5)


def test_two_sets_of_one_repeated_sample_are_the_same_unless_the_surface_is_left_out():
    same = torch.full((20, 3), 0.1)
    assert [getattr(prdc(same, same), name) for name in ("precision", "recall", "coverage")] == [1, 1, 1]
    assert [getattr(prdc(same, same, strict=True), name) for name in FOUR] == [0, 0, 0, 0]


@given(seeds)
def test_order_rotation_shift_and_scale_change_nothing(seed):
    draw = np.random.default_rng(seed)
    real, fake = draw.normal(size=(40, 3)), draw.normal(size=(30, 3))
    turn = ortho_group.rvs(3, random_state=seed)
    moved = [torch.tensor(7 * draw.permutation(x) @ turn + 3) for x in (real, fake)]
    plain, changed = prdc(torch.tensor(real), torch.tensor(fake)), prdc(*moved)
    assert [getattr(changed, name) for name in FOUR] == [getattr(plain, name) for name in FOUR]


def test_features_far_from_the_origin_keep_their_neighbours():
    real, fake = (x.double() for x in gaussians(500, 500, 8))
    near, far = prdc(real, fake), prdc(real + 1e5, fake + 1e5)
    assert [getattr(far, name) for name in FOUR] == [getattr(near, name) for name in FOUR]


def test_kept_balls_give_the_same_and_bring_their_k():
    real, fake = gaussians(200, 150, 4)
    assert prdc(real_manifold(real, k=3), fake).recall == prdc(real, fake, k=3).recall


def test_a_lower_precision_of_products_that_a_user_allows_changes_nothing():
    real, fake = gaussians(300, 300, 32)
    plain = prdc(real, fake)
    torch.set_float32_matmul_precision("medium")
    try:
        assert prdc(real, fake).density == plain.density
    finally:
        torch.set_float32_matmul_precision("highest")


def test_half_precision_and_gradients_are_taken_as_they_are():
    real, fake = gaussians(60, 60, 4)
    expected = prdc(real.half().double(), fake.half().double()).density
    assert prdc(real.half(), fake.half().requires_grad_()).density == expected


def test_too_few_or_broken_samples_are_refused():
    real, fake = gaussians(50, 50, 4)
    with pytest.raises(TooFewSamples, match="at least 7 fake samples; got 6"):
        prdc(real, fake[:6])
    with pytest.raises(TooFewSamples, match="at least 7 real samples; got 1"):
        prdc(real[:1], fake)
    with pytest.raises(ValueError, match="same dimension"):
        prdc(real, fake[:, :3])
    with pytest.raises(ValueError, match="fake features are not finite"):
        prdc(real, fake * torch.nan)
    with pytest.raises(ValueError, match="k must be"):
        prdc(real, fake, k=0)


def test_nothing_random_is_drawn_and_nothing_changed():
    real, fake = gaussians(50, 50, 4)
    before, state = (real.clone(), fake.clone()), torch.get_rng_state()
    prdc(real, fake)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(real, before[0])
    assert torch.equal(fake, before[1])


@pytest.mark.parametrize("kind", ["continuous", "integers", "repeated"])
def test_nearest_neighbours_are_scipys_across_tiles(kind):
    x, y = gaussians(1200, 1100, 6)
    if kind == "integers":
        x, y = (2 * x).round(), (2 * y).round()
    if kind == "repeated":
        x[::3], y[:40] = x[0], x[0]
    for references in (y, None):
        ours = nearest_neighbours(x, references, 4)
        distances = cdist(x.double(), (x if references is None else y).double())
        if references is None:
            np.fill_diagonal(distances, np.inf)
        np.testing.assert_allclose(ours.distances, np.sort(distances, axis=1)[:, :4], rtol=1e-12)
        chosen = np.take_along_axis(distances, ours.indices.numpy(), axis=1)
        np.testing.assert_allclose(chosen, ours.distances, rtol=1e-12)


@pytest.mark.parametrize("kind", ["continuous", "integers", "repeated", "far"])
@pytest.mark.parametrize("k", [1, 5])
def test_radii_are_the_last_of_the_nearest_neighbours(kind, k):
    x, _ = gaussians(1200, 1, 6)
    if kind == "integers":
        x = (2 * x).round()
    if kind == "repeated":
        x[::3] = x[0]
    if kind == "far":
        x = x * 1e-4 + 30
    assert torch.equal(squared_radii(x, k), nearest_neighbours(x, k=k).squared[:, -1])


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e25, 1e100])
def test_features_of_any_size_keep_their_neighbours(scale):
    real, fake = (x.double() for x in gaussians(100, 100, 4))
    plain, scaled = prdc(real, fake), prdc(scale * real, scale * fake)
    assert [getattr(scaled, name) for name in FOUR] == [getattr(plain, name) for name in FOUR]
