"""A small recording with something in every place."""

import numpy as np
import pandas as pd
import pytest

from gandiag.recording import Recording


@pytest.fixture
def full_recording() -> Recording:
    draw = np.random.default_rng(0)
    at = np.arange(20)
    rows = pd.DataFrame({"iteration": at, "network": "G", "grad_norm": draw.random(20), "gradients_finite": True})
    return Recording(
        steps=pd.concat([rows, rows.assign(network="D")], ignore_index=True),
        layers=rows.assign(layer="0.weight"),
        signal=rows,
        probes=pd.DataFrame({"iteration": [0, 10, 15], "network": "G", "diversity": [0.1, np.nan, 0.3]}),
        samples={
            0: draw.integers(0, 256, (5, 8, 8), dtype=np.uint8),
            15: draw.normal(size=(7, 2)).astype(np.float32),
        },
        meta={"loss": "hinge"},
    )
