"""Distances between many points, tile by tile: nearest neighbours and pairs within a radius, in bounded memory.

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

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import checked_features, checked_pair

TILE = 1024
"""Rows and columns of a tile: 4 MB of float32, which a processor's cache holds."""

SPARE = 3
"""Candidates kept beyond those asked for, since float32 may put the nearest in a slightly wrong order."""

GROUP = 16
"""A row's smallest values lie in the groups with the smallest minima; only those are searched."""

SAFE_LENGTHS = 1e-20, 1e30
"""Squared lengths, largest of a set, between which float32 neither overflows nor loses the small ones."""

REFINED_VALUES = 2**20
"""Coordinates of pairs that are measured in float64 at a time: 8 MB."""

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Pairs = tuple[Indices, Indices]


@dataclass(frozen=True)
class Neighbours:
    """The nearest points of each point, ascending.

    Attributes:
        squared: Squared Euclidean distances, float64, with shape :math:`(n, k)`; ties are exact in them.
        indices: Which points they are, with shape :math:`(n, k)`.
    """

    squared: Tensor
    indices: Tensor

    @property
    def distances(self) -> Tensor:
        """Euclidean distances, float64, with shape :math:`(n, k)`."""
        return self.squared.sqrt()


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

    def block(self, start: int, dtype: torch.dtype, *, left: bool) -> Tensor:
        """Rows [−2x, |x|², 1] of a left block, or [x, 1, |x|²] of a right one; their product is squared distances."""
        block = self.features[start : start + TILE]
        rows = torch.empty(len(block), self.dimension + 2, dtype=dtype)
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
    """Squared distances between some of the left and some of the right points, up to ``error``."""

    left: Points
    right: Points
    row: int
    column: int
    values: Tensor
    error: float

    def pairs_within(self, limits: Floats, *, by_row: bool, strict: bool) -> Pairs:
        """Pairs whose squared distance is at most (or, if strict, less than) the limit of the left or right point."""
        start, length = (self.row, self.values.shape[0]) if by_row else (self.column, self.values.shape[1])
        own = limits[start : start + length]
        slack = self.error + 4 * float(np.finfo(np.float32).eps) * own
        loose = torch.from_numpy(own + slack).to(self.values.dtype)
        close = self.values <= (loose[:, None] if by_row else loose[None, :])
        flat = np.flatnonzero(close.numpy())
        rows, columns = np.divmod(flat, self.values.shape[1])
        mine = rows if by_row else columns
        kept = self.values.numpy().reshape(-1)[flat] < (own - slack)[mine]
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
    for row in left.starts:
        first = left.block(row, dtype, left=True)
        for column in right.starts:
            if upper and column < row:
                continue
            values = first @ right.block(column, dtype, left=False).T
            yield Tile(left, right, row, column, values, unit * (left.longest(row) + right.longest(column)))


