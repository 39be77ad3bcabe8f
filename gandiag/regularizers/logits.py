"""Penalties on a discriminator's outputs."""

import torch
from torch import Tensor, nn


def label_smoothing(real: Tensor) -> Tensor:
    r"""One-sided label smoothing, as a term to add to the cross-entropy.

    Cross-entropy against the label :math:`1 - \varepsilon` is that against 1 plus :math:`\varepsilon` times the logit:
    :math:`-(1-\varepsilon) \log \sigma(r) - \varepsilon \log(1 - \sigma(r)) = -\log \sigma(r) + \varepsilon r`.

    Args:
        real: Logits of real samples, high for real.

    Returns:
        The mean logit, to add to the discriminator's loss, times :math:`\varepsilon`; the paper's is 0.1.

    References:
        | Improved Techniques for Training GANs (Salimans et al., 2016), Section 3.4
        | https://arxiv.org/abs/1606.03498
    """
    return real.mean()


class LeCam(nn.Module):
    r"""Draws each kind's logits to the running mean of the other kind's.

    :math:`\mathbb{E}(D(x) - \alpha_F)^2 + \mathbb{E}(D(G(z)) - \alpha_R)^2`, where :math:`\alpha_R, \alpha_F` are
    exponential moving averages of the mean logits of real and of generated samples. Each call brings them up to date
    first; the first call begins with its own means. They are buffers, and go into a checkpoint with ``state_dict``.

    Args:
        decay: Of the averages; the paper's is 0.99.

    References:
        | Regularizing Generative Adversarial Networks under Limited Data (Tseng et al., 2021), Eqs. 3 to 5
        | https://arxiv.org/abs/2104.03310
    """

    anchors: Tensor
    begun: Tensor

    def __init__(self, decay: float = 0.99) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("anchors", torch.zeros(2))
        self.register_buffer("begun", torch.zeros(()))

    def forward(self, real: Tensor, fake: Tensor) -> Tensor:
        """A scalar ≥ 0 to add to the discriminator's loss, times a strength λ; the paper uses 0.01 to 0.3.

        Args:
            real: Logits of real samples.
            fake: Logits of generated samples.
        """
        means = torch.stack([real.detach().mean(), fake.detach().mean()]).to(self.anchors)
        self.anchors.lerp_(means, 1 - self.decay * self.begun)
        self.begun.fill_(1)
        anchor_real, anchor_fake = self.anchors.clone()
        penalty: Tensor = (real - anchor_fake).square().mean() + (fake - anchor_real).square().mean()
        return penalty
