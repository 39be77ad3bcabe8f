"""When a verdict on a run still going on is worth an alarm."""

from gandiag.detect.finding import Verdict

ALARM_FROM = 1000  # generator steps: before, every generator's samples look alike
QUIET = (Verdict.HEALTHY, Verdict.INSUFFICIENT_DATA)


class Alarm:
    """Is raised once for each failure: a verdict that comes and goes does not raise it again.

    That a verdict rests on four fifths of the last third of the run keeps single probes from raising it.

    Args:
        begins: Generator steps before which it stays silent.
    """

    def __init__(self, begins: int = ALARM_FROM) -> None:
        self._begins = begins
        self._raised: set[Verdict] = set()

    def listens(self, iteration: int) -> bool:
        """Whether a verdict after this many generator steps can raise it."""
        return iteration >= self._begins

    def is_raised_by(self, verdict: Verdict) -> bool:
        """Whether a verdict raises it; the next time, the same one will not."""
        if verdict in QUIET or verdict in self._raised:
            return False
        self._raised.add(verdict)
        return True
