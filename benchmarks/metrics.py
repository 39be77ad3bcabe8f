"""How fast and how lean are the metrics? Ratios against other libraries, interleaved in one process.

Each round runs every implementation of a task once, in turn; the median of a library's time over ours is the ratio.
Processor time is given too: on a machine that others use, it is the steadier one, and with ``--threads 1`` (and
OMP_NUM_THREADS=1) no thread burns it waiting for another. Peak extra memory is the largest resident size during a call
less that before it, sampled every few milliseconds.

    python benchmarks/metrics.py --out benchmarks/metrics.csv        (about 10 minutes on 2 cores)

Tasks: the Fréchet distance at d = 2048 from statistics of 10,000 samples, the real side's factor cached, and from 512
fakes; KID at 2,000 × 128 and 10,000 × 2,048; precision, recall, density and coverage at 10,000 × 10,000 × 512, with and
without a cached real side, and at 50,000; classes and features of 10,000 MNIST-sized samples by the packaged judge.
The committed numbers are from a machine with other work on it, as their column ``load`` says; times vary
threefold there. They were measured a task at a time with ``--threads 1``, the judge with 2 (rounds 0 to 2) and 1.
Libraries that are not installed are left out: pip install pytorch-fid prdc torchmetrics.
"""

import argparse
import contextlib
import io
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from gandiag.metrics import (
    FeatureStatistics,
    feature_statistics,
    frechet_distance,
    kernel_inception_distance,
    prdc,
    real_manifold,
)
from gandiag.probes.judging import resolve_judge

Implementations = dict[str, Callable[[], float]]
OURS = "gandiag"


class PeakMemory:
    """Largest resident size, in MB above that at the start, while the block runs."""

    def __enter__(self) -> "PeakMemory":
        self._start = self._peak = resident_mb()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            self._peak = max(self._peak, resident_mb())

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.mb = self._peak - self._start


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class PassThrough(nn.Module):
    """Hands features to torchmetrics as they are."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def features(count: int, size: int, seed: int, scale: float = 1.0) -> Tensor:
    """Rectified correlated Gaussians with a slowly falling spectrum, as a network's last layer gives."""
    generator = torch.Generator().manual_seed(seed)
    spectrum = torch.arange(1, size + 1) ** -0.5
    mixing = torch.randn(size, size, generator=torch.Generator().manual_seed(99)) * spectrum[:, None]
    return (scale * torch.randn(count, size, generator=generator) @ mixing).relu()


def frechet() -> Implementations:
    real, fake = feature_statistics(features(10_000, 2048, 0)), feature_statistics(features(10_000, 2048, 1, 1.05))
    _ = real.factor
    found: Implementations = {
        OURS: lambda: frechet_distance(real, fake),
        "gandiag, nothing cached": lambda: frechet_distance(
            FeatureStatistics(real.count, real.mean, real.covariance), fake
        ),
        "nuclear norm (reference)": lambda: by_nuclear_norm(real, fake),
    }
    if find_spec("torchmetrics"):
        from torchmetrics.image.fid import _compute_fid

        found["torchmetrics"] = lambda: float(_compute_fid(real.mean, real.covariance, fake.mean, fake.covariance))
    if find_spec("pytorch_fid"):
        from pytorch_fid.fid_score import calculate_frechet_distance

        arrays = [x.numpy() for x in (real.mean, real.covariance, fake.mean, fake.covariance)]
        found["pytorch-fid"] = lambda: float(calculate_frechet_distance(*arrays))
    return found


def by_nuclear_norm(real: FeatureStatistics, fake: FeatureStatistics) -> float:
    first, second = torch.linalg.cholesky(real.covariance), torch.linalg.cholesky(fake.covariance)
    root = torch.linalg.svdvals(first.T @ second).sum()
    shift = real.mean - fake.mean
    return float(shift @ shift + real.covariance.trace() + fake.covariance.trace() - 2 * root)


def frechet_few() -> Implementations:
    real, fake = feature_statistics(features(10_000, 2048, 0)), features(512, 2048, 1, 1.05)
    _ = real.factor
    found: Implementations = {OURS: lambda: frechet_distance(real, fake)}
    if find_spec("torchmetrics"):
        from torchmetrics.image.fid import _compute_fid

        def theirs() -> float:
            exact = fake.double()
            return float(_compute_fid(real.mean, real.covariance, exact.mean(dim=0), exact.T.cov()))

        found["torchmetrics"] = theirs
    return found


