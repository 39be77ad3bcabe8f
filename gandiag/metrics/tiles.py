"""Distances between many points, tile by tile, in bounded memory.

A tile of squared distances comes from one float32 matrix product, |x|² + |y|² − 2 x·y. Its rounding has a known bound;
only what the bound leaves open (the few nearest, and pairs about as far apart as the radius) is measured again in
float64 from the difference itself. The results are those of float64 throughout, and identical points are at distance 0,
which the product alone would not give.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TILE = 1024
"""Rows and columns of a tile: 4 MB of float32, which a processor's cache holds."""

SAFE_LENGTHS = 1e-20, 1e30
"""Squared lengths, largest of a set, between which float32 neither overflows nor loses the small ones."""

REFINED_VALUES = 2**20
"""Coordinates of pairs that are measured in float64 at a time: 8 MB."""

Floats = NDArray[np.float64]
Values = NDArray[np.floating]
Indices = NDArray[np.int64]
Pairs = tuple[Indices, Indices]


class Points:
    """Points from which tiles are made.

    Args:
        features: With shape :math:`(n, d)`.
        centre: What is subtracted before the product, common to all that are compared; with shape :math:`(d,)`.
    """

    def __init__(self, features: Tensor, centre: Tensor) -> None:
        self.features, self.centre = features.cpu(), centre
        self.dimension = features.shape[1]
        self.starts = range(0, len(features), TILE)
        blocks = self.features.split(TILE)
        self.lengths = torch.cat([(block - centre).double().square().sum(dim=1) for block in blocks])
        longest = float(self.lengths.max())
        # A product in a lower precision, which a user may have allowed, would break the bound; so would a square that
        # float32 cannot hold.
        safe = torch.get_float32_matmul_precision() == "highest" and SAFE_LENGTHS[0] < longest < SAFE_LENGTHS[1]
        self.dtype = torch.float32 if safe else torch.float64

    def __len__(self) -> int:
        return len(self.features)

    def block(self, start: int, space: Tensor, *, left: bool) -> Tensor:
        """Rows [−2x, |x|², 1] of a left block, or [x, 1, |x|²] of a right one; their product is squared distances."""
        block = self.features[start : start + TILE]
        rows = space[: len(block)]
        centred, lengths = rows[:, :-2], self.lengths[start : start + TILE]
        torch.sub(block, self.centre, out=centred)
        if left:
            centred.mul_(-2)
        rows[:, -2], rows[:, -1] = (lengths, 1.0) if left else (1.0, lengths)
        return rows

    def longest(self, start: int) -> float:
        """The largest squared length of a block."""
        return float(self.lengths[start : start + TILE].max())

    def exact(self, indices: Indices) -> Floats:
        return self.features[torch.from_numpy(indices)].double().numpy()


def common_centre(first: Tensor, second: Tensor) -> Tensor:
    """The mean of all points, in their own precision: the closer to the origin, the smaller the rounding."""
    total = sum(block.double().sum(dim=0).cpu() for points in (first, second) for block in points.split(TILE))
    return torch.as_tensor(total / (len(first) + len(second))).to(first.dtype)


@dataclass(frozen=True)
class Tile:
    """Squared distances between some of the left and some of the right points, up to ``error``.

    The next tile overwrites them, since fresh memory for each would cost a third of the product's time.
    """

    left: Points
    right: Points
    row: int
    column: int
    values: Values
    error: float

    def at_most(self, limits: Values, *, by_row: bool) -> Pairs:
        """Rows and columns, counted within the tile, of the values that do not exceed the limit of theirs."""
        limits = limits.astype(self.values.dtype)
        flat = np.flatnonzero(self.values <= (limits[:, None] if by_row else limits))
        return np.divmod(flat, self.values.shape[1])

    def pairs_within(self, limits: Floats, *, by_row: bool, strict: bool) -> Pairs:
        """Pairs whose squared distance is at most (or, if strict, less than) the limit of the left or right point."""
        start, length = (self.row, self.values.shape[0]) if by_row else (self.column, self.values.shape[1])
        own = limits[start : start + length]
        slack = self.error + 4 * float(np.finfo(np.float32).eps) * own
        rows, columns = self.at_most(own + slack, by_row=by_row)
        kept = self.values[rows, columns] < (own - slack)[rows if by_row else columns]
        rows, columns, open_ = rows + self.row, columns + self.column, np.flatnonzero(~kept)
        if len(open_):
            exact = squared_distances(self.left, self.right, rows[open_], columns[open_])
            bound = limits[rows[open_] if by_row else columns[open_]]
            kept[open_] = exact < bound if strict else exact <= bound
        return rows[kept], columns[kept]


def tiles(left: Points, right: Points, *, upper: bool = False) -> Iterator[Tile]:
    """All tiles between two sets of points; with ``upper``, those of a set with itself on and above the diagonal."""
    dtype = torch.promote_types(left.dtype, right.dtype)
    # γ of a product over d + 2 terms; the coordinates and lengths are rounded too.
    unit = (3 * left.dimension + 16) * torch.finfo(dtype).eps / 2
    height, width = min(TILE, len(left)), min(TILE, len(right))
    products = torch.empty(height * width, dtype=dtype)
    spaces = [torch.empty(count, left.dimension + 2, dtype=dtype) for count in (height, width)]
    for row in left.starts:
        first = left.block(row, spaces[0], left=True)
        for column in right.starts[row // TILE if upper else 0 :]:
            second = right.block(column, spaces[1], left=False)
            values = products[: len(first) * len(second)].view(len(first), len(second))
            torch.matmul(first, second.T, out=values)
            error = unit * (left.longest(row) + right.longest(column))
            yield Tile(left, right, row, column, values.numpy(), error)


def squared_distances(left: Points, right: Points, rows: Indices, columns: Indices) -> Floats:
    """Squared distances of pairs in float64, from the differences: exactly 0 for identical points."""
    size = max(1, REFINED_VALUES // left.dimension)
    parts = []
    for start in range(0, len(rows), size):
        difference = left.exact(rows[start : start + size]) - right.exact(columns[start : start + size])
        parts.append(np.einsum("ij,ij->i", difference, difference))
    return np.concatenate(parts) if parts else np.zeros(0)
