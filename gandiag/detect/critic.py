"""Whether a Wasserstein critic is kept to a slope."""

from gandiag.detect.windows import RunView, Values, above, missing


def steep(run: RunView) -> Values | None:
    """Where a critic is kept to no slope; ``None`` under other losses, or where the slope is not known."""
    if run.policy.steep_critic is None:
        return None
    slope = run.windowed(run.own("signal.input_gradient"))
    return None if missing(slope) else above(slope, run.policy.steep_critic)
