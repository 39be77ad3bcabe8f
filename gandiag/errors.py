"""What gandiag raises when its user, not its code, has to act."""


class GandiagError(Exception):
    """A mistake in what was asked for: one sentence that says what was wrong, what was expected and what to do.

    The command line prints the sentence without a traceback and exits with code 3.
    """


class GandiagWarning(UserWarning):
    """Something the user should know while the run goes on: an alarm, or a signal that cannot be had."""


class TooFewSamples(GandiagError, ValueError):  # noqa: N818 - says what is the matter, as ValueError does
    """A metric was asked for a claim that its samples cannot carry; a number would look plausible and mean nothing."""
