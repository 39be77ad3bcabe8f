"""The demo: does gandiag name what is wrong with a GAN?

Trains the lecture's GAN on the embedded digits in five settings: one that works, one whose discriminator is too good,
one that collapses, one that diverges, and the one with the discriminator too good again, with a remedy that mends it.
Says each verdict as it comes and writes a page, figures and a table.

    python studies/demo.py          (about 3 minutes on 2 cores)
"""

import argparse
import dataclasses
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from gandiag.cli import explain_errors
from gandiag.report import RunSection, save_figures, write_overview
from gandiag.training import PRESETS, TrainingConfig, TrainingResult, train

OUT = Path(__file__).parents[1] / "reports" / "demo"


@dataclass(frozen=True)
class Setting:
    """One of the demo's runs.

    Attributes:
        preset: Its name among gandiag's presets.
        title: What a reader calls it.
        description: What was set, and what is expected of it.
        expected: The verdict that the setting is known for.
    """

    preset: str
    title: str
    description: str
    expected: str


SETTINGS = (
    Setting(
        "healthy",
        "Works",
        "Non-saturating loss, discriminator restrained by R1 with γ = 1.",
        "healthy",
    ),
    Setting(
        "vanishing",
        "Discriminator too good",
        "Minimax loss; the discriminator is trained ahead, takes 3 steps to the generator's one, at 5 times its rate.",
        "vanishing_gradients",
    ),
    Setting(
        "collapse",
        "Generator too fast",
        "The generator takes 10 steps to the discriminator's one, at 5 times its rate.",
        "mode_collapse",
    ),
    Setting(
        "divergence",
        "Critic unconstrained",
        "Wasserstein loss with nothing to keep the critic Lipschitz.",
        "non_convergence",
    ),
    Setting(
        "vanishing_mended",
        "Too good, mended by R1",
        "The second setting to the last number, but for R1 with γ = 10 on the discriminator.",
        "healthy",
    ),
)

INTRODUCTION = (
    "The lecture's fully connected GAN on real handwritten digits, in five settings that differ only in what is said "
    "here. What gandiag found was found from the recording alone; it is not told the setting."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the page, figures and table")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.out.exists():
        shutil.rmtree(options.out)
    sections, rows = [], []
    for number, setting in enumerate(SETTINGS, start=1):
        config = with_seed(PRESETS[setting.preset], options.seed)
        label = f"{number}/{len(SETTINGS)} {setting.title}"
        started = time.perf_counter()
        result = train_with_progress(config, label, options.out / "runs" / setting.preset)
        seconds = time.perf_counter() - started
        print(f"\n{label}\n{result.diagnosis}\n", flush=True)
        sections.append(RunSection(setting.title, setting.description, result.recording, result.diagnosis))
        save_figures(result.recording, result.diagnosis, options.out / "figures" / setting.preset)
        rows.append(row(setting, config, result, seconds))
    table = pd.DataFrame(rows)
    table.to_csv(options.out / "runs.csv", index=False)
    page = write_overview(
        sections, options.out / "index.html", title="gandiag: five settings of one GAN", introduction=INTRODUCTION
    )
    right = int((table["verdict"] == table["expected"]).sum())
    print(f"{right} of {len(table)} verdicts are what the setting is known for. Look here: {os.path.relpath(page)}")


def train_with_progress(config: TrainingConfig, label: str, out: Path) -> TrainingResult:
    """Train in a run directory of its own, under a bar with the time left."""
    with tqdm(total=config.iterations, desc=label, unit="it") as bar:
        return train(config, out=out, progress=lambda iteration: bar.update(iteration - bar.n))


def with_seed(config: TrainingConfig, seed: int) -> TrainingConfig:
    return dataclasses.replace(config, seed=seed)


def row(setting: Setting, config: TrainingConfig, result: TrainingResult, seconds: float) -> dict[str, object]:
    """One run as a row of ``runs.csv``."""
    finding, last = result.diagnosis.main, result.recording.probes.iloc[-1]
    return {
        "setting": setting.preset,
        "expected": setting.expected,
        "verdict": result.diagnosis.verdict.value,
        "kind": finding.kind,
        "onset": finding.onset,
        **{name: last[name] for name in ("fid_judge", "modes", "diversity")},
        "seconds": round(seconds, 1),
        **config.to_dict(),
    }


if __name__ == "__main__":
    explain_errors(main)
