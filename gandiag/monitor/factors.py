"""What a generator's inputs consist of: noise, labels, and other things such as images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from gandiag.metrics.features import double
from gandiag.monitor.replay import Argument, Call
from gandiag.probes.classes import Labels

MOST_CLASSES = 10_000
LEAST_ROWS = 64  # to tell noise by
MOST_COLUMNS = 64
CHANCE = 2.0  # how far independent columns may stray, in units of what chance gives
STRAY_SPREAD = 0.3  # of the columns' standard deviations, relative to their mean


@dataclass(frozen=True)
class Factor:
    """One of the things that a generator's inputs say, each with one value a sample.

    Attributes:
        name: The argument's position or keyword; with ``_label`` or ``_rest``, one of the two parts of it.
        kind: ``label``, ``noise`` (columns that are independent and alike), or ``other``.
        argument: Position or keyword of the argument that it is in.
        columns: First column and end of the label's block in the argument; ``None`` where nothing was taken apart.
        class_count: Number of classes of a label; 0 otherwise.
    """

    name: str
    kind: Literal["label", "noise", "other"]
    argument: Argument
    columns: tuple[int, int] | None = None
    class_count: int = 0

    def shuffled(self, whole: Tensor, order: Tensor) -> Tensor:
        """The argument with this part of its rows in another order."""
        if self.columns is None:
            return whole[order]
        first, end = self.columns
        if self.kind == "label":
            return torch.cat([whole[:, :first], whole[order, first:end], whole[:, end:]], dim=1)
        return torch.cat([whole[order, :first], whole[:, first:end], whole[order, end:]], dim=1)


def find_factors(calls: Sequence[Call]) -> tuple[Factor, ...]:
    """The factors that vary in some replayed calls.

    An argument counts if it is a tensor with a row for each sample. One that holds numbers and a one-hot label side by
    side is taken apart where that is certain: where a block of columns is one-hot in every row.
    """
    return tuple(factor for argument in calls[0].arguments for factor in _factors_of(argument, calls)) if calls else ()


def joined(calls: Sequence[Call], argument: Argument) -> Tensor | None:
    """One argument's rows of all calls; ``None`` where it has not a row for each sample, or rows of other shapes."""
    rows = [call.rows_of(argument) for call in calls]
    found = [part for part in rows if part is not None]
    if not found or len(found) < len(rows) or len({part.shape[1:] for part in found}) != 1 or not found[0][:1].numel():
        return None
    return torch.cat(found)


def labels_of(calls: Sequence[Call], factors: Sequence[Factor]) -> Labels | None:
    """The classes that the calls ask for; ``None`` where there is no label, or there are several."""
    asking = [factor for factor in factors if factor.kind == "label"]
    whole = joined(calls, asking[0].argument) if len(asking) == 1 else None
    if whole is None:
        return None
    flat = whole.flatten(1) if whole.dim() > 1 else whole.unsqueeze(1)
    if asking[0].columns is not None:
        flat = flat[:, slice(*asking[0].columns)]
    classes = flat.argmax(dim=1) if flat.shape[1] > 1 else flat[:, 0]
    return Labels(classes.long(), asking[0].class_count)


def _factors_of(argument: Argument, calls: Sequence[Call]) -> Iterator[Factor]:
    whole = joined(calls, argument)
    if whole is None or bool((whole == whole[:1]).all()):
        return
    name = str(argument)
    flat = whole.flatten(1) if whole.dim() > 1 else whole.unsqueeze(1)
    if flat.shape[1] == 1 and not whole.is_floating_point():
        if int(flat.min()) >= 0 and int(flat.max()) < MOST_CLASSES:
            yield Factor(name, "label", argument, class_count=int(flat.max()) + 1)
        return
    block = _one_hot_block(flat) if flat.shape[1] == whole.shape[1] else None
    if block is None:
        yield Factor(name, "noise" if _is_noise(flat) else "other", argument)
        return
    first, end = block
    if end - first == flat.shape[1]:
        yield Factor(name, "label", argument, block, end - first)
        return
    rest = torch.cat([flat[:, :first], flat[:, end:]], dim=1)
    yield Factor(f"{name}_rest", "noise" if _is_noise(rest) else "other", argument, block)
    yield Factor(f"{name}_label", "label", argument, block, end - first)


def _one_hot_block(rows: Tensor) -> tuple[int, int] | None:
    """First column and end of the one block that is one-hot in every row and shows at least two classes."""
    if len(rows) < LEAST_ROWS:
        return None
    binary = [False, *((rows == 0) | (rows == 1)).all(dim=0).tolist(), False]
    edges = [column for column, (before, here) in enumerate(pairwise(binary)) if before != here]
    blocks = [
        (first, end)
        for first, end in zip(edges[::2], edges[1::2], strict=True)
        if end - first > 1 and bool((rows[:, first:end].sum(dim=1) == 1).all())
    ]
    return blocks[0] if len(blocks) == 1 else None


def _is_noise(rows: Tensor) -> bool:
    """Whether the columns are independent of one another and alike, as no data's are."""
    count, width = rows.shape
    if count < LEAST_ROWS or width < 2 or not rows.is_floating_point():
        return False
    columns = double(rows[:, torch.linspace(0, width - 1, min(width, MOST_COLUMNS)).long().to(rows.device)])
    means, deviations = columns.mean(dim=0), columns.std(dim=0)
    if not bool((deviations > 0).all()):
        return False
    typical = deviations.mean()
    correlations = ((columns - means) / deviations).T.cov()
    correlations.fill_diagonal_(0)
    number = len(means)
    chance = CHANCE * (1 + 4 / number)  # of few columns, chance alone makes more
    return bool(
        means.var() * count < chance * typical.square()
        and deviations.std() < STRAY_SPREAD * typical
        and correlations.square().sum() * count < chance * number * (number - 1)
    )
