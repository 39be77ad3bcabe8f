"""How well images are translated between two data sets, where no true translation is known."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gandiag.applications.cyclegan import FASHION_OUTLINES
from gandiag.data.domains import Domains
from gandiag.metrics import energy_coefficient
from gandiag.nets.judge import load_judge


@dataclass(frozen=True)
class UnpairedMeasures:
    """Both directions, on images that were not trained on.

    Attributes:
        class_kept_ab: Share of the images of A in which the packaged judge reads the same digit before and after;
            chance is 0.1. NaN where a domain shows no digits.
        class_kept_ba: The same from B to A.
        energy_ab: Energy coefficient, in pixels, of the translations to B and real images of B: at most 1, and about 0
            for what cannot be told from them (:func:`gandiag.metrics.energy_coefficient`).
        energy_ba: The same from B to A.
        untranslated_energy: What both would be if nothing were changed.
        cycle_error_a: Mean absolute difference of A → B → A to where it began, in [0, 1].
        cycle_error_b: The same of B → A → B.
    """

    class_kept_ab: float
    class_kept_ba: float
    energy_ab: float
    energy_ba: float
    untranslated_energy: float
    cycle_error_a: float
    cycle_error_b: float


@torch.no_grad()
def measure_unpaired(a_to_b: nn.Module, b_to_a: nn.Module, domains: Domains, style: str) -> UnpairedMeasures:
    """Translate both domains there and back.

    Args:
        a_to_b: Images of A → B.
        b_to_a: Images of B → A.
        domains: Images that were not trained on.
        style: The data set that B is.
    """
    fake_b, fake_a = a_to_b(domains.a), b_to_a(domains.b)
    digits = style != FASHION_OUTLINES
    return UnpairedMeasures(
        class_kept_ab=class_kept(domains.a, fake_b) if digits else math.nan,
        class_kept_ba=class_kept(domains.b, fake_a) if digits else math.nan,
        energy_ab=energy_coefficient(domains.b.flatten(1), fake_b.flatten(1)),
        energy_ba=energy_coefficient(domains.a.flatten(1), fake_a.flatten(1)),
        untranslated_energy=energy_coefficient(domains.b.flatten(1), domains.a.flatten(1)),
        cycle_error_a=l1_loss(b_to_a(fake_b), domains.a).item(),
        cycle_error_b=l1_loss(a_to_b(fake_a), domains.b).item(),
    )


def class_kept(before: Tensor, after: Tensor) -> float:
    """Share of images, with shape :math:`(n, 1, 28, 28)`, in which the packaged judge reads the same digit in both."""
    judge = load_judge()
    return float((judge(before).argmax(dim=1) == judge(after).argmax(dim=1)).double().mean())
