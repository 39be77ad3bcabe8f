"""What does watching cost? Ratios of step times, interleaved in one process.

Variants run in turn, in blocks of a few dozen steps, on networks of their own that began alike; a block's time over
that of the unwatched block beside it is one ratio, and the median over all rounds is the result, with its quartiles.
So are processor times, which a busy machine disturbs less: with one thread (``OMP_NUM_THREADS=1``) they say the same.

    python benchmarks/attach.py --out benchmarks/attach.csv          (about 5 minutes on 2 cores)

Variants: no monitor; gandiag's hooks on every step (norms of every network and layer, signal, logits), without probes;
gandiag as attached by default, with probes; a loop of ``p.grad.norm().item()``; and, where they are installed,
Lightning's ``grad_norm`` at every step and ``wandb.watch`` with ``log_freq=1`` and with its default. Each monitor hears
of its own variant's steps alone.
"""

import argparse
import importlib.util
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path

import pandas as pd
import torch
from torch import nn
from torch.nn.functional import softplus
from tqdm import tqdm

import gandiag
from gandiag.monitor import clock
from gandiag.monitor import steps as optimizer_steps
from gandiag.nets import DCGANDiscriminator, DCGANGenerator, LectureDiscriminator, LectureGenerator

AfterBackward = Callable[[nn.Module], None]


class Loop:
    """The canonical loop on random data: what is timed is the step, not what it learns."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module, batch: int, device: str) -> None:
        self.generator, self.discriminator = generator.to(device), discriminator.to(device)
        self.optimizers = [torch.optim.Adam(m.parameters(), 2e-4, (0.5, 0.999)) for m in (generator, discriminator)]
        self.batch, self.device = batch, device
        with torch.no_grad():
            self.real = torch.rand_like(self.generator(self.noise()))

    def noise(self) -> torch.Tensor:
        return torch.randn(self.batch, 100, device=self.device)

    def run(self, steps: int, after_backward: AfterBackward | None = None) -> None:
        for _ in range(steps):
            fake = self.generator(self.noise())
            self.optimizers[1].zero_grad()
            (
                softplus(-self.discriminator(self.real)).mean() + softplus(self.discriminator(fake.detach())).mean()
            ).backward()
            if after_backward:
                after_backward(self.discriminator)
            self.optimizers[1].step()
            self.optimizers[0].zero_grad()
            softplus(-self.discriminator(fake)).mean().backward()
            if after_backward:
                after_backward(self.generator)
            self.optimizers[0].step()
        if self.device != "cpu":
            torch.cuda.synchronize()


class DCGAN64Generator(nn.Sequential):
    """The generator of the DCGAN tutorial for 64×64 colour images, with fewer channels."""

    def __init__(self, channels: int) -> None:
        widths = [8 * channels, 4 * channels, 2 * channels, channels]
        layers: list[nn.Module] = [
            nn.Unflatten(1, (100, 1, 1)),
            nn.ConvTranspose2d(100, widths[0], 4, 1, 0, bias=False),
        ]
        for before, after in pairwise(widths):
            layers += [nn.BatchNorm2d(before), nn.ReLU(True), nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]
        super().__init__(
            *layers, nn.BatchNorm2d(widths[-1]), nn.ReLU(True), nn.ConvTranspose2d(channels, 3, 4, 2, 1), nn.Tanh()
        )


class DCGAN64Discriminator(nn.Sequential):
    """The discriminator of the DCGAN tutorial for 64×64 colour images, with fewer channels."""

    def __init__(self, channels: int) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, channels, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        for factor in (1, 2, 4):
            width = 2 * factor * channels
            layers += [
                nn.Conv2d(factor * channels, width, 4, 2, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.LeakyReLU(0.2, True),
            ]
        super().__init__(*layers, nn.Conv2d(8 * channels, 1, 4, 1, 0), nn.Flatten())


class OwnTime:
    """Time that passes only while its variant runs: the clock paces probes, and the others' turns do not count."""

    def __init__(self) -> None:
        self.gone, self.since = 0.0, time.perf_counter()

    def perf_counter(self) -> float:
        return self.gone + time.perf_counter() - self.since

    def run(self, work: Callable[[], None]) -> None:
        self.since = time.perf_counter()
        work()
        self.gone += time.perf_counter() - self.since


def watched_by_wandb(loop: Loop, every: int) -> AbstractContextManager[object]:
    """wandb's histograms of gradients, committed at each generator step."""
    import wandb

    wandb.watch((loop.generator, loop.discriminator), log_freq=every)
    loop.optimizers[0].register_step_post_hook(lambda *arguments: wandb.log({}))
    return nullcontext()


