"""Values gathered on the device, brought over in bulk."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

ROWS = 256


class Ring:
    """A buffer of rows that stays on the device until it is drained: one transfer for many steps.

    Args:
        width: Numbers in a row.
        device: Where the numbers arise.
        missing: What a number that is never written reads as.
    """

    def __init__(self, width: int, device: torch.device, missing: float = torch.nan) -> None:
        self._missing = missing
        self._values = torch.full((ROWS, width), missing, device=device)
        self._notes: list[Any] = []

    def next_row(self, note: Any) -> Tensor:
        """A row of missing values to write into, on the device; ``note`` comes back with it from :meth:`drain`."""
        self._notes.append(note)
        return self._values[len(self._notes) - 1]

    @property
    def full(self) -> bool:
        return len(self._notes) == ROWS

    def drain(self) -> tuple[np.ndarray, list[Any]]:
        """The rows written since the last call as float64, with their notes; the buffer is empty after."""
        count, notes = len(self._notes), self._notes
        values = self._values[:count].double().cpu().numpy()
        self._values[:count] = self._missing
        self._notes = []
        return values, notes