def kid(count: int, size: int) -> Implementations:
    real, fake = features(count, size, 0), features(count, size, 1, 1.05)
    found: Implementations = {OURS: lambda: kernel_inception_distance(real, fake).value}
    if find_spec("torchmetrics"):
        from torchmetrics.image.kid import KernelInceptionDistance

        metric = KernelInceptionDistance(feature=PassThrough(size))
        metric.real_features, metric.fake_features = [real], [fake]

        def theirs() -> float:
            metric._computed = None
            return float(metric.compute()[0])

        found["torchmetrics"] = theirs
    return found


def neighbours(count: int = 10_000, size: int = 512, library: bool = True) -> Implementations:
    real, fake = features(count, size, 0), features(count, size, 1, 1.05)
    found: Implementations = {OURS: lambda: prdc(real, fake, strict=True).density}
    if not library:
        return found
    manifold = real_manifold(real)
    found["gandiag, real side cached"] = lambda: prdc(manifold, fake, strict=True).density
    if find_spec("prdc"):
        from prdc import compute_prdc

        first, second = real.numpy(), fake.numpy()
        found["prdc"] = lambda: float(compute_prdc(first, second, nearest_k=5)["density"])
    return found


def judge() -> Implementations:
    judging = resolve_judge("mnist", torch.device("cpu"))
    images = torch.rand(10_000, 1, 28, 28, generator=torch.Generator().manual_seed(0))

    def judged() -> float:
        seen = judging(images)
        assert seen.probabilities is not None
        return float(seen.features.mean() + seen.probabilities.max())

    return {OURS: judged}


TASKS: dict[str, Callable[[], Implementations]] = {
    "frechet_d2048_n10000": frechet,
    "frechet_d2048_n512": frechet_few,
    "kid_d128_n2000": lambda: kid(2_000, 128),
    "kid_d2048_n10000": lambda: kid(10_000, 2048),
    "prdc_d512_n10000": neighbours,
    "prdc_d512_n50000": lambda: neighbours(50_000, library=False),
    "judge_n10000": judge,
}


def measure(task: str, rounds: int) -> Iterator[dict[str, object]]:
    implementations = TASKS[task]()
    for number in range(rounds):
        for name, work in implementations.items():
            with PeakMemory() as memory, contextlib.redirect_stdout(io.StringIO()):
                start, cpu_start = time.perf_counter(), time.process_time()
                value = work()
                seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
            yield {
                "task": task,
                "implementation": name,
                "round": number,
                "seconds": round(seconds, 4),
                "cpu_seconds": round(cpu_seconds, 4),
                "value": value,
                "peak_extra_mb": round(memory.mb, 1),
                "threads": torch.get_num_threads(),
                "load": os.getloadavg()[0],
            }


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Median times and their ratios to ours round by round, largest memory, and the difference in value."""
    grouped = table.groupby(["task", "implementation"])
    result = grouped.agg(
        seconds=("seconds", "median"), peak_extra_mb=("peak_extra_mb", "max"), value=("value", "first")
    )
    for column in ("seconds", "cpu_seconds"):
        wide = table.pivot(index=["task", "round"], columns="implementation", values=column)
        result[f"{column}_over_ours"] = wide.div(wide[OURS], axis=0).groupby("task").median().stack()
    ours = result["value"].xs(OURS, level="implementation").reindex(result.index, level="task")
    return result.assign(relative_difference=(result["value"] / ours - 1).abs())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS), metavar="TASK")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    warnings.filterwarnings("ignore")
    rows: list[dict[str, object]] = []
    with threadpool_limits(arguments.threads, user_api="blas"):
        for task in arguments.tasks:
            for row in measure(task, arguments.rounds):
                rows.append(row)
                print({key: row[key] for key in ("task", "implementation", "seconds", "peak_extra_mb")}, flush=True)
                if arguments.out:
                    pd.DataFrame(rows).to_csv(arguments.out, index=False)
    print(summary(pd.DataFrame(rows)).to_string())


if __name__ == "__main__":
    main()
