"""Two processes train one GAN together with DistributedDataParallel; gandiag is attached in each of them.

    python examples/distributed.py

The norms are those of the reduced gradients, hence the same in every process; the first process alone probes the
generator and writes the run directory. Started by ``torchrun`` or a cluster's launcher, only ``main`` changes.
"""

import os
import sys
import tempfile
from pathlib import Path

import torch
from torch import distributed, multiprocessing, nn
from torch.nn.functional import softplus
from torch.nn.parallel import DistributedDataParallel

import gandiag

PROCESSES, STEPS, BATCH = 2, 250, 64


def train(rank: int, out: str) -> None:
    """One process's part: its own half of every batch."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", rank=rank, world_size=PROCESSES)
    torch.manual_seed(0)
    # A discriminator with batch norm needs broadcast_buffers=False: torch fails on two passes before one backward.
    generator = DistributedDataParallel(nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2)))
    discriminator = DistributedDataParallel(nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)))
    g_optimizer, d_optimizer = (torch.optim.Adam(net.parameters(), 1e-3) for net in (generator, discriminator))

    monitor = gandiag.attach(generator, discriminator, out=out, on_alarm="ignore", every=100)

    ring = torch.Generator().manual_seed(1)
    for _ in range(STEPS):
        angle = torch.randint(8, (BATCH,), generator=ring) * (2 * torch.pi / 8)
        points = torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(BATCH, 2, generator=ring)
        noise = torch.randn(BATCH, 8, generator=ring)
        mine = slice(rank * BATCH // PROCESSES, (rank + 1) * BATCH // PROCESSES)
        fake = generator(noise[mine])
        d_optimizer.zero_grad()
        (softplus(-discriminator(points[mine])).mean() + softplus(discriminator(fake.detach())).mean()).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        softplus(-discriminator(fake)).mean().backward()
        g_optimizer.step()

    monitor.close()
    if rank == 0:
        print(monitor.diagnose())
    distributed.destroy_process_group()


def main(out: str) -> None:
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29531")
    multiprocessing.spawn(train, args=(out,), nprocs=PROCESSES)
    print(f"recorded to {out}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(tempfile.mkdtemp()) / "run"))
