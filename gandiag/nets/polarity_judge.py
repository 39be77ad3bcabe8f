"""The packaged judge for digits in white on black or black on white."""

from torch import Tensor, nn

from gandiag.nets.judge import load_judge


class PolarityJudge(nn.Module):
    """Reads an image that is brighter than dark as its negative; all others as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.judge = load_judge()

    def features(self, images: Tensor) -> Tensor:
        """The judge's features, with shape :math:`(n, 64)`, of images :math:`(n, 1, 28, 28)` in [0, 1]."""
        return self.judge.features(_white_on_black(images))

    def forward(self, images: Tensor) -> Tensor:
        """Class logits, with shape :math:`(n, 10)`, of images :math:`(n, 1, 28, 28)` in [0, 1]."""
        logits: Tensor = self.judge.head(self.features(images))
        return logits


def _white_on_black(images: Tensor) -> Tensor:
    bright = images.mean(dim=(1, 2, 3), keepdim=True) > 0.5
    return (1 - images).where(bright, images)
