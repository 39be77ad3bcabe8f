"""What a sample shows: class probabilities and features, by whichever judge there is."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from gandiag.errors import GandiagError
from gandiag.nets.judge import Judge, load_judge
from gandiag.nets.mixture_judge import MixtureJudge

BATCH = 250
"""Samples judged at a time: their activations stay in a processor's cache."""

JudgeSpec = Literal["mnist"] | nn.Module | None


@dataclass(frozen=True)
class Judgement:
    """What a judge saw in some samples.

    Attributes:
        features: With shape :math:`(n, d)`; the flattened samples where there is no judge.
        probabilities: Class probabilities, with shape :math:`(n, K)`; ``None`` where the judge knows no classes.
        high_quality_share: Share of points near a mode of a known mixture; ``None`` elsewhere.
    """

    features: Tensor
    probabilities: Tensor | None = None
    high_quality_share: float | None = None


@dataclass(frozen=True)
class Judging:
    """A judge, ready for use.

    Attributes:
        name: What its numbers are called after: ``"judge"`` for the packaged classifier.
        module: The network; ``None`` judges by the samples themselves.
        gives_classes: Whether the module's output are class logits.
    """

    name: str
    module: nn.Module | None
    gives_classes: bool

    @torch.no_grad()
    def __call__(self, samples: Tensor) -> Judgement:
        """Judge samples with shape :math:`(n, *)`, in batches."""
        if self.module is None:
            return Judgement(samples.flatten(1).float())
        parts = [self._judge(batch) for batch in samples.float().split(BATCH)]
        features = torch.cat([features for features, _ in parts])
        if not self.gives_classes:
            return Judgement(features)
        probabilities = torch.cat([logits for _, logits in parts]).softmax(dim=1)
        quality = self.module.high_quality_share(samples) if isinstance(self.module, MixtureJudge) else None
        return Judgement(features, probabilities, quality)

    def _judge(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Features and raw output of one batch."""
        module = self.module
        assert module is not None
        if isinstance(module, Judge):
            features = module.features(batch)
            return features, module.head(features)
        output = module(batch).flatten(1)
        compute_features = getattr(module, "features", None)
        if callable(compute_features) and not isinstance(compute_features, nn.Module):
            return compute_features(batch).flatten(1), output
        return output, output


def resolve_judge(judge: JudgeSpec, device: torch.device) -> Judging:
    """A judge from what a user may give for one.

    Args:
        judge: ``"mnist"`` for the packaged digit classifier; a module whose output are class logits, with a method
            ``features`` if its features are something else than those; a module with an attribute ``num_features``
            (torchmetrics' convention), whose output are features without classes; or ``None``.
        device: Where samples will be.

    Raises:
        GandiagError: If it is none of these.
    """
    if judge is None:
        return Judging("samples", None, gives_classes=False)
    if judge == "mnist":
        return Judging("mnist", load_judge(device), gives_classes=True)
    if isinstance(judge, nn.Module):
        return Judging(type(judge).__name__, judge.eval(), gives_classes=not hasattr(judge, "num_features"))
    raise GandiagError(f"Unknown judge {judge!r}; give 'mnist', a torch.nn.Module, or None.")
