"""Remedies that look at both players at once."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Adam

DiscriminatorLoss = Callable[[Tensor, Tensor], Tensor]

TINY = 1e-30
"""Under the root of Adam's mean square: where no gradient ever was, the root has no slope."""


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
    discriminator: nn.Module,
    loss: DiscriminatorLoss,
    real: Tensor,
    fake: Tensor,
    steps: int,
    learning_rate: float | Adam,
) -> Callable[[Tensor], Tensor]:
    r"""The discriminator as it will be after :math:`k` steps of its own, a differentiable answer to the generator.

    :math:`\theta^{k+1} = \theta^k - \eta \nabla_\theta L_D(\theta^k)`, or Adam's step in its place, from the
    discriminator's present parameters, which stay as they are. The generator's loss on its logits carries the gradient
    through all :math:`k` steps.

    Args:
        discriminator: The discriminator.
        loss: (real logits, fake logits) → the discriminator's loss.
        real: Real samples.
        fake: Generated samples with their graph to the generator.
        steps: The :math:`k` of the paper, which uses 1 to 10.
        learning_rate: The :math:`\eta` of plain gradient descent, or the discriminator's Adam, whose steps are then
            looked ahead from its state, which stays as it is. At the rates that Adam is given, gradient descent hardly
            moves, and the generator sees the discriminator as it is.

    Returns:
        Samples → logits.

    References:
        | Unrolled Generative Adversarial Networks (Metz et al., 2017), Eqs. 3 to 8
        | https://arxiv.org/abs/1611.02163
    """
    parameters: dict[str, Tensor] = {name: p for name, p in discriminator.named_parameters() if p.requires_grad}
    ahead = (
        _AdamAhead(learning_rate, list(parameters.values()))
        if isinstance(learning_rate, Adam)
        else lambda values, gradients: [p - learning_rate * g for p, g in zip(values, gradients, strict=True)]
    )

    def answer(samples: Tensor) -> Tensor:
        logits: Tensor = functional_call(discriminator, parameters, (samples,))
        return logits

    for _ in range(steps):
        objective = loss(answer(real), answer(fake))
        values = list(parameters.values())
        gradients = torch.autograd.grad(objective, values, create_graph=True)
        parameters = dict(zip(parameters, ahead(values, gradients), strict=True))
    return answer


class _AdamAhead:
    """Adam's next steps as functions of the gradients; of its own state, only copies change."""

    def __init__(self, optimizer: Adam, parameters: Sequence[Tensor]) -> None:
        group, states = optimizer.param_groups[0], [optimizer.state.get(p, {}) for p in parameters]
        self._rate, self._decays, self._eps, self._decay = (
            group["lr"],
            group["betas"],
            group["eps"],
            group["weight_decay"],
        )
        self._steps = [int(state.get("step", 0)) for state in states]
        self._means = [state.get("exp_avg", torch.zeros_like(p)) for state, p in zip(states, parameters, strict=True)]
        self._squares = [
            state.get("exp_avg_sq", torch.zeros_like(p)) for state, p in zip(states, parameters, strict=True)
        ]

    def __call__(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        first, second = self._decays
        gradients = [g + self._decay * p for g, p in zip(gradients, parameters, strict=True)]
        self._steps = [step + 1 for step in self._steps]
        self._means = [first * m + (1 - first) * g for m, g in zip(self._means, gradients, strict=True)]
        self._squares = [second * v + (1 - second) * g * g for v, g in zip(self._squares, gradients, strict=True)]
        moved = []
        for p, m, v, step in zip(parameters, self._means, self._squares, self._steps, strict=True):
            size = (v / (1 - second**step) + TINY).sqrt() + self._eps
            moved.append(p - self._rate * m / (1 - first**step) / size)
        return moved
