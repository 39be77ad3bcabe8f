"""Which loss a network is trained with, told from its derivatives where that is certain."""

import torch
from torch import Tensor

from gandiag.metrics.features import double

TOLERANCE = 1e-3
TOLERANCE_IN_HALF_PRECISION = 2e-2
LIKE = 0.999  # cosine between two directions that are one
HALF = (torch.float16, torch.bfloat16)


def infer_loss(logits: Tensor, gradients: Tensor) -> str | None:
    r"""Name the generator's loss whose derivative with respect to the logits was observed.

    With the logit :math:`b` of a generated sample, each sample's derivative is, up to a positive factor (the batch
    size, a weight, mixed precision), :math:`-\sigma(b)` for the minimax, :math:`\sigma(b) - 1` for the non-saturating,
    :math:`b - 1` for the least-squares and :math:`-1` for the Wasserstein and the hinge loss; with exchanged labels,
    the same in :math:`-b`; and for a discriminator that ends in a sigmoid, the first two divided by its slope.

    Args:
        logits: The discriminator's outputs on generated samples.
        gradients: Derivative of the generator's loss with respect to each, of the same shape.

    Returns:
        The family's name, ``"wasserstein"`` also for hinge; ``None`` if no candidate fits to 0.1 % (2 % in half
        precision) or several do.
    """
    return _only_fitting(logits, gradients, _candidates(double(logits.detach()).flatten()))


def is_doubly_squashed(logits: Tensor, gradients: Tensor) -> bool:
    """Whether outputs that are probabilities already were squashed once more, as BCE with logits does.

    Args:
        logits: The discriminator's outputs on generated samples.
        gradients: Derivative of the generator's loss with respect to each.
    """
    b = double(logits.detach()).flatten()
    if not bool((b > 0).all() and (b < 1).all()):
        return False
    squashed = [
        ("twice", sign * kind) for sign in (1.0, -1.0) for kind in ((sign * b).sigmoid() - 1, -(sign * b).sigmoid())
    ]
    return _only_fitting(logits, gradients, [*squashed, *(("once", u) for _, u in _of_probabilities(b))]) == "twice"


def tell_hinge_from_wasserstein(logits: Tensor, gradients: Tensor) -> str | None:
    r"""Name the loss of a discriminator whose generator's derivative is constant.

    A hinge loss has no gradient at real samples with :math:`|b| > 1` on their right side; a Wasserstein critic's is the
    same everywhere. Where no logit reaches that far, the two are the same.

    Args:
        logits: The discriminator's outputs on real samples.
        gradients: Derivative of the discriminator's loss with respect to each, of the same shape.
    """
    b, g = double(logits.detach()).flatten(), double(gradients.detach()).flatten()
    flat = g.abs() <= TOLERANCE * g.abs().max()
    if bool(flat.any()) and bool((b[flat].abs() >= 1).all()) and not bool(flat.all()):
        return "hinge"
    far = b.abs() > 1
    constant = bool((g - g.mean()).abs().max() <= TOLERANCE * g.abs().max())
    towards_real = bool((-torch.sign(g[far]) * b[far] > 1).any())
    return "wasserstein" if constant and towards_real else None


def is_reconstruction(outputs: Tensor, gradients: Tensor, samples: Tensor) -> bool:
    r"""Whether a discriminator's output is no logit but its input once more, as an energy-based one's is.

    With the input :math:`x` and the output :math:`r`, the derivative of a squared error is along :math:`r - x` in each
    sample, and that of an absolute one along its sign.

    Args:
        outputs: The discriminator's output.
        gradients: Derivative of a loss with respect to each.
        samples: What it was shown.
    """
    if outputs.shape != samples.shape or outputs[:1].numel() == 1:
        return False
    error, g = (double(one.detach()).flatten(1) for one in (outputs - samples, gradients))
    taught = g.abs().sum(dim=1) > 0
    error, g = error[taught], g[taught]
    signs = error.sign()
    candidates = [error, signs] if bool((signs > 0).any() and (signs < 0).any()) else [error]
    likeness = [torch.nn.functional.cosine_similarity(g, one, dim=1).abs() for one in candidates]
    return bool(taught.any()) and any(bool((one > LIKE).all()) for one in likeness)


def _only_fitting(logits: Tensor, gradients: Tensor, candidates: list[tuple[str, Tensor]]) -> str | None:
    """The one name among the candidates whose derivative is the observed one times a positive number."""
    g = double(gradients.detach()).flatten()
    if not bool(torch.isfinite(g).all() and torch.isfinite(logits).all()) or not bool(g.any()):
        return None
    tolerance = TOLERANCE_IN_HALF_PRECISION if logits.dtype in HALF else TOLERANCE
    fitting = {name for name, u in candidates if _is_multiple(g, u, tolerance)}
    return fitting.pop() if len(fitting) == 1 else None


def _is_multiple(g: Tensor, u: Tensor, tolerance: float) -> bool:
    factor = float(g @ u) / max(float(u @ u), torch.finfo(torch.float64).tiny)
    return factor > 0 and bool((g - factor * u).abs().max() <= tolerance * g.abs().max())


def _candidates(b: Tensor) -> list[tuple[str, Tensor]]:
    found = []
    for sign in (1.0, -1.0):
        s = sign * b
        found += [
            ("minimax", -sign * s.sigmoid()),
            ("non_saturating", sign * (s.sigmoid() - 1)),
            ("least_squares", sign * (s - 1)),
            ("wasserstein", -sign * torch.ones_like(b)),
        ]
    found += [("least_squares", b)]  # real = 0 and generated = 1
    return found + (_of_probabilities(b) if bool((b > 0).all() and (b < 1).all()) else [])


def _of_probabilities(b: Tensor) -> list[tuple[str, Tensor]]:
    return [
        ("non_saturating", -1 / b),
        ("non_saturating", 1 / (1 - b)),
        ("minimax", -1 / (1 - b)),
        ("minimax", 1 / b),
    ]
