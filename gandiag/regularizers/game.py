"""Remedies that look at both players at once."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Optimizer

from gandiag.errors import GandiagError
from gandiag.regularizers.next_steps import NextSteps

DiscriminatorLoss = Callable[[Tensor, Tensor], Tensor]


def consensus(
    generator_loss: Tensor, discriminator_loss: Tensor, generator: nn.Module, discriminator: nn.Module
) -> Tensor:
    r"""Consensus optimisation, :math:`\frac12 \|v\|^2` with the game's gradient field
    :math:`v = (\nabla_\theta L_G, \nabla_\phi L_D)`.

    Args:
        generator_loss: Of the generator, with its graph to both players.
        discriminator_loss: Of the discriminator, on generated samples that were *not* detached.
        generator: The generator.
        discriminator: The discriminator.

    Returns:
        A scalar ≥ 0 to add to *both* players' losses, times a strength γ; the paper uses 0.1 to 10. Parameters that
        take no part count as 0.

    Raises:
        GandiagError: If a player's loss does not depend on any of its parameters.

    References:
        | The Numerics of GANs (Mescheder et al., 2017), Eq. 12 and Algorithm 2
        | https://arxiv.org/abs/1705.10461
    """
    field = _field(generator_loss, generator, "generator") + _field(discriminator_loss, discriminator, "discriminator")
    return 0.5 * torch.stack([part.square().sum() for part in field]).sum()


def _field(loss: Tensor, player: nn.Module, name: str) -> list[Tensor]:
    """The gradient of a player's loss at those of its parameters that take part."""
    parameters = [p for p in player.parameters() if p.requires_grad]
    parts = (
        torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
        if parameters and loss.requires_grad
        else ()
    )
    taking_part = [part for part in parts if part is not None]
    if not taking_part:
        raise GandiagError(
            f"Consensus optimisation needs the gradient of the {name}'s loss, which depends on none of the {name}'s "
            f"parameters; compute it from samples that are not detached, with parameters that require gradients."
        )
    return taking_part


def unrolled(
    discriminator: nn.Module,
    loss: DiscriminatorLoss,
    real: Tensor,
    fake: Tensor,
    steps: int,
    learning_rate: float | Optimizer,
) -> Callable[[Tensor], Tensor]:
    r"""The discriminator as it will be after :math:`k` steps of its own, a differentiable answer to the generator.

    :math:`\theta^{k+1} = \theta^k - \eta \nabla_\theta L_D(\theta^k)`, or an optimizer's step in its place, from the
    discriminator's present parameters. They and its buffers (running means) stay as they are. The generator's loss on
    its logits carries the gradient through all :math:`k` steps.

    Args:
        discriminator: The discriminator.
        loss: (real logits, fake logits) → the discriminator's loss.
        real: Real samples.
        fake: Generated samples with their graph to the generator.
        steps: The :math:`k` of the paper, which uses 1 to 10.
        learning_rate: The :math:`\eta` of plain gradient descent, or the discriminator's Adam, AdamW or SGD, whose
            steps are then looked ahead from its state, by the settings of each parameter's group; it stays as it is.
            At the rates that Adam is given, gradient descent hardly moves, and the generator sees the discriminator as
            it is.

    Returns:
        Samples → logits.

    Raises:
        GandiagError: If no parameter of the discriminator requires gradients, or the optimizer is of another kind or
            holds none of them.

    References:
        | Unrolled Generative Adversarial Networks (Metz et al., 2017), Eqs. 3 to 8
        | https://arxiv.org/abs/1611.02163
    """
    parameters: dict[str, Tensor] = {name: p for name, p in discriminator.named_parameters() if p.requires_grad}
    if not parameters:
        raise GandiagError(
            "An unrolled discriminator must have parameters that require gradients, and this one has none; "
            "look ahead before freezing it."
        )
    buffers = {name: buffer.detach().clone() for name, buffer in discriminator.named_buffers()}
    ahead = NextSteps(learning_rate, list(parameters.values()))

    def answer(samples: Tensor) -> Tensor:
        logits: Tensor = functional_call(discriminator, (parameters, buffers), (samples,))
        return logits

    for _ in range(steps):
        objective = loss(answer(real), answer(fake))
        values = list(parameters.values())
        gradients = torch.autograd.grad(objective, values, create_graph=True, allow_unused=True)
        parameters = dict(zip(parameters, ahead(values, gradients), strict=True))
    return answer
