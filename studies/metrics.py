"""What can each metric see, and from how many samples on?

MNIST's training images in two halves: the real side, whose first 10,000 images are the training set, and the half that
"generators" draw from: a perfect one, and others with one planted fault. Every metric at 100 to 10,000 samples, and at
1000 samples against the strength of the fault.

    python studies/metrics.py --data-dir DIR       (16 minutes on 2 busy cores; can be interrupted and resumed)
    python studies/metrics.py --smoke              (a minute: fewer sizes, two draws; to runs/metrics/smoke/page)

Writes values.csv (a row a draw), separation.csv, costs.csv and the page index.html to reports/metrics. The cheap
panel's figures are those of studies/panel.py.
"""

import argparse
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import pandas as pd
import torch
from metrics_page import write_page
from torch import Tensor
from tqdm import tqdm

from gandiag.cli import explain_errors
from gandiag.data import Dataset, load_dataset
from gandiag.data.damage import Damage, blurred, copied, dropped, noisy, perfect, prototypes, repeated
from gandiag.errors import TooFewSamples
from gandiag.metrics import (
    FeatureStatistics,
    JudgeErrors,
    bin_difference,
    class_shares,
    count_modes,
    data_copying_score,
    duplicate_threshold,
    duplicates,
    feature_statistics,
    fit_bins,
    frechet_distance,
    inception_score,
    judge_errors,
    kernel_inception_distance,
    kl_divergence,
    mean_pairwise_distance,
    prdc,
    real_manifold,
    sharpness,
    vendi_score,
)
from gandiag.metrics.kernel import polynomial_reference
from gandiag.metrics.panel import PanelReference, measure_panel, panel_reference
from gandiag.metrics.prdc import PRDC
from gandiag.nets import Judge, judge_card, load_judge

ROOT = Path(__file__).parents[1]
DRAWS = {100: 20, 300: 20, 1000: 16, 3000: 6, 10_000: 3}
NULL_DRAWS = 40  # at 1000 samples, where what a metric can see is said
STRENGTH_SAMPLES = 1000
STRENGTH_DRAWS = 4
COST_SAMPLES, COST_ROUNDS = (256, 1000), 5
HALF, TRAIN, MANIFOLD, BINS, PAIRWISE = 30_000, 10_000, 2_000, 50, 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", help="folder that holds MNIST, in torchvision's layout")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "metrics", help="where finished cells are kept")
    parser.add_argument("--out", type=Path, help="where the page is written [default: reports/metrics]")
    parser.add_argument("--smoke", action="store_true", help="fewer sizes and two draws, in a minute")
    options = parser.parse_args()
    runs = options.runs / ("smoke" if options.smoke else "full")
    runs.mkdir(parents=True, exist_ok=True)
    out: Path = options.out or (runs / "page" if options.smoke else ROOT / "reports" / "metrics")
    out.mkdir(parents=True, exist_ok=True)
    todo = cells(options.smoke)
    missing = [cell for cell in todo if not (runs / cell.file).exists()]
    if missing or not (out / "costs.csv").exists():
        real = RealSide(options.data_dir, TRAIN + MANIFOLD if options.smoke else HALF)
        for cell in tqdm(missing, unit="cell"):
            rows = [real.measure(cell, draw) for draw in range(cell.draws)]
            pd.DataFrame(rows).to_csv(runs / cell.file, index=False)
        costs(real, 1 if options.smoke else COST_ROUNDS).to_csv(out / "costs.csv", index=False, float_format="%.3g")
    values = pd.concat([pd.read_csv(runs / cell.file) for cell in todo])
    print(f"Look here: {os.path.relpath(write_page(values, out))}")


