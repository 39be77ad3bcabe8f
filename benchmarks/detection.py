"""What detection costs: one diagnosis of a long recording, and diagnoses in passing as a share of a run's time.

    python benchmarks/detection.py --out benchmarks/detection.csv          (some 5 minutes on one core)

Trains a small GAN on points and the lecture's on the embedded digits, watched as any user's loop is, with everything at
its default; each diagnosis in passing is timed where it happens, with what it takes to bring the recording up to date.
What was recorded is then diagnosed again and again. Times are medians, with quartiles beside them, by the clock and by
the processor: on a busy machine the second is the one to trust.
"""

import argparse
import time
import warnings
from pathlib import Path

import pandas as pd
import torch
from torch.nn.functional import softplus
from tqdm import trange

import gandiag
from gandiag.data import load_dataset
from gandiag.detect import Diagnosis, diagnose
from gandiag.monitor import Monitor
from gandiag.nets import build_networks
from gandiag.training.loop import batch

MODELS = {"mlp": "ring", "lecture": "digits"}
BARS = {"diagnosis_ms": 50.0, "live_share": 0.005}


class Timed:
    """Seconds of each block that it is put around, by the clock and by the processor."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []

    def __enter__(self) -> "Timed":
        self._before = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall.append(time.perf_counter() - self._before[0])
        self.processor.append(time.process_time() - self._before[1])


def watched_run(model: str, steps: int, passing: Timed) -> tuple[Monitor, Timed]:
    """The canonical loop, monitored by default; ``passing`` times the diagnoses while it runs."""
    torch.manual_seed(0)
    dataset = load_dataset(MODELS[model])
    networks = build_networks(model, dataset.sample_shape)
    generator, discriminator = networks.generator, networks.discriminator
    optimizers = [torch.optim.Adam(one.parameters(), 2e-4, (0.5, 0.999)) for one in (generator, discriminator)]
    monitor = gandiag.attach(generator, discriminator)
    in_passing = monitor._diagnose_in_passing

    def timed(iteration: int) -> Diagnosis:
        with passing:
            return in_passing(iteration)

    monitor._diagnose_in_passing = timed  # type: ignore[method-assign]
    with (whole := Timed()):
        for _ in trange(steps, desc=model):
            fake = generator(torch.randn(64, networks.noise_size))
            optimizers[1].zero_grad()
            real_logits, fake_logits = discriminator(batch(dataset, 64)), discriminator(fake.detach())
            (softplus(-real_logits).mean() + softplus(fake_logits).mean()).backward()
            optimizers[1].step()
            optimizers[0].zero_grad()
            softplus(-discriminator(fake)).mean().backward()
            optimizers[0].step()
    monitor.close()
    return monitor, whole


def measure(model: str, steps: int, rounds: int) -> list[dict[str, object]]:
    """Rows of the table, for one model."""
    passing, again = Timed(), Timed()
    monitor, whole = watched_run(model, steps, passing)
    recording = monitor.recording
    for _ in range(rounds):
        with again:
            diagnose(recording)
    rows: list[dict[str, object]] = []
    for clock in ("wall", "processor"):
        share = sum(getattr(passing, clock)) / getattr(whole, clock)[0]
        of_whole, live = getattr(again, clock), getattr(passing, clock)
        for measured, values, of in (
            ("diagnosis_ms", 1e3 * pd.Series(of_whole), rounds),
            ("live_diagnosis_ms", 1e3 * pd.Series(live), len(live)),
            ("live_share", pd.Series([share]), len(live)),
        ):
            lower, median, upper = values.quantile([0.25, 0.5, 0.75])
            row = {"model": model, "steps": recording.iterations, "clock": clock, "measured": measured}
            rows.append(row | {"median": median, "lower": lower, "upper": upper, "of": of, "bar": BARS.get(measured)})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--steps", type=int, default=10_000, help="generator steps of each run")
    parser.add_argument("--rounds", type=int, default=50, help="diagnoses of each recording")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", gandiag.GandiagWarning)
    table = pd.DataFrame([row for model in options.models for row in measure(model, options.steps, options.rounds)])
    print(table.round(4).to_string(index=False))
    if options.out:
        table.to_csv(options.out, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
