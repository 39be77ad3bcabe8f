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
from gandiag.metrics.features import checked_features, checked_pair, for_products

TILE = 1024
"""Rows and columns of a tile: 4 MB of float32, which a processor's cache holds."""

SPARE = 3
"""Candidates kept beyond those asked for, since float32 may put the nearest in a slightly wrong order."""

GROUP = 16
"""A row's smallest values lie in the groups with the smallest minima; only those are searched."""

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

    def __len__(self) -> int:
        return len(self.features)

    def block(self, start: int) -> tuple[Tensor, Tensor]:
        """Centred rows of a tile, and their squared lengths."""
        rows = for_products((self.features[start : start + TILE] - self.centre).float())
        return rows, rows.square().sum(dim=1, keepdim=True)

    def exact(self, indices: Indices) -> Floats:
        return self.features[torch.from_numpy(indices)].double().numpy()


def common_centre(first: Tensor, second: Tensor) -> Tensor:
    """The mean of all points, in their own precision: the closer to the origin, the smaller the rounding."""
    centre = (first.double().mean(dim=0).cpu() * len(first) + second.double().mean(dim=0).cpu() * len(second)) / (
        len(first) + len(second)
    )
    return centre.to(torch.promote_types(first.dtype, torch.float32))


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
    for row in left.starts:
        rows_block, row_lengths = left.block(row)
        first = torch.cat([-2 * rows_block, row_lengths, torch.ones_like(row_lengths)], dim=1)
        for column in right.starts:
            if upper and column < row:
                continue
            columns_block, column_lengths = right.block(column)
            second = torch.cat([columns_block, torch.ones_like(column_lengths), column_lengths], dim=1)
            # γ of a product over d + 2 terms and of the lengths' own sums; float32 rounds the coordinates too.
            unit = torch.finfo(first.dtype).eps / 2
            error = (3 * left.dimension + 16) * unit * float(row_lengths.max() + column_lengths.max())
            yield Tile(left, right, row, column, first @ second.T, error)


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
    candidates = _Candidates(len(left), min(k + SPARE, available))
    for tile in tiles(left, right, upper=alone):
        if alone and tile.row == tile.column:
            tile.values.fill_diagonal_(torch.inf)
        candidates.take(tile.row, tile.column, tile.values, tile.error)
        if alone and tile.row < tile.column:
            candidates.take(tile.column, tile.row, tile.values.T.contiguous(), tile.error)
    return _refined(left, right, candidates, k, alone)


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


def _refined(left: Points, right: Points, candidates: _Candidates, k: int, alone: bool) -> Neighbours:
    """The k nearest among the candidates in float64; rows where another point might be nearer are searched again."""
    count = candidates.count
    columns = candidates.columns.numpy()
    rows = np.repeat(np.arange(len(left)), count)
    exact = squared_distances(left, right, rows, columns.reshape(-1)).reshape(-1, count)
    order = np.argsort(exact, axis=1, kind="stable")[:, :k]
    squared, indices = np.take_along_axis(exact, order, axis=1), np.take_along_axis(columns, order, axis=1)
    if count < len(right) - alone:
        beyond = candidates.values.max(dim=1).values.numpy() - candidates.error
        unsure = np.flatnonzero((squared[:, -1] > beyond) & (squared[:, -1] > 0))
        for start in range(0, len(unsure), TILE):
            some = unsure[start : start + TILE]
            squared[some], indices[some] = _searched_again(left, right, some, squared[some, -1], alone, k)
    return Neighbours(torch.from_numpy(squared), torch.from_numpy(indices))


def _searched_again(
    left: Points, right: Points, chosen: Indices, limits: Floats, alone: bool, k: int
) -> tuple[Floats, Indices]:
    """The k nearest of the chosen left points, which are no further than the limits: of all pairs up to there."""
    some = Points(left.features[torch.from_numpy(chosen)], left.centre)
    found = [tile.pairs_within(limits, by_row=True, strict=False) for tile in tiles(some, right)]
    rows, columns = (np.concatenate(part) for part in zip(*found, strict=True))
    if alone:
        others = chosen[rows] != columns
        rows, columns = rows[others], columns[others]
    exact = squared_distances(some, right, rows, columns)
    order = np.lexsort((exact, rows))
    first = np.searchsorted(rows[order], np.arange(len(chosen)))
    best = order[first[:, None] + np.arange(k)]
    return exact[best], columns[best]
