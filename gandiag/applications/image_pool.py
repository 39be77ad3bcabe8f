"""A history of generated images for the discriminator, so that it does not forget what it was shown before."""

from typing import Any

import torch
from torch import Tensor

POOL_SIZE = 50


class ImagePool:
    """Keeps up to ``size`` images and gives old ones out at times.

    Until it is full, each image is kept and given out as it is. From then on, with probability ½ each, an image is
    given out as it is, or takes the place of one of the pool, drawn uniformly, that is given out in its stead.

    Args:
        size: Images that are kept, at least 1.

    References:
        | Learning from Simulated and Unsupervised Images through Adversarial Training (Shrivastava et al., 2017), 2.3
        | https://arxiv.org/abs/1612.07828
        | Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al., 2017), Section 4
        | https://arxiv.org/abs/1703.10593
    """

    def __init__(self, size: int = POOL_SIZE) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def exchange(self, images: Tensor) -> Tensor:
        """As many images as are given, with shape :math:`(n, *)`, detached; draws from torch's random state."""
        return torch.stack([self._exchange(image) for image in images.detach()])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image)
            return image
        if torch.rand(()) < 0.5:
            return image
        place = int(torch.randint(self.size, ()))
        old, self.images[place] = self.images[place], image
        return old.to(image.device)  # a checkpoint's are on the CPU

    def state_dict(self) -> dict[str, Any]:
        """The images, for a checkpoint."""
        return {"images": [image.clone() for image in self.images]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the images of a checkpoint."""
        self.images = list(state_dict["images"])
