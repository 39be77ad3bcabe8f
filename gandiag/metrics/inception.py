"""The judge's inception score: how sure it is of each sample, and how many things it sees in all."""

import torch
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import double

LEAST_SAMPLES_PER_CLASS = 10


def inception_score(probabilities: Tensor) -> float:
    r"""How many classes the samples show, each of them surely.

    .. math:: \exp \mathbb{E}_x\, \mathrm{KL}\big(p(y \mid x) \,\|\, p(y)\big), \quad p(y) = \mathbb{E}_x\, p(y \mid x)

    With a digit classifier in Inception's place it is also called the classifier or MNIST score. The MODE score,
    :math:`\exp(\mathbb{E}\,\mathrm{KL}(p(y|x) \| p^*) - \mathrm{KL}(p(y) \| p^*))`, is the same number whatever the
    real :math:`p^*` is, as the logarithm's terms in :math:`p^*` cancel: there is no second function for it.

    Args:
        probabilities: Class probabilities :math:`p(y|x)` by the judge, with shape :math:`(n, K)`.

    Returns:
        In [1, K], higher is better; symmetric under permutations of samples and of classes. Biased downwards by about
        :math:`(K-1)/2n` of itself. Sees missing and unsure classes; blind to what happens within a class, and to which
        samples are copies. Deterministic.

    Raises:
        TooFewSamples: If there are fewer than ten samples for each class.
        ValueError: If the rows are no distributions.

    Note:
        All samples are one split. Reference implementations average over ten splits, each with the bias of n / 10.

    References:
        | Improved Techniques for Training GANs (Salimans et al., 2016), Section 4
        | https://arxiv.org/abs/1606.03498
        | Mode Regularized Generative Adversarial Networks (Che et al., 2017): the MODE score
        | https://arxiv.org/abs/1612.02136

    Examples:
        >>> sure_and_even = torch.eye(2).repeat(10, 1)
        >>> round(inception_score(sure_and_even), 6)
        2.0
        >>> unsure = torch.full((20, 2), 0.5)
        >>> inception_score(unsure)
        1.0
    """
    if probabilities.ndim != 2:
        raise ValueError(f"Probabilities have shape (n, K); got {tuple(probabilities.shape)}.")
    count, classes = probabilities.shape
    if count < LEAST_SAMPLES_PER_CLASS * classes:
        raise TooFewSamples(
            f"The inception score over {classes} classes needs at least {LEAST_SAMPLES_PER_CLASS * classes} samples; "
            f"got {count}."
        )
    conditional = double(probabilities)
    if not bool(((conditional >= 0) & ((conditional.sum(dim=1, keepdim=True) - 1).abs() < 1e-3)).all()):
        raise ValueError("Each row of probabilities must be numbers of at least 0 that sum to 1.")
    entropy_given_sample = torch.special.entr(conditional).sum(dim=1).mean()
    entropy_overall = torch.special.entr(conditional.mean(dim=0)).sum()
    return float((entropy_overall - entropy_given_sample).clamp(min=0).exp())
