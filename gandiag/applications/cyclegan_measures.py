"""How well a style is transferred: what the translators made, beside the true translation."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import l1_loss

from gandiag.applications.unpaired_measures import class_kept
from gandiag.data.domains import Domains, get_style


@dataclass(frozen=True)
class CycleGANMeasures:
    """Both directions, on images that were not trained on.

    Attributes:
        class_kept_ab: Share of the images of A in which the judge reads the same digit before and after, the style
            undone first; chance is 0.1.
        class_kept_ba: The same from B to A.
        error_ab: Mean absolute difference to the true translation, in [0, 1].
        error_ba: The same from B to A.
        untranslated_error: What :attr:`error_ab` would be if nothing were changed: the yardstick of both errors.
        cycle_error_a: Mean absolute difference of A → B → A to where it began, in [0, 1].
        cycle_error_b: The same of B → A → B.
    """

    class_kept_ab: float
    class_kept_ba: float
    error_ab: float
    error_ba: float
    untranslated_error: float
    cycle_error_a: float
    cycle_error_b: float


@torch.no_grad()
def measure_cyclegan(a_to_b: nn.Module, b_to_a: nn.Module, domains: Domains, style: str) -> CycleGANMeasures:
    """Translate both domains there and back.

    Args:
        a_to_b: Images of A → B.
        b_to_a: Images of B → A.
        domains: Digits that were not trained on.
        style: The style of B.

    Raises:
        GandiagError: If the style is unknown.
    """
    known = get_style(style)
    truth = known.transform(domains.a)
    fake_b, fake_a = a_to_b(domains.a), b_to_a(domains.b)
    return CycleGANMeasures(
        class_kept_ab=class_kept(domains.a, known.undo(fake_b)),
        class_kept_ba=class_kept(domains.b_upright, fake_a),
        error_ab=l1_loss(fake_b, truth).item(),
        error_ba=l1_loss(fake_a, domains.b_upright).item(),
        untranslated_error=l1_loss(domains.a, truth).item(),
        cycle_error_a=l1_loss(b_to_a(fake_b), domains.a).item(),
        cycle_error_b=l1_loss(a_to_b(fake_a), domains.b).item(),
    )
