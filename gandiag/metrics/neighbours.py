"""Nearest neighbours of many points, as float64 arithmetic finds them, in bounded memory."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gandiag.errors import TooFewSamples
from gandiag.metrics.features import checked_features, checked_pair
from gandiag.metrics.tiles import TILE, Floats, Indices, Points, Tile, Values, common_centre, squared_distances, tiles

SPARE = 3
"""Candidates kept beyond those asked for, since float32 may put the nearest in a slightly wrong order."""

GROUP = 16
"""Values of a row whose smallest stands for them: as many groups as are asked for bound the smallest values."""


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
    values, doubt = candidates.values, 2 * candidates.error
    about = values[:, k - 1]
    open_ = np.abs(values - about[:, None]) <= doubt[:, None]
    exact = np.full(values.shape, np.inf)
    rows, places = np.nonzero(open_)
    exact[rows, places] = squared_distances(points, points, rows, candidates.indices[rows, places])
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
            np.fill_diagonal(tile.values, np.inf)
        candidates.take(tile, by_row=True)
        if alone and tile.row < tile.column:
            candidates.take(tile, by_row=False)
    return candidates


class _Candidates:
    """The smallest values of each point so far, ascending, whose they are, and the largest error of any seen."""

    def __init__(self, points: int, count: int) -> None:
        self.count = count
        self.values = np.full((points, count), np.inf)
        self.indices = np.zeros((points, count), dtype=np.int64)
        self.error = np.zeros(points)

    def take(self, tile: Tile, *, by_row: bool) -> None:
        """Take in a tile; of left points by its rows, of right ones by its columns."""
        mine, others = (tile.row, tile.column) if by_row else (tile.column, tile.row)
        there = slice(mine, mine + tile.values.shape[0 if by_row else 1])
        self.error[there] = np.maximum(self.error[there], tile.error)
        largest = self.values[there, -1]
        if np.isinf(largest).any():
            largest = np.minimum(largest, _bound_of_smallest(tile.values if by_row else tile.values.T, self.count))
        rows, columns = tile.at_most(largest, by_row=by_row)
        values = tile.values[rows, columns]
        own, other = (rows, columns) if by_row else (columns, rows)
        self.values[there], self.indices[there] = _smallest(
            self.values[there], self.indices[there], own, other + others, values
        )


def _bound_of_smallest(values: Values, count: int) -> Values:
    """A number for each row that at least ``count`` of its values do not exceed, and hardly more."""
    width = values.shape[1] // GROUP
    if width >= count:
        values = values[:, : width * GROUP].reshape(len(values), GROUP, width).min(axis=1)
    if values.shape[1] < count:
        return np.full(len(values), np.inf)
    return np.partition(values, count - 1, axis=1)[:, count - 1]


def _smallest(
    values: Floats, indices: Indices, rows: Indices, found: Indices, found_values: Values
) -> tuple[Floats, Indices]:
    """The smallest of each row's values, ascending, once those that were found in some rows are among them."""
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    counts = np.bincount(rows, minlength=len(values))
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts) + values.shape[1]
    width = values.shape[1] + counts.max(initial=0)
    all_values, all_indices = np.full((len(values), width), np.inf), np.zeros((len(values), width), dtype=np.int64)
    all_values[:, : values.shape[1]], all_indices[:, : values.shape[1]] = values, indices
    all_values[rows, places], all_indices[rows, places] = found_values[order], found[order]
    best = np.argsort(all_values, axis=1, kind="stable")[:, : values.shape[1]]
    return np.take_along_axis(all_values, best, axis=1), np.take_along_axis(all_indices, best, axis=1)


def _refined(left: Points, right: Points, candidates: _Candidates, k: int) -> Neighbours:
    """The k nearest among the candidates in float64; rows where another point might be nearer are searched again."""
    count = candidates.count
    rows = np.repeat(np.arange(len(left)), count)
    exact = squared_distances(left, right, rows, candidates.indices.reshape(-1)).reshape(-1, count)
    order = np.argsort(exact, axis=1, kind="stable")[:, :k]
    squared, indices = np.take_along_axis(exact, order, axis=1), np.take_along_axis(candidates.indices, order, axis=1)
    if count < len(right) - (left is right):
        beyond = candidates.values[:, -1] - candidates.error
        unsure = np.flatnonzero((squared[:, -1] > beyond) & (squared[:, -1] > 0))
        squared[unsure], indices[unsure] = _searched_again(left, right, unsure, squared[unsure, -1], k)
    return Neighbours(torch.from_numpy(squared), torch.from_numpy(indices))


def _searched_again(left: Points, right: Points, chosen: Indices, limits: Floats, k: int) -> tuple[Floats, Indices]:
    """The k nearest of the chosen left points, which are no further than the limits: of all pairs up to there."""
    squared, indices = np.full((len(chosen), k), np.inf), np.zeros((len(chosen), k), dtype=np.int64)
    for start in range(0, len(chosen), TILE):
        part = slice(start, start + TILE)
        some = Points(left.features[torch.from_numpy(chosen[part])], left.centre)
        for tile in tiles(some, right):
            rows, columns = tile.pairs_within(limits[part], by_row=True, strict=False)
            if left is right:
                others = chosen[part][rows] != columns
                rows, columns = rows[others], columns[others]
            exact = squared_distances(some, right, rows, columns)
            squared[part], indices[part] = _smallest(squared[part], indices[part], rows, columns, exact)
    return squared, indices