@dataclass(frozen=True)
class Cell:
    """One fault, its strength, and the number of samples."""

    fault: str
    strength: float
    samples: int
    draws: int

    @property
    def file(self) -> str:
        return f"{self.fault.replace(' ', '-')}_{self.strength}_{self.samples}.csv"

    def damage(self, train: Dataset) -> Damage:
        faults: dict[str, Callable[[float], Damage]] = {
            "none": lambda _: perfect,
            "classes dropped": lambda classes: partial(dropped, classes=int(classes)),
            "prototypes": lambda per_class: partial(prototypes, per_class=int(per_class)),
            "duplicates": lambda share: partial(repeated, share=share),
            "copies": lambda share: partial(copied, train=train, share=share),
            "noise": lambda std: partial(noisy, std=std),
            "blur": lambda sigma: partial(blurred, sigma=sigma),
        }
        return faults[self.fault](self.strength)


STRENGTHS: dict[str, tuple[float, ...]] = {
    "classes dropped": tuple(range(1, 10)),
    "prototypes": (500, 200, 100, 50, 20, 5),
    "duplicates": (0.02, 0.05, 0.1, 0.2, 0.4),
    "copies": (0.05, 0.1, 0.25, 0.5, 1.0),
    "noise": (0.02, 0.05, 0.1, 0.15, 0.3),
    "blur": (0.4, 0.6, 0.8, 1.0, 1.5),
}
STANDARD = {
    "none": 0,
    "classes dropped": 1,
    "prototypes": 50,
    "duplicates": 0.1,
    "copies": 1.0,
    "noise": 0.15,
    "blur": 0.8,
}
NULL = 0.5
"""Marks, in the place of a strength, the draws without fault that the others are compared with."""


def cells(smoke: bool) -> list[Cell]:
    """Every fault at its standard strength over the sizes, then at every strength at 1000 samples."""
    if smoke:
        return [Cell(fault, strength, samples, 2) for fault, strength in STANDARD.items() for samples in (100, 1000)]
    found = [Cell(fault, one, samples, draws) for samples, draws in DRAWS.items() for fault, one in STANDARD.items()]
    found.append(Cell("none", NULL, STRENGTH_SAMPLES, NULL_DRAWS))
    for fault, strengths in STRENGTHS.items():
        found += [Cell(fault, one, STRENGTH_SAMPLES, STRENGTH_DRAWS) for one in strengths if one != STANDARD[fault]]
    return found


class RealSide:
    """What is known of the real data, measured once."""

    def __init__(self, data_dir: str | None, count: int = HALF) -> None:
        dataset, self.judge = load_dataset("mnist", data_dir), load_judge()
        order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(0))
        real, fresh = order[:count], order[HALF:]
        self.fresh = Dataset("fresh", dataset.samples[fresh], dataset.labels[fresh])
        self.train_images = Dataset("train", dataset.samples[real[:TRAIN]], dataset.labels[real[:TRAIN]])
        self.features = judged(self.judge, dataset.samples[real])
        self.train, self.held_out = self.features[:TRAIN], self.features[TRAIN : 2 * TRAIN]
        self.shares = class_shares(self.probabilities(self.features).argmax(dim=1), 10)
        self.statistics: FeatureStatistics = feature_statistics(self.features)
        self.kernel = polynomial_reference(self.held_out[:5000])
        self.manifold = real_manifold(self.held_out[:MANIFOLD])
        self.threshold = duplicate_threshold(self.held_out)
        self.bins = fit_bins(self.held_out, BINS)
        self.errors: JudgeErrors = judge_errors(torch.tensor(judge_card()["confusion_mnist_test"]))
        self.pairwise = mean_pairwise_distance(self.held_out[:PAIRWISE])
        self.sharpness = float(sharpness(dataset.samples[real[:TRAIN]]).mean())

    @cached_property
    def panel(self) -> PanelReference:
        return panel_reference(self.held_out, self.probabilities(self.held_out).argmax(dim=1), 10, self.train)

    @torch.no_grad()
    def probabilities(self, features: Tensor) -> Tensor:
        return self.judge.head(features).softmax(dim=1)

    def measure(self, cell: Cell, draw: int) -> dict[str, object]:
        """One draw as a row."""
        # The same draws for every fault and strength; others for every size and for the null.
        other = 500 if cell.fault == "none" and cell.strength else 0
        seed = torch.Generator().manual_seed(1000 * cell.samples + other + draw)
        images = cell.damage(self.train_images)(self.fresh, cell.samples, seed)
        drawn = Drawn(self, images)
        row = {"fault": cell.fault, "strength": cell.strength, "samples": cell.samples, "draw": draw}
        return row | {name: measured(metric, drawn) for name, metric in METRICS.items()}