def squared_distances(left: Points, right: Points, rows: Indices, columns: Indices) -> Floats:
    """Squared distances of pairs in float64, from the differences: exactly 0 for identical points."""
    size = max(1, REFINED_VALUES // left.dimension)
    parts = []
    for start in range(0, len(rows), size):
        difference = left.exact(rows[start : start + size]) - right.exact(columns[start : start + size])
        parts.append(np.einsum("ij,ij->i", difference, difference))
    return np.concatenate(parts) if parts else np.zeros(0)


def nearest_neighbours(queries: Tensor, references: Tensor | None = None, k: int = 1) -> Neighbours:
    """The k nearest references of each query, or the k nearest other queries where there are no references.

    Args:
        queries: With shape :math:`(n, d)`, finite.
        references: With shape :math:`(m, d)`, finite. ``None``: the queries themselves, each but itself; half of the
            work then serves twice.
        k: At most the number of references, or of other queries.

    Returns:
        Distances as float64 arithmetic gives them, and indices. References at exactly the same distance come in any
        order. Extra memory grows by a few numbers per point, not with n × m.

    Raises:
        TooFewSamples: If there are fewer than k to choose from.
        ValueError: If a feature is not finite, or the dimensions differ.

    Examples:
        >>> nearest_neighbours(torch.tensor([[0.0], [1.0], [3.0]])).distances.flatten().tolist()
        [1.0, 1.0, 2.0]
    """
    alone = references is None
    if references is None:
        others = queries = checked_features("given", queries)
    else:
        queries, others = checked_pair(queries, references, names=("query", "reference"))
    available = len(others) - alone
    if not 1 <= k <= available:
        raise TooFewSamples(f"{k} neighbours cannot be found among {available} points.")
    centre = common_centre(queries, others)
    left = Points(queries, centre)
    right = left if alone else Points(others, centre)
    return _refined(left, right, _found(left, right, min(k + SPARE, available)), k)


def squared_radii(features: Tensor, k: int) -> Tensor:
    """Squared distance of each point to its k-th nearest other point: the last of ``nearest_neighbours``, sooner.

    Only candidates that might be the k-th are measured in float64.

    Args:
        features: With shape :math:`(n, d)`, n > k ≥ 1, finite.
        k: Which neighbour.

    Returns:
        float64, with shape :math:`(n,)`.

    Examples:
        >>> squared_radii(torch.tensor([[0.0], [1.0], [3.0]]), 1).tolist()
        [1.0, 1.0, 4.0]
    """
    points = Points(features, common_centre(features, features))
    candidates = _found(points, points, min(k + SPARE, len(points) - 1))
    values, doubt = candidates.values.numpy(), 2 * candidates.error
    about = values[:, k - 1]
    open_ = np.abs(values - about[:, None]) <= doubt[:, None]
    exact = np.full(values.shape, np.inf)
    rows, places = np.nonzero(open_)
    exact[rows, places] = squared_distances(points, points, rows, candidates.columns.numpy()[rows, places])
    rank = k - (values < (about - doubt)[:, None]).sum(axis=1)
    squared: Floats = np.take_along_axis(np.sort(exact, axis=1), rank[:, None] - 1, axis=1)[:, 0]
    if values.shape[1] < len(points) - 1:
        unsure = np.flatnonzero((values[:, -1] <= about + doubt) & (squared > 0))
        squared[unsure] = _searched_again(points, points, unsure, squared[unsure], k)[0][:, -1]
    return torch.from_numpy(squared)


def _found(left: Points, right: Points, count: int) -> "_Candidates":
    """The ``count`` right points that seem nearest to each left one; of the same points, each but itself."""
    alone = left is right
    candidates = _Candidates(len(left), count)
    for tile in tiles(left, right, upper=alone):
        if alone and tile.row == tile.column:
            tile.values.fill_diagonal_(torch.inf)
        candidates.take(tile.row, tile.column, tile.values, tile.error)
        if alone and tile.row < tile.column:
            candidates.take(tile.column, tile.row, tile.values.T.contiguous(), tile.error)
    return candidates


class _Candidates:
    """The smallest values of each row so far, their columns, and the largest error of any value seen."""

    def __init__(self, rows: int, count: int) -> None:
        self.count = count
        self.values = torch.full((rows, count), torch.inf, dtype=torch.float64)
        self.columns = torch.zeros((rows, count), dtype=torch.int64)
        self.error = np.zeros(rows)

    def take(self, row: int, column: int, values: Tensor, error: float) -> None:
        there = slice(row, row + len(values))
        self.error[there] = np.maximum(self.error[there], error)
        smallest, columns = _smallest(values, min(self.count, values.shape[1]))
        merged = torch.cat([self.values[there], smallest.double()], dim=1)
        merged_columns = torch.cat([self.columns[there], columns + column], dim=1)
        self.values[there], order = merged.topk(self.count, largest=False)
        self.columns[there] = merged_columns.gather(1, order)


def _smallest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The smallest values of each row and their columns, unordered."""
    rows, columns = values.shape
    if columns % GROUP or columns < 2 * GROUP * count:
        smallest, places = values.topk(count, largest=False, sorted=False)
        return smallest, places
    width = columns // GROUP
    grouped = values.view(rows, GROUP, width)  # a group is a column of the last two axes
    groups = grouped.amin(dim=1).topk(count, largest=False, sorted=False).indices
    members = grouped.gather(2, groups[:, None, :].expand(rows, GROUP, count)).reshape(rows, -1)
    smallest, places = members.topk(count, largest=False, sorted=False)
    return smallest, places.div(count, rounding_mode="floor") * width + groups.gather(1, places % count)


def _refined(left: Points, right: Points, candidates: _Candidates, k: int) -> Neighbours:
    """The k nearest among the candidates in float64; rows where another point might be nearer are searched again."""
    count = candidates.count
    columns = candidates.columns.numpy()
    rows = np.repeat(np.arange(len(left)), count)
    exact = squared_distances(left, right, rows, columns.reshape(-1)).reshape(-1, count)
    order = np.argsort(exact, axis=1, kind="stable")[:, :k]
    squared, indices = np.take_along_axis(exact, order, axis=1), np.take_along_axis(columns, order, axis=1)
    if count < len(right) - (left is right):
        beyond = candidates.values[:, -1].numpy() - candidates.error
        unsure = np.flatnonzero((squared[:, -1] > beyond) & (squared[:, -1] > 0))
        squared[unsure], indices[unsure] = _searched_again(left, right, unsure, squared[unsure, -1], k)
    return Neighbours(torch.from_numpy(squared), torch.from_numpy(indices))


def _searched_again(left: Points, right: Points, chosen: Indices, limits: Floats, k: int) -> tuple[Floats, Indices]:
    """The k nearest of the chosen left points, which are no further than the limits: of all pairs up to there."""
    squared, indices = np.zeros((len(chosen), k)), np.zeros((len(chosen), k), dtype=np.int64)
    for start in range(0, len(chosen), TILE):
        part = slice(start, start + TILE)
        some = Points(left.features[torch.from_numpy(chosen[part])], left.centre)
        found = [tile.pairs_within(limits[part], by_row=True, strict=False) for tile in tiles(some, right)]
        rows, columns = (np.concatenate(ends) for ends in zip(*found, strict=True))
        if left is right:
            others = chosen[part][rows] != columns
            rows, columns = rows[others], columns[others]
        exact = squared_distances(some, right, rows, columns)
        order = np.lexsort((exact, rows))
        first = np.searchsorted(rows[order], np.arange(len(some)))
        best = order[first[:, None] + np.arange(k)]
        squared[part], indices[part] = exact[best], columns[best]
    return squared, indices
