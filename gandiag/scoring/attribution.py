"""Which classes and samples a score comes from."""

from dataclasses import asdict, dataclass
from typing import Any

import torch

from gandiag.metrics.duplicates import Duplicates
from gandiag.metrics.memorisation import Memorisation

MOST_LISTED = 100


@dataclass(frozen=True)
class ClassShare:
    """One class: its real share, and its share of the samples with a 95 % Wilson interval."""

    name: int
    real: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Copy:
    """A generated sample and the real one that it copies, by their indices."""

    sample: int
    real: int
    distance: float


@dataclass(frozen=True)
class Attribution:
    """Where to look: samples are named by their index, pictures in a folder by their place in the names' order.

    Attributes:
        classes: Shares of the classes; empty without classes.
        missing_classes: Those that the judge's own errors explain.
        duplicate_groups: Samples that repeat each other, the largest group first.
        copies: Samples that copy a real one, the nearest first.
        uncovered: Real samples with no generated one in their neighbourhood.
    """

    classes: tuple[ClassShare, ...] = ()
    missing_classes: tuple[int, ...] = ()
    duplicate_groups: tuple[tuple[int, ...], ...] = ()
    copies: tuple[Copy, ...] = ()
    uncovered: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def sentences(self) -> list[str]:
        """What there is to say, a line each; nothing for a generator without fault."""
        lines = []
        if self.missing_classes:
            lines.append(f"Missing classes: {', '.join(map(str, self.missing_classes))}")
        rare = [one for one in self.classes if one.high < one.real / 2 and one.name not in self.missing_classes]
        if rare:
            lines.append(
                "Rare classes: " + ", ".join(f"{one.name} ({one.share:.1%} of {one.real:.1%})" for one in rare)
            )
        if self.duplicate_groups:
            shown = "; ".join(_listed(group) for group in self.duplicate_groups[:3])
            lines.append(f"Samples that repeat each other, {_count(self.duplicate_groups)} groups: {shown}")
        if self.copies:
            shown = ", ".join(f"{one.sample} of {one.real}" for one in self.copies[:5])
            lines.append(
                f"Samples that copy a real one, {_count(self.copies)}: {shown}{' …' if self.copies[5:] else ''}"
            )
        return lines


def duplicate_groups(found: Duplicates) -> tuple[tuple[int, ...], ...]:
    """Groups of more than one sample, the largest first; at most 100."""
    sizes = found.groups.bincount()
    order = sizes.argsort(descending=True, stable=True)
    repeated = [int(group) for group in order if int(sizes[group]) > 1][:MOST_LISTED]
    return tuple(tuple((found.groups == group).nonzero().flatten().tolist()) for group in repeated)


def copies(found: Memorisation, real_indices: torch.Tensor) -> tuple[Copy, ...]:
    """Samples nearer to a real one than held-out ones are, the nearest first; at most 100."""
    near = (found.distances <= found.threshold).nonzero().flatten()
    near = near[found.distances[near].argsort(stable=True)][:MOST_LISTED]
    return tuple(
        Copy(int(at), int(real_indices[found.nearest[at]]), float(found.distances[at])) for at in near.tolist()
    )


def _listed(group: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, group[:5]))
    return f"{shown} … ({len(group)})" if len(group) > 5 else shown


def _count(listed: tuple[Any, ...]) -> str:
    return f"{MOST_LISTED} or more" if len(listed) == MOST_LISTED else str(len(listed))
