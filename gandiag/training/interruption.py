"""Ctrl-C between two steps and not within one, so that a run that goes on is the run that never stopped."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = "interrupted from the keyboard"


@contextmanager
def whole_steps() -> Iterator[Callable[[], None]]:
    """Hold the first Ctrl-C back until the yielded function is called, which then raises it; a second one strikes.

    Outside the main thread, and where somebody handles the signal otherwise, nothing is held.

    Raises:
        KeyboardInterrupt: From the yielded function.
    """
    held = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal held
        if held:
            raise KeyboardInterrupt
        held = True

    def strike() -> None:
        if held:
            raise KeyboardInterrupt

    plain = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not plain or threading.current_thread() is not threading.main_thread():
        yield strike
        return
    signal.signal(signal.SIGINT, hold)
    try:
        yield strike
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
