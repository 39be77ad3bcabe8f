"""Recordings and oracle tables written by hand."""

import numpy as np
import pandas as pd

from gandiag.recording import Recording


def recording(loss: str = "non_saturating", iterations: int = 400, **signals: float) -> Recording:
    """A run whose signals are constant; ``D_grad_norm`` and ``G_grad_norm`` go to the steps."""
    at = np.arange(iterations)
    steps = pd.concat(
        [
            pd.DataFrame(
                {
                    "iteration": at,
                    "network": network,
                    "grad_norm": signals.pop(f"{network}_grad_norm", 1.0),
                    "gradients_finite": True,
                }
            )
            for network in ("D", "G")
        ],
        ignore_index=True,
    )
    signal = pd.DataFrame({"iteration": at, "network": "G", **signals})
    return Recording(steps=steps, signal=signal, meta={"loss": loss})


def oracle_table(snapshots: int = 40, **columns: float | list[float]) -> pd.DataFrame:
    """The measurements of a perfect run of 1000 iterations, but for the columns given."""
    learning = np.linspace(0.5, 0.03, snapshots // 4).tolist() + [0.03] * (snapshots - snapshots // 4)
    perfect = {
        "phase": "training",
        "iteration": np.linspace(0, 1000, snapshots).round().astype(int),
        "finite_share": 1.0,
        "coverage": 1.0,
        "evenness": 1.0,
        "spread": 1.0,
        "within_spread": 1.0,
        "distance": learning,
        "floor": 0.02,
        "moved": 0.05,
        "flipped": 0.02,
        "logit_size": 1.0,
        "logit_spread": 1.0,
        "response": 0.1,
    }
    return pd.DataFrame(perfect | columns)
