"""Remedies that look at both players at once."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

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
        A scalar ≥ 0 to add to *both* players' losses, times a strength γ; the paper uses 0.1 to 10.

    References:
        | The Numerics of GANs (Mescheder et al., 2017), Eq. 12 and Algorithm 2
        | https://arxiv.org/abs/1705.10461
    """
    fields = [
        torch.autograd.grad(loss, [p for p in player.parameters() if p.requires_grad], create_graph=True)
        for loss, player in ((generator_loss, generator), (discriminator_loss, discriminator))
    ]
    return 0.5 * torch.stack([part.square().sum() for field in fields for part in field]).sum()


def unrolled(
    discriminator: nn.Module, loss: DiscriminatorLoss, real: Tensor, fake: Tensor, steps: int, learning_rate: float
) -> Callable[[Tensor], Tensor]:
    r"""The discriminator as it will be after :math:`k` steps of its own, a differentiable answer to the generator.

    :math:`\theta^{k+1} = \theta^k - \eta \nabla_\theta L_D(\theta^k)`, from the discriminator's present parameters,
    which stay as they are. The generator's loss on its logits carries the gradient through all :math:`k` steps.

    Args:
        discriminator: The discriminator.
        loss: (real logits, fake logits) → the discriminator's loss.
        real: Real samples.
        fake: Generated samples with their graph to the generator.
        steps: The :math:`k` of the paper, which uses 1 to 10.
        learning_rate: The :math:`\eta` of the steps, which are plain gradient descent.

    Returns:
        Samples → logits.

    References:
        | Unrolled Generative Adversarial Networks (Metz et al., 2017), Eqs. 3 to 8
        | https://arxiv.org/abs/1611.02163
    """
    parameters: dict[str, Tensor] = {name: p for name, p in discriminator.named_parameters() if p.requires_grad}

    def answer(samples: Tensor) -> Tensor:
        logits: Tensor = functional_call(discriminator, parameters, (samples,))
        return logits

    for _ in range(steps):
        objective = loss(answer(real), answer(fake))
        gradients = torch.autograd.grad(objective, list(parameters.values()), create_graph=True)
        parameters = {name: p - learning_rate * g for (name, p), g in zip(parameters.items(), gradients, strict=True)}
    return answer
