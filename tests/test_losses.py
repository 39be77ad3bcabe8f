"""The losses, against their papers' formulas in float64 NumPy and their derivatives by hand."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, log_expit

from gandiag.errors import GandiagError
from gandiag.losses import LOSSES, flipped, get_loss

Array = np.ndarray
logits = st.lists(st.floats(-40, 40), min_size=1, max_size=7).map(lambda values: torch.tensor(values).double())

UNPAIRED = [name for name, loss in LOSSES.items() if not loss.paired]
GENERATOR_LOSSES: dict[str, Callable[[Array], float]] = {
    "minimax": lambda f: log_expit(-f).mean(),
    "non_saturating": lambda f: -log_expit(f).mean(),
    "least_squares": lambda f: ((f - 1) ** 2).mean() / 2,
    "hinge": lambda f: -f.mean(),
    "wasserstein": lambda f: -f.mean(),
}
GENERATOR_DERIVATIVES: dict[str, Callable[[Array], Array]] = {
    "minimax": lambda f: -expit(f) / f.size,
    "non_saturating": lambda f: (expit(f) - 1) / f.size,
    "least_squares": lambda f: (f - 1) / f.size,
    "hinge": lambda f: np.full(f.shape, -1 / f.size),
    "wasserstein": lambda f: np.full(f.shape, -1 / f.size),
}
DISCRIMINATOR_LOSSES: dict[str, Callable[[Array, Array], float]] = {
    "minimax": lambda r, f: -log_expit(r).mean() - log_expit(-f).mean(),
    "non_saturating": lambda r, f: -log_expit(r).mean() - log_expit(-f).mean(),
    "least_squares": lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
    "hinge": lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
    "wasserstein": lambda r, f: f.mean() - r.mean(),
}
# The same games with real labelled 0 and generated labelled 1 (for hinge, whose labels are −1 and 1, exchanged).
EXCHANGED_DISCRIMINATOR_LOSSES: dict[str, Callable[[Array, Array], float]] = {
    "minimax": lambda r, f: -log_expit(-r).mean() - log_expit(f).mean(),
    "non_saturating": lambda r, f: -log_expit(-r).mean() - log_expit(f).mean(),
    "least_squares": lambda r, f: (r**2).mean() / 2 + ((f - 1) ** 2).mean() / 2,
    "hinge": lambda r, f: np.maximum(0, 1 + r).mean() + np.maximum(0, 1 - f).mean(),
    "wasserstein": lambda r, f: r.mean() - f.mean(),
}
EXCHANGED_GENERATOR_LOSSES: dict[str, Callable[[Array], float]] = {
    "minimax": lambda f: log_expit(f).mean(),
    "non_saturating": lambda f: -log_expit(-f).mean(),
    "least_squares": lambda f: (f**2).mean() / 2,
    "hinge": lambda f: f.mean(),
    "wasserstein": lambda f: f.mean(),
}


def test_every_loss_has_its_references_here() -> None:
    for table in (GENERATOR_LOSSES, GENERATOR_DERIVATIVES, DISCRIMINATOR_LOSSES, EXCHANGED_DISCRIMINATOR_LOSSES):
        assert set(table) == set(UNPAIRED)


@pytest.mark.parametrize("name", UNPAIRED)
@given(fake=logits)
def test_a_generator_loss_is_the_papers_formula(name: str, fake: torch.Tensor) -> None:
    loss = get_loss(name).generator(fake)
    assert loss.shape == ()
    # torch's softplus turns linear beyond 20, which leaves out up to exp(−20) = 2e−9.
    np.testing.assert_allclose(loss, GENERATOR_LOSSES[name](fake.numpy()), rtol=1e-8, atol=3e-9)


@pytest.mark.parametrize("name", UNPAIRED)
@given(fake=logits)
def test_a_generator_losss_derivative_is_the_closed_form(name: str, fake: torch.Tensor) -> None:
    leaf = fake.clone().requires_grad_(True)
    (derivative,) = torch.autograd.grad(get_loss(name).generator(leaf), leaf)
    # torch's softplus turns linear beyond 20, where the logistic function is 1 up to exp(−20) = 2e−9.
    np.testing.assert_allclose(derivative, GENERATOR_DERIVATIVES[name](fake.numpy()), rtol=1e-8, atol=3e-9)


@pytest.mark.parametrize("name", UNPAIRED)
@given(real=logits, fake=logits)
def test_a_discriminator_loss_is_the_papers_formula(name: str, real: torch.Tensor, fake: torch.Tensor) -> None:
    loss = get_loss(name).discriminator(real, fake)
    assert loss.shape == ()
    expected = DISCRIMINATOR_LOSSES[name](real.numpy(), fake.numpy())
    np.testing.assert_allclose(loss, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", UNPAIRED)
def test_the_discriminator_wants_real_logits_high_and_generated_ones_low(name: str) -> None:
    real, fake = torch.tensor([0.3, -0.2], requires_grad=True), torch.tensor([0.1, 0.4, 0.2], requires_grad=True)
    for_real, for_fake = torch.autograd.grad(get_loss(name).discriminator(real, fake), [real, fake])
    assert bool((for_real < 0).all())
    assert bool((for_fake > 0).all())


@pytest.mark.parametrize("name", UNPAIRED)
@pytest.mark.parametrize("shape", [(6,), (6, 1), (2, 1, 3), (1, 6)])
def test_a_loss_is_the_same_for_any_shape_of_logits(name: str, shape: tuple[int, ...]) -> None:
    real, fake = torch.randn(6), torch.randn(6)
    loss = get_loss(name)
    torch.testing.assert_close(loss.generator(fake.view(shape)), loss.generator(fake))
    torch.testing.assert_close(loss.discriminator(real.view(shape), fake.view(shape)), loss.discriminator(real, fake))


@pytest.mark.parametrize("name", UNPAIRED)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_a_very_sure_discriminator_gives_finite_losses_and_derivatives(name: str, size: float) -> None:
    real, fake = torch.full((3,), size, requires_grad=True), torch.full((3,), -size, requires_grad=True)
    loss = get_loss(name).discriminator(real, fake) + get_loss(name).generator(fake)
    derivatives = torch.autograd.grad(loss, [real, fake])
    assert bool(torch.isfinite(torch.stack([loss.detach(), *torch.cat(derivatives)])).all())


def test_the_saturating_signal_dies_where_the_non_saturating_one_lives() -> None:
    rejected = torch.full((4,), -15.0, requires_grad=True)
    (dying,) = torch.autograd.grad(get_loss("minimax").generator(rejected), rejected)
    (living,) = torch.autograd.grad(get_loss("non_saturating").generator(rejected), rejected)
    assert float(dying.abs().sum()) < 1e-6
    assert float(living.abs().sum()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", UNPAIRED)
@given(real=logits, fake=logits)
def test_flipped_is_the_same_game_with_real_0_and_generated_1(
    name: str, real: torch.Tensor, fake: torch.Tensor
) -> None:
    loss = flipped(get_loss(name))
    assert loss.name == name
    discriminator = EXCHANGED_DISCRIMINATOR_LOSSES[name](real.numpy(), fake.numpy())
    np.testing.assert_allclose(loss.discriminator(real, fake), discriminator, rtol=1e-8, atol=1e-8)
    # Mirroring at ½ rounds by up to 1e-16 of the logit.
    expected = EXCHANGED_GENERATOR_LOSSES[name](fake.numpy())
    np.testing.assert_allclose(loss.generator(fake), expected, rtol=1e-8, atol=1e-15)


@pytest.mark.parametrize("name", UNPAIRED)
def test_flipping_twice_gives_the_loss_back(name: str) -> None:
    real, fake = torch.randn(9), torch.randn(5)
    once, twice = get_loss(name), flipped(flipped(get_loss(name)))
    torch.testing.assert_close(twice.discriminator(real, fake), once.discriminator(real, fake))
    torch.testing.assert_close(twice.generator(fake), once.generator(fake))


@given(pairs=st.lists(st.tuples(st.floats(-40, 40), st.floats(-40, 40)), min_size=1, max_size=7))
def test_the_paired_loss_is_the_papers_formula_for_both_players(pairs: list[tuple[float, float]]) -> None:
    real, fake = torch.tensor(pairs).double().T
    loss = get_loss("relativistic_paired")
    expected = -log_expit((real - fake).numpy()).mean(), -log_expit((fake - real).numpy()).mean()
    np.testing.assert_allclose(loss.discriminator(real, fake), expected[0], rtol=1e-8, atol=3e-9)
    np.testing.assert_allclose(loss.generator(fake, real), expected[1], rtol=1e-8, atol=3e-9)
    exchanged = flipped(loss)
    np.testing.assert_allclose(exchanged.discriminator(real, fake), expected[1], rtol=1e-8, atol=3e-9)
    np.testing.assert_allclose(exchanged.generator(fake, real), expected[0], rtol=1e-8, atol=3e-9)


def test_the_paired_loss_asks_only_for_the_difference() -> None:
    real, fake = torch.randn(6), torch.randn(6)
    loss = get_loss("relativistic_paired")
    torch.testing.assert_close(loss.discriminator(real + 3, fake + 3), loss.discriminator(real, fake))
    torch.testing.assert_close(loss.generator(fake + 3, real + 3), loss.generator(fake, real))


def test_a_loss_carries_its_own_name() -> None:
    assert {name: get_loss(name).name for name in LOSSES} == {name: name for name in LOSSES}


def test_an_unknown_loss_is_refused_in_one_sentence_that_lists_the_choices() -> None:
    with pytest.raises(GandiagError) as refusal:
        get_loss("wassertein")
    sentence = str(refusal.value)
    assert "'wassertein'" in sentence
    assert all(name in sentence for name in LOSSES)
    assert "\n" not in sentence