class Drawn:
    """Samples, and what several metrics need of them."""

    def __init__(self, real: RealSide, images: Tensor) -> None:
        self.real, self.images = real, images
        self.features = judged(real.judge, images)
        self.probabilities = real.probabilities(self.features)
        self.counts = self.probabilities.argmax(dim=1).bincount(minlength=10)
        self.shares = self.counts.double() / len(images)

    @cached_property
    def neighbours(self) -> PRDC:
        return prdc(self.real.manifold, self.features)


METRICS: dict[str, Callable[[Drawn], float]] = {
    "fid": lambda d: frechet_distance(d.real.statistics, d.features),
    "kid": lambda d: kernel_inception_distance(d.real.kernel, d.features).value,
    "inception_score": lambda d: inception_score(d.probabilities),
    "kl_to_real": lambda d: kl_divergence(d.shares, d.real.shares),
    "modes_seen": lambda d: int((d.counts > 0).sum()),
    "modes": lambda d: count_modes(d.counts, d.real.shares, d.real.errors).modes,
    "precision": lambda d: d.neighbours.precision,
    "recall": lambda d: d.neighbours.recall,
    "density": lambda d: d.neighbours.density,
    "coverage": lambda d: d.neighbours.coverage,
    "bins_js": lambda d: bin_difference(d.real.bins, d.features).js,
    "diversity": lambda d: mean_pairwise_distance(d.features[:PAIRWISE]) / d.real.pairwise,
    "vendi": lambda d: vendi_score(d.features),
    "duplicate_rate": lambda d: duplicates(d.features, d.real.threshold).rate,
    "c_t": lambda d: data_copying_score(d.real.train, d.real.held_out[:MANIFOLD], d.features),
    "sharpness": lambda d: float(sharpness(d.images).mean()) / d.real.sharpness,
}


def measured(metric: Callable[[Drawn], float], drawn: Drawn) -> float:
    """The number; missing where the metric says that the samples are too few."""
    try:
        return float(metric(drawn))
    except TooFewSamples:
        return math.nan


def costs(real: RealSide, rounds: int) -> pd.DataFrame:
    """Processor time of the judge and of each metric, which others on the machine change the least."""
    rows = []
    for samples in COST_SAMPLES:
        drawn = Drawn(real, perfect(real.fresh, samples, torch.Generator().manual_seed(samples)))
        work = {"judge": judge_again, "panel": cheap_panel} | METRICS
        for name, metric in work.items():
            seconds = min(once(metric, drawn) for _ in range(rounds))
            rows.append({"metric": name, "samples": samples, "milliseconds": 1000 * seconds})
    return pd.DataFrame(rows)


def judge_again(drawn: Drawn) -> float:
    return float(judged(drawn.real.judge, drawn.images).mean())


def cheap_panel(drawn: Drawn) -> float:
    return measure_panel(drawn.real.panel, drawn.features, drawn.probabilities.argmax(dim=1)).recall


def once(metric: Callable[[Drawn], float], drawn: Drawn) -> float:
    """Seconds of the processor."""
    drawn.__dict__.pop("neighbours", None)
    start = time.process_time()
    measured(metric, drawn)
    return time.process_time() - start


@torch.no_grad()
def judged(judge: Judge, images: Tensor) -> Tensor:
    return torch.cat([judge.features(batch) for batch in images.split(250)])


if __name__ == "__main__":
    explain_errors(main)
