"""Rules that people use today, with their own thresholds, as functions of a Recording.

None of them names one of the three failures by itself; each is given the failure that its authors have in mind. Where a
rule reads a loss, it is the loss at the mean logits, which a recording holds; a convex loss is at least that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from gandiag.recording import Recording

VANISHING, COLLAPSE, UNSETTLED, HEALTHY = "vanishing_gradients", "mode_collapse", "non_convergence", "healthy"
UNKNOWN = "insufficient_data"
WINDOW = 50  # generator steps; a rule on single noisy steps would be a straw man
EPOCHS = 20  # the runs have none: equal parts of the run stand for them


@dataclass(frozen=True)
class Opinion:
    """What a detector says of a run.

    Attributes:
        verdict: ``healthy``, ``insufficient_data`` or one of the three failures.
        onset: First iteration of the failure; ``None`` where none is named.
        kind: Kind of the failure; ``None`` where none is named.
    """

    verdict: str
    onset: int | None = None
    kind: str | None = None


Detector = Callable[[Recording], Opinion]


def discriminator_loss(recording: Recording) -> pd.Series:
    """The discriminator's loss at the mean logits; empty where the loss family or the logits are unknown."""
    formulas: dict[str, Callable[[pd.Series, pd.Series], pd.Series]] = {
        "minimax": lambda r, f: _softplus(-r) + _softplus(f),
        "non_saturating": lambda r, f: _softplus(-r) + _softplus(f),
        "least_squares": lambda r, f: 0.5 * ((r - 1) ** 2 + f**2),
        "hinge": lambda r, f: (1 - r).clip(lower=0) + (1 + f).clip(lower=0),
        "wasserstein": lambda r, f: f - r,
        "relativistic_paired": lambda r, f: _softplus(f - r),
    }
    return _at_mean_logits(recording, formulas)


def generator_loss(recording: Recording) -> pd.Series:
    """The generator's loss at the mean logits; empty where the loss family or the logits are unknown."""
    formulas: dict[str, Callable[[pd.Series, pd.Series], pd.Series]] = {
        "minimax": lambda r, f: -_softplus(f),
        "non_saturating": lambda r, f: _softplus(-f),
        "least_squares": lambda r, f: 0.5 * (f - 1) ** 2,
        "hinge": lambda r, f: -f,
        "wasserstein": lambda r, f: -f,
        "relativistic_paired": lambda r, f: _softplus(r - f),
    }
    return _at_mean_logits(recording, formulas)


def discriminator_loss_near_zero(recording: Recording) -> Opinion:
    """D loss → 0 is a failure mode (Chintala et al., ganhacks, 2016); the folklore names no number: 0.05 here.

    Not for a Wasserstein critic, whose loss has no zero to reach.
    """
    if recording.meta.get("loss") == "wasserstein":
        return Opinion(UNKNOWN)
    return _first(_smooth(discriminator_loss(recording)) < 0.05, VANISHING)


def discriminator_accuracy(recording: Recording) -> Opinion:
    """The discriminator's accuracy above 0.95."""
    return _first(_smooth(recording.series("signal.accuracy")) > 0.95, VANISHING)


def loss_not_decreasing(recording: Recording) -> Opinion:
    """SageMaker Debugger's LossNotDecreasing on the generator's loss: less than 0.1 % down in 10 (smoothed) steps."""
    loss = _smooth(generator_loss(recording))
    earlier = loss.shift(10)
    return _first(loss[earlier.notna()] > (earlier - 0.001 * earlier.abs())[earlier.notna()], UNSETTLED)


def tiny_gradient(recording: Recording) -> Opinion:
    """SageMaker Debugger's VanishingGradient: below 1e-7 (the norm stands for the mean of absolute values)."""
    return _first(_smooth(recording.series("steps.grad_norm[G]")) < 1e-7, VANISHING)


