"""Columns of tables, made of many measurements at once."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from gandiag.monitor.norms import Number


def bring_over(values: Sequence[Number | None]) -> NDArray[np.float64]:
    """Numbers as an array, those on a device in one transfer, missing ones as NaN."""
    waiting = [index for index, value in enumerate(values) if isinstance(value, Tensor)]
    if not waiting:
        return np.array(values, dtype=np.float64)  # makes NaN of None
    numbers = np.array([math.nan if isinstance(value, Tensor) else value for value in values], dtype=np.float64)
    numbers[waiting] = torch.stack([values[index] for index in waiting]).flatten().cpu().numpy()  # type: ignore[misc]
    return numbers


def repeated(names: list[str], count: int) -> pd.Series:
    """Names over and over, ``count`` in all, as a column of text: quicker than from a list that long."""
    return pd.Series(names, dtype=str).take(np.arange(count) % len(names)).reset_index(drop=True)
