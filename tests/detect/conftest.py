"""Recordings written by hand: what each failure looks like, in a few dozen numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gandiag.recording import Recording

ITERATIONS = 1000

HEALTHY: dict[str, Any] = {
    "grad_norm": 0.2,
    "head_gradient": 0.55,
    "input_gradient": 0.4,
    "logit_real": 0.5,
    "logit_fake": -0.4,
    "accuracy": 0.8,
    "diversity": 0.75,
    "drift": 0.2,
    "energy": (0.7, 0.02),
    "fid_judge": (900.0, 100.0),
    "modes": 10,
    "kl_to_real": 0.2,
    "flip_rate": 0.2,
    "cluster_coverage": None,
    "finite_share": 1.0,
    "first_layer": 0.1,
    "last_layer": 0.2,
    "gradients_finite": True,
    "loss": "non_saturating",
}


def course(value: Any, count: int) -> np.ndarray:
    """A constant, a straight line from one value to another, or what a function makes of the run's share done."""
    if callable(value):
        return np.array([value(share) for share in np.linspace(0, 1, count)], dtype=float)
    if isinstance(value, tuple):
        return np.linspace(*value, count)
    return np.full(count, value, dtype=float)


@pytest.fixture
def make_recording() -> Callable[..., Recording]:
    """A healthy recording with some signals replaced; ``None`` leaves a signal out."""

    def make(iterations: int = ITERATIONS, classes: bool = True, **changes: Any) -> Recording:
        values = {**HEALTHY, **changes}
        steps_at, probes_at = np.arange(iterations), np.linspace(0, iterations, 41).astype(int)

        def columns(names: list[str], count: int) -> dict[str, np.ndarray]:
            return {name: course(values[name], count) for name in names if values[name] is not None}

        signal_names = ["grad_norm", "head_gradient", "input_gradient", "logit_real", "logit_fake", "accuracy"]
        probe_names = ["diversity", "energy", "drift", "fid_judge", "modes", "kl_to_real", "flip_rate"]
        probe_names += ["cluster_coverage", "finite_share"]
        signal = pd.DataFrame({"iteration": steps_at, "network": "G", **columns(signal_names, iterations)})
        probes = pd.DataFrame({"iteration": probes_at, "network": "G", **columns(probe_names, len(probes_at))})
        if classes:
            probes = probes.assign(**{f"class_{index}": 0.1 for index in range(10)})
        finite = course(values["gradients_finite"], iterations).astype(bool)
        steps = pd.DataFrame({"iteration": steps_at, "network": "G", "grad_norm": 0.1, "gradients_finite": finite})
        layers = [
            pd.DataFrame({"iteration": steps_at, "network": "G", "layer": name, "grad_norm": course(value, iterations)})
            for name, value in (("0", values["first_layer"]), ("2", values["last_layer"]))
            if value is not None
        ]
        meta = {"loss": values["loss"]}
        return Recording(steps=steps, layers=pd.concat(layers), signal=signal, probes=probes, meta=meta)

    return make