def layer_ratio(recording: Recording) -> Opinion:
    """AutoTrainer (Zhang et al., ICSE 2021): first/last layer < 1e-3 and first < 1e-4; ratio > 70; NaN."""
    layers = recording.layers
    names = layers.loc[layers["network"] == "G", "layer"].drop_duplicates().tolist() if len(layers) else []
    if len(names) < 2:
        return Opinion(UNKNOWN)
    first, last = (_smooth(recording.series(f"layers.grad_norm[G.{name}]")) for name in (names[0], names[-1]))
    ratio = first / last.replace(0, np.nan)
    return _earliest(
        _first((ratio < 1e-3) & (first < 1e-4), VANISHING),
        _first((ratio > 70) | ~np.isfinite(first), UNSETTLED),
        _first(_broken(recording), UNSETTLED),
    )


def fixed_band(recording: Recording) -> Opinion:
    """NeuralDBG: a gradient norm below 1e-6 vanishes, above 1e3 explodes, for either network."""
    opinions = []
    for network in ("G", "D"):
        norm = _smooth(recording.series(f"steps.grad_norm[{network}]").groupby(level=0).mean())
        opinions += [_first(norm < 1e-6, VANISHING), _first(norm > 1e3, UNSETTLED)]
    return _earliest(*opinions, _first(_broken(recording), UNSETTLED))


def sudden_fall(recording: Recording) -> Opinion:
    """Applio: the generator's loss falls to 25 % of the last epoch's or less."""
    loss = generator_loss(recording)
    if loss.empty:
        return Opinion(UNKNOWN)
    epochs = loss.groupby(loss.index // max(1, recording.iterations // EPOCHS)).mean()
    epochs.index = epochs.index * max(1, recording.iterations // EPOCHS)
    before = epochs.shift(1)
    return _first((epochs <= 0.25 * before) & (before > 0), COLLAPSE)


def fid_jump(recording: Recording) -> Opinion:
    """The Fréchet distance half as large again as the best so far, at two probes in a row."""
    fid = recording.series("probes.fid_judge")
    worse = fid > 1.5 * fid.cummin()
    return _first(worse & worse.shift(1, fill_value=False), COLLAPSE)


BASELINES: "MappingProxyType[str, Detector]" = MappingProxyType(
    {
        "D loss near 0": discriminator_loss_near_zero,
        "D accuracy > 0.95": discriminator_accuracy,
        "loss not decreasing": loss_not_decreasing,
        "gradient < 1e-7": tiny_gradient,
        "layer ratio": layer_ratio,
        "1e-6 / 1e3 band": fixed_band,
        "loss <= 25 % of last epoch": sudden_fall,
        "FID jump": fid_jump,
    }
)


def _at_mean_logits(
    recording: Recording, formulas: dict[str, Callable[[pd.Series, pd.Series], pd.Series]]
) -> pd.Series:
    formula = formulas.get(str(recording.meta.get("loss")))
    real, fake = recording.series("signal.logit_real"), recording.series("signal.logit_fake")
    if formula is None or fake.empty:
        return pd.Series(dtype="float64")
    real, fake = real.groupby(level=0).mean(), fake.groupby(level=0).mean()
    return formula(real, fake).dropna()


def _softplus(values: pd.Series) -> pd.Series:
    return pd.Series(np.logaddexp(0, values.to_numpy()), index=values.index)


def _smooth(series: pd.Series) -> pd.Series:
    return series.rolling(WINDOW, min_periods=WINDOW).median().dropna()


def _broken(recording: Recording) -> pd.Series:
    steps = recording.steps
    if "gradients_finite" not in steps or not len(steps):
        return pd.Series(dtype=bool)
    return ~steps.set_index("iteration")["gradients_finite"].astype(bool)


def _first(holds: pd.Series, failure: str) -> Opinion:
    """The rule fires at the first iteration at which it holds, and stays fired."""
    if holds.empty:
        return Opinion(UNKNOWN)
    return Opinion(failure, int(holds.index[int(np.argmax(holds.to_numpy()))])) if holds.any() else Opinion(HEALTHY)


def _earliest(*opinions: Opinion) -> Opinion:
    fired = [one for one in opinions if one.onset is not None]
    if fired:
        return min(fired, key=lambda one: one.onset or 0)
    known = [one for one in opinions if one.verdict != UNKNOWN]
    return known[0] if known else Opinion(UNKNOWN)
