"""Does the cheap panel find every planted failure, and how often does it cry wolf?

The real images of MNIST's training part are split four ways at random: those that the generator was trained on, the
held-out reference, a calibration part from whose draws the bounds come, and an evaluation part from which the failures
are planted and on which false alarms are counted. The rule was settled on other splits than the one measured here.

    python studies/panel.py --data-dir DIR      (20 minutes on 2 busy cores; each finished size is kept; --smoke)

Writes panel.csv (a row a size and failure: power and what raised the alarm) and panel_bounds.csv to reports/metrics.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from gandiag.cli import explain_errors
from gandiag.data import Dataset, load_dataset
from gandiag.data.damage import copied, perfect, planted_failures
from gandiag.metrics.histogram import wilson_interval
from gandiag.metrics.panel import PanelBounds, PanelReference, calibrate_panel, measure_panel, panel_reference
from gandiag.nets import Judge, load_judge

ROOT = Path(__file__).parents[1]
SIZES = {"train": 20_000, "reference": 10_000, "calibration": 15_000, "evaluation": 15_000}
SPLIT_SEED = 2
# These only choose among real images, whose features are known: nothing needs to be judged again.
CHOOSING = ("dropped", "rare", "halved", "support", "copies")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", help="folder that holds MNIST, in torchvision's layout")
    parser.add_argument("--samples", type=int, nargs="+", default=[256, 1000])
    parser.add_argument(
        "--draws",
        type=int,
        default=100,
        help="of each failure; twice that below 1000 samples, and four times that without a failure",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "metrics")
    parser.add_argument("--smoke", action="store_true", help="few draws at 256 samples, in a minute")
    options = parser.parse_args()
    if options.smoke:
        options.samples, options.draws = [256], 5
    options.out.mkdir(parents=True, exist_ok=True)
    setup: Setup | None = None
    for samples in options.samples:
        kept = options.out / f"panel_{samples}.part.csv"
        if not kept.exists():
            setup = setup or Setup(options.data_dir)
            draws = options.draws if samples >= 1000 else 2 * options.draws
            rows, bounds = setup.measure(samples, draws)
            rows.to_csv(kept, index=False)
            bounds.to_csv(options.out / f"panel_bounds_{samples}.part.csv", index=False)
    for name in ("panel", "panel_bounds"):
        parts = [options.out / f"{name}_{samples}.part.csv" for samples in options.samples]
        table = pd.concat([pd.read_csv(part) for part in parts])
        table.to_csv(options.out / f"{name}.csv", index=False, float_format="%.4g")
        for part in parts:
            part.unlink()
        print(table.to_string(index=False))


class Setup:
    """The split, judged once."""

    def __init__(self, data_dir: str | None) -> None:
        dataset, self.judge = load_dataset("mnist", data_dir), load_judge()
        features = judged(self.judge, dataset.samples)
        order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(SPLIT_SEED))
        places = dict(zip(SIZES, order.split(list(SIZES.values())), strict=True))
        self.images = {name: Dataset(name, dataset.samples[at], dataset.labels[at]) for name, at in places.items()}
        self.features = {name: Dataset(name, features[at], dataset.labels[at]) for name, at in places.items()}
        reference = self.features["reference"].samples
        self.reference: PanelReference = panel_reference(
            reference, self.classes(reference), 10, self.features["train"].samples
        )

    def classes(self, features: Tensor) -> Tensor:
        """What the judge calls samples with these features."""
        with torch.no_grad():
            return self.judge.head(features).argmax(dim=1)

    def measure(self, samples: int, draws: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Power on each failure and the rate of false alarms, and the bounds they rest on."""
        calibration = self.features["calibration"].samples
        bounds = calibrate_panel(self.reference, calibration, self.classes(calibration), samples)
        rows = [self._row("none", self._fresh, bounds, 4 * draws)]
        for name in planted_failures(self.images["train"]):
            rows.append(self._row(name, partial(self._damaged, name), bounds, draws))
        return pd.DataFrame(rows), pd.DataFrame([{"samples": samples, **asdict(bound)} for bound in bounds.bounds])

    def _fresh(self, samples: int, draw: torch.Generator) -> Tensor:
        return perfect(self.features["evaluation"], samples, draw)

    def _damaged(self, name: str, samples: int, draw: torch.Generator) -> Tensor:
        if name.startswith("copies"):  # of training images that the panel knows: it keeps the first 10,000
            known = slice(len(self.reference.train)) if self.reference.train is not None else slice(0)
            train = Dataset("train", self.features["train"].samples[known], self.features["train"].labels[known])
            return copied(self.features["evaluation"], samples, draw, train=train, share=1.0)
        damage = planted_failures(self.images["train"])[name]
        if any(word in name for word in CHOOSING):
            return damage(self.features["evaluation"], samples, draw)
        return judged(self.judge, damage(self.images["evaluation"], samples, draw))

    def _row(
        self, name: str, make: Callable[[int, torch.Generator], Tensor], bounds: PanelBounds, draws: int
    ) -> dict[str, object]:
        raised: Counter[str] = Counter()
        alarms = 0
        for index in tqdm(range(draws), desc=f"{bounds.samples}: {name}", leave=False, disable=None):
            features = make(bounds.samples, torch.Generator().manual_seed(1000 + index))
            found = bounds.alarms(measure_panel(self.reference, features, self.classes(features)))
            alarms += bool(found)
            raised.update(found)
        low, high = wilson_interval(torch.tensor(alarms), draws)
        shares = {bound.statistic: raised[bound.statistic] / draws for bound in bounds.bounds}
        return {
            "samples": bounds.samples,
            "failure": name,
            "draws": draws,
            "alarm_rate": alarms / draws,
            "low": float(low),
            "high": float(high),
            **shares,
        }


@torch.no_grad()
def judged(judge: Judge, images: Tensor) -> Tensor:
    return torch.cat([judge.features(batch) for batch in images.split(1000)])


if __name__ == "__main__":
    explain_errors(main)