def item_loop(module: nn.Module) -> None:
    sum(p.grad.norm().item() ** 2 for p in module.parameters() if p.grad is not None)


def models(device: str) -> dict[str, tuple[Callable[[], Loop], int]]:
    """Name → how to build its loop, and the steps of one block."""
    channels, batch = (64, 128) if device != "cpu" else (16, 16)
    return {
        "lecture, batch 64": (lambda: Loop(LectureGenerator(), LectureDiscriminator(), 64, device), 60),
        "DCGAN 28, batch 64": (lambda: Loop(DCGANGenerator(), DCGANDiscriminator(), 64, device), 15),
        f"DCGAN-64, {channels} channels, batch {batch}": (
            lambda: Loop(DCGAN64Generator(channels), DCGAN64Discriminator(channels), batch, device),
            8,
        ),
    }


def variants(build: Callable[[], Loop]) -> dict[str, Callable[[int], None]]:
    """Name → a function that runs so many steps of its own loop."""
    ready: dict[str, Callable[[int], None]] = {}
    hearing = optimizer_steps._listeners
    kept: list[object] = []  # monitors live as long as their variants

    def add(
        name: str, watch: Callable[[Loop], AbstractContextManager[object]], after: AfterBackward | None = None
    ) -> None:
        torch.manual_seed(0)
        loop, own = build(), OwnTime()
        kept.append(watch(loop))
        listeners = hearing[:]
        hearing.clear()

        def run(steps: int) -> None:
            clock.time = own  # type: ignore[attr-defined]
            hearing[:] = listeners
            own.run(lambda: loop.run(steps, after))
            hearing.clear()

        ready[name] = run

    never = 10**9
    add("no monitor", lambda loop: nullcontext())
    add(
        "gandiag, hooks only",
        lambda loop: gandiag.attach(loop.generator, loop.discriminator, every=never, on_alarm="ignore"),
    )
    add("gandiag, as attached by default", lambda loop: gandiag.attach(loop.generator, loop.discriminator))
    add("p.grad.norm().item() loop", lambda loop: nullcontext(), item_loop)
    if importlib.util.find_spec("lightning"):
        from lightning.pytorch.utilities import grad_norm

        add("Lightning grad_norm", lambda loop: nullcontext(), lambda module: grad_norm(module, 2) and None)
    if importlib.util.find_spec("wandb"):
        import wandb

        wandb.init(mode="offline", dir=tempfile.mkdtemp(), settings=wandb.Settings(silent=True))
        for name, frequency in (("wandb.watch, log_freq=1", 1), ("wandb.watch, its default", 1000)):
            add(name, lambda loop, every=frequency: watched_by_wandb(loop, every))  # type: ignore[misc]
    return ready


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--models", nargs="*", help="Beginnings of names, such as DCGAN-64; all, if left out.")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore", gandiag.GandiagWarning)
    rows = []
    for model, (build, steps) in models(options.device).items():
        if options.models and not model.startswith(tuple(options.models)):
            continue
        ready = variants(build)
        for run in ready.values():
            run(2 * steps)  # caches, first allocations, the iterations that are followed
        for round_number in tqdm(range(options.rounds), desc=model):
            names = list(ready)
            for name in names[round_number % len(names) :] + names[: round_number % len(names)]:
                wall, processor = time.perf_counter(), time.process_time()
                ready[name](steps)
                wall, processor = time.perf_counter() - wall, time.process_time() - processor
                rows.append(
                    {
                        "model": model,
                        "variant": name,
                        "round": round_number,
                        "ms_a_step": 1e3 * wall / steps,
                        "cpu_ms_a_step": 1e3 * processor / steps,
                    }
                )
    table = pd.DataFrame(rows)
    base = table[table["variant"] == "no monitor"].set_index(["model", "round"])
    beside = base.loc[list(zip(table["model"], table["round"], strict=True))]
    table["ratio"] = table["ms_a_step"].to_numpy() / beside["ms_a_step"].to_numpy()
    table["cpu_ratio"] = table["cpu_ms_a_step"].to_numpy() / beside["cpu_ms_a_step"].to_numpy()
    table["threads"] = torch.get_num_threads()
    summary = table.groupby(["model", "variant"], sort=False).agg(
        ms_a_step=("ms_a_step", "median"),
        **{
            f"{ratio}{name}": (ratio, lambda values, share=share: values.quantile(share))
            for ratio in ("ratio", "cpu_ratio")
            for name, share in (("", 0.5), ("_lower", 0.25), ("_upper", 0.75))
        },
    )
    print(summary.round(3).to_string())
    if options.out:
        table.to_csv(options.out, index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
