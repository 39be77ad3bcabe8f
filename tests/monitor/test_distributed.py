"""Two processes with gloo: the same numbers as one process on the same global batch."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

import gandiag

EXAMPLE = Path(__file__).parents[2] / "examples" / "distributed.py"


def norms_of_one_process(steps: int, batch: int) -> dict[str, list[float]]:
    """The example's training on whole batches, with norms of its own."""
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2))
    discriminator = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    g_optimizer, d_optimizer = (torch.optim.Adam(net.parameters(), 1e-3) for net in (generator, discriminator))
    norms: dict[str, list[float]] = {"G": [], "D": []}
    ring = torch.Generator().manual_seed(1)

    def note(label: str, network: nn.Module) -> None:
        norms[label].append(float(torch.cat([p.grad.double().flatten() for p in network.parameters()]).norm()))

    for _ in range(steps):
        angle = torch.randint(8, (batch,), generator=ring) * (2 * torch.pi / 8)
        points = torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(batch, 2, generator=ring)
        fake = generator(torch.randn(batch, 8, generator=ring))
        d_optimizer.zero_grad()
        (softplus(-discriminator(points)).mean() + softplus(discriminator(fake.detach())).mean()).backward()
        note("D", discriminator)
        d_optimizer.step()
        g_optimizer.zero_grad()
        softplus(-discriminator(fake)).mean().backward()
        note("G", generator)
        g_optimizer.step()
    return norms


@pytest.mark.skipif(sys.platform == "win32", reason="gloo over spawn is tested on Linux and macOS")
def test_two_processes_record_what_one_process_has_on_the_same_batches(tmp_path):
    environment = {**os.environ, "MASTER_PORT": str(20_000 + os.getpid() % 20_000)}
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "Verdict: " in done.stdout
    recording = gandiag.Recording.load(tmp_path / "run")
    assert recording.meta["abstentions"] == {}
    spec = importlib.util.spec_from_file_location("distributed_example", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for label, expected in norms_of_one_process(60, module.BATCH).items():
        recorded = recording.series(f"steps.grad_norm[{label}]").to_numpy()
        assert len(recorded) == module.STEPS
        # Rounding differs between one mean and the mean of two halves, and training carries it on.
        np.testing.assert_allclose(recorded[:20], expected[:20], rtol=1e-5)
        np.testing.assert_allclose(recorded[:60], expected, rtol=1e-3)
    probes = recording.probes["iteration"].tolist()
    assert probes[1:] == [100, 200, 250], "the first process alone probes, with nobody waiting"
    assert set(recording.meta["networks"]) == {"G", "D"}
