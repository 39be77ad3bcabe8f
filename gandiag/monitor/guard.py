"""Watching must never stop what is watched."""

import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from gandiag.errors import GandiagWarning
from gandiag.recording import Recorder

P = ParamSpec("P")
R = TypeVar("R")


class Guard:
    """Runs gandiag's own code inside somebody's training loop and keeps its errors to itself.

    A signal that fails once is recorded as missing, with the reason, said once in a warning, and not tried again.
    """

    REMEMBERED = ("_failed",)

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._failed: set[str] = set()

    def run(self, signal: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """``function(...)``, or ``None`` if the signal has failed."""
        if signal in self._failed:
            return None
        try:
            return function(*args, **kwargs)
        except Exception as error:
            self._give_up(signal, error)
            return None

    def shield(self, signal: str, function: Callable[P, object]) -> Callable[P, None]:
        """The function as a hook that never raises."""

        def shielded(*args: P.args, **kwargs: P.kwargs) -> None:
            self.run(signal, function, *args, **kwargs)

        return shielded

    def _give_up(self, signal: str, error: Exception) -> None:
        self._failed.add(signal)
        reason = f"{type(error).__name__}: {error}"
        self._recorder.abstain(signal, reason)
        warnings.warn(
            f"gandiag no longer measures '{signal}' in this run ({reason}); training goes on.",
            GandiagWarning,
            stacklevel=4,
        )
