"""The paired loss's derivatives, by autograd against the closed form."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from gandiag.errors import GandiagError
from gandiag.losses import Loss, flipped, get_loss

LOSS = get_loss("relativistic_paired")
PAIRS = st.lists(st.tuples(st.floats(-40, 40), st.floats(-40, 40)), min_size=1, max_size=7)


@given(pairs=PAIRS)
def test_the_derivatives_are_the_closed_form_and_opposite_for_real_and_generated(
    pairs: list[tuple[float, float]],
) -> None:
    real, fake = (logits.clone().requires_grad_(True) for logits in torch.tensor(pairs).double().unbind(dim=1))
    margin = (real - fake).detach().numpy()
    for objective, expected in (
        (LOSS.discriminator(real, fake), -expit(-margin) / margin.size),
        (LOSS.generator(fake, real), expit(margin) / margin.size),
    ):
        for_real, for_fake = torch.autograd.grad(objective, [real, fake])
        # torch's softplus turns linear beyond 20, where the logistic function is 1 up to exp(−20) = 2e−9.
        np.testing.assert_allclose(for_real, expected, rtol=1e-8, atol=3e-9)
        np.testing.assert_allclose(for_fake, -for_real, rtol=1e-8, atol=3e-9)


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_a_very_sure_discriminator_gives_finite_losses_and_derivatives(size: float) -> None:
    real, fake = torch.full((3,), size, requires_grad=True), torch.full((3,), -size, requires_grad=True)
    objective = LOSS.discriminator(real, fake) + LOSS.generator(fake, real)
    derivatives = torch.autograd.grad(objective, [real, fake])
    assert bool(torch.isfinite(torch.stack([objective.detach(), *torch.cat(derivatives)])).all())


@pytest.mark.parametrize("loss", [LOSS, flipped(LOSS)], ids=["as it is", "flipped"])
def test_the_generators_loss_cannot_be_had_without_real_logits(loss: Loss) -> None:
    with pytest.raises(GandiagError, match=r"logits of both, generator\(fake, real\)"):
        loss.generator(torch.zeros(2))


@pytest.mark.parametrize("shape", [(3, 1), (4,), (1,)])
def test_logits_that_make_no_pairs_are_refused_and_not_broadcast(shape: tuple[int, ...]) -> None:
    real, fake = torch.zeros(3), torch.zeros(shape)
    for compute in (LOSS.discriminator, lambda real, fake: LOSS.generator(fake, real)):
        with pytest.raises(GandiagError, match=r"their shapes are \(3,\) and .*; give it as many"):
            compute(real, fake)
