"""Whether the generator learns from a discriminator that has gone some steps ahead: an unrolled one."""

from collections.abc import Sequence

import numpy as np
from torch import nn

from gandiag.monitor.columns import bring_over
from gandiag.monitor.norms import Number, gradient_norms


class Ahead:
    """Tells, in examined iterations, whether what judges for the generator's loss is the discriminator as it is.

    An unrolled one is called with parameters that are computed from its own; or it takes its steps, judges, and is set
    back to where it was.

    Args:
        parameters: The discriminator's.

    Attributes:
        computed: Whether its parameters were computed from others when it judged last.
        set_back: Whether it was set back after it had judged.
    """

    REMEMBERED = ("computed", "set_back", "_earlier", "_judging", "_over")

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        self.computed = False
        self.set_back = False
        self._parameters = parameters
        self._earlier: list[list[Number]] = []
        self._judging: list[Number] | None = None
        self._over = False

    @property
    def is_so(self) -> bool:
        """Whether the generator's loss comes from a discriminator ahead of itself."""
        return self.computed or self.set_back

    def saw_call(self, module: nn.Module | None, for_generator: bool) -> None:
        """It was called, perhaps so that gradients flow on into the generator."""
        now = gradient_norms([parameter.detach() for parameter in self._parameters])
        if self._over:
            self._look_back(now)
        if for_generator and module is not None:
            self.computed = any(parameter.grad_fn is not None for parameter in module.parameters())
            self._judging = now
        self._earlier.append(now)

    def generator_stepped(self) -> None:
        """The iteration is over; where it stands at the next call tells whether it was set back."""
        self._over = True

    def _look_back(self, now: list[Number]) -> None:
        """Clipping may bring a layer back to where it was, but not all of them."""
        if self._judging is not None:
            earlier = [bring_over(state) for state in (*self._earlier, self._judging)]
            same = [np.array_equal(bring_over(now), state) for state in earlier]
            self.set_back = any(same) and not same[-1]
        self._earlier, self._judging, self._over = [], None, False
