"""Which loss a generator is trained with, told from its gradient where that is certain."""

import torch
from torch import Tensor

TOLERANCE = 1e-3
LEAST_SPREAD = 1e-2


def infer_loss(logits: Tensor, gradients: Tensor) -> str | None:
    r"""Name the loss whose derivative with respect to the logits was observed.

    With the logit :math:`b` of a generated sample and a mean over the batch, each sample's derivative is
    :math:`-\sigma(b)` for the minimax, :math:`\sigma(b) - 1` for the non-saturating, :math:`b - 1` or
    :math:`2(b - 1)` for the least-squares and :math:`-1` for the Wasserstein and hinge losses; with exchanged labels,
    the same in :math:`-b`; and for a discriminator that ends in a sigmoid, the first two divided by its slope.

    Args:
        logits: The discriminator's outputs on generated samples.
        gradients: Derivative of the generator's loss with respect to each, of the same shape.

    Returns:
        The family's name, or ``None`` if no candidate fits to 0.1 % or several do.
    """
    b = logits.detach().double().flatten()
    g = gradients.detach().double().flatten() * len(b)
    if not bool(torch.isfinite(b).all() and torch.isfinite(g).all()) or float(b.max() - b.min()) < LEAST_SPREAD:
        return None
    fitting = {name for name, expected in _candidates(b) if bool((g - expected).abs().max() <= TOLERANCE)}
    return fitting.pop() if len(fitting) == 1 else None


def _candidates(b: Tensor) -> list[tuple[str, Tensor]]:
    one = torch.ones_like(b)
    found = []
    for sign in (1.0, -1.0):
        s = sign * b
        found += [
            ("minimax", -sign * s.sigmoid()),
            ("non_saturating", sign * (s.sigmoid() - 1)),
            ("least_squares", sign * (s - 1)),
            ("least_squares", sign * 2 * (s - 1)),
            ("wasserstein", -sign * one),
        ]
    found += [("least_squares", b), ("least_squares", 2 * b)]  # real = 0 and generated = 1
    if bool((b > 0).all() and (b < 1).all()):
        found += [("non_saturating", -1 / b), ("non_saturating", 1 / (1 - b))]
        found += [("minimax", -1 / (1 - b)), ("minimax", 1 / b)]
    return found
