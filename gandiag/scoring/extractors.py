"""What samples are measured by: the packaged judge, Inception, the user's own module, or their pixels."""

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from gandiag.errors import GandiagError
from gandiag.nets.inception import load_inception
from gandiag.nets.judge import judge_card
from gandiag.probes import Judging, resolve_judge
from gandiag.probes.images import as_digits
from gandiag.scoring.generators import load_torchscript

BATCH = 500
SPACES = ("judge", "inception", "pixels")


@dataclass(frozen=True)
class Seen:
    """Samples as an extractor sees them.

    Attributes:
        features: With shape :math:`(n, d)`.
        probabilities: Of classes, with shape :math:`(n, K)`; ``None`` where there are no classes.
    """

    features: Tensor
    probabilities: Tensor | None = None

    @property
    def classes(self) -> Tensor | None:
        """The likeliest class of each sample."""
        return None if self.probabilities is None else self.probabilities.argmax(dim=1)


class Extractor:
    """Turns samples into features, and classes where it knows any.

    Attributes:
        name: ``judge``, ``inception``, ``pixels`` or a file's name, and ``@`` with the beginning of its weights' hash.
    """

    def __init__(self, name: str, module: nn.Module | None = None, judging: Judging | None = None) -> None:
        self.name = name
        self._module = module
        self._judging = judging

    @property
    def is_judge(self) -> bool:
        """Whether it is the packaged classifier, of which errors and real statistics are known."""
        return self._judging is not None

    @torch.no_grad()
    def __call__(self, samples: Tensor) -> Seen:
        """Look at samples :math:`(n, *)`.

        Raises:
            GandiagError: If the module does not take them.
        """
        if self._judging is not None:
            judged = self._judging(as_digits(samples))
            return Seen(judged.features, judged.probabilities)
        if self._module is None:
            return Seen(samples.flatten(1).float())
        try:
            return Seen(torch.cat([self._module(batch).flatten(1) for batch in samples.split(BATCH)]))
        except (RuntimeError, AttributeError, TypeError) as error:
            raise GandiagError(
                f"The features of {self.name} do not take samples of shape {tuple(samples.shape[1:])} "
                f"({str(error).strip().splitlines()[-1]})."
            ) from error


def resolve_extractor(space: str, inception_weights: Path | None = None) -> Extractor:
    """An extractor from what the command line is given.

    Args:
        space: One of ``SPACES``, or a TorchScript file whose output are features.
        inception_weights: File of Inception's weights; ``None`` downloads them.

    Raises:
        GandiagError: If there is no such extractor.
    """
    if space == "judge":
        with torch.random.fork_rng(devices=[]):  # a network is drawn before its weights are loaded
            judging = resolve_judge("mnist", torch.device("cpu"))
        return Extractor(f"judge@{judge_card()['sha256'][:8]}", judging=judging)
    if space == "pixels":
        return Extractor("pixels")
    if space == "inception":
        with torch.random.fork_rng(devices=[]):
            inception = load_inception(inception_weights)
        return Extractor(f"inception@{inception.sha256[:8]}", inception)
    path = Path(space)
    if not path.is_file():
        raise GandiagError(f"Unknown features '{space}'; choose {', '.join(SPACES)}, or give a TorchScript file.")
    module = load_torchscript(path).eval()
    return Extractor(f"{path.stem}@{_hash(path)[:8]}", module)


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(partial(stream.read, 2**20), b""):
            digest.update(block)
    return digest.hexdigest()
