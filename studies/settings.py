"""Do the verdicts hold over seeds and on MNIST?

Every preset, which is to say every setting that gandiag states a verdict for, on the embedded digits and on MNIST, with
five seeds each: how often is the verdict the one that the setting is known for, and since when is it said to hold?

    python studies/settings.py --data-dir DIR          (about 25 minutes on 2 cores; can be interrupted and resumed)

Writes runs.csv (a row a run), verdicts.csv and verdicts.png (counts) and index.html (the runs of seed 0 on MNIST) to
reports/settings.
"""

import argparse
import dataclasses
import os
from pathlib import Path

import pandas as pd
import seaborn
import torch
from matplotlib.figure import Figure
from tqdm import tqdm

from gandiag.cli import explain_errors
from gandiag.detect import Verdict, diagnose
from gandiag.metrics import class_shares, frechet_distance, modes_present
from gandiag.nets import load_judge
from gandiag.probes import packaged_reference
from gandiag.recording import Recording
from gandiag.report import RunSection, write_overview
from gandiag.training import PRESETS, TrainingConfig, read_checkpoint, restore_players, train

ROOT = Path(__file__).parents[1]
EXPECTED = {
    "healthy": "healthy",
    "vanishing": "vanishing_gradients",
    "dead_discriminator": "vanishing_gradients",
    "collapse": "mode_collapse",
    "divergence": "non_convergence",
    "vanishing_mended": "healthy",
}
FINAL_SAMPLES = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", help="folder that holds MNIST, in torchvision's layout")
    parser.add_argument("--datasets", nargs="+", default=["mnist", "digits"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "settings", help="where the runs are kept")
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "settings")
    options = parser.parse_args()
    configs = [
        dataclasses.replace(config, dataset=dataset, seed=seed)
        for dataset in options.datasets
        for config in PRESETS.values()
        for seed in range(options.seeds)
    ]
    names = [name for _ in options.datasets for name in PRESETS for _ in range(options.seeds)]
    rows = []
    with tqdm(total=sum(config.iterations for config in configs), unit="it") as bar:
        for name, config in zip(names, configs, strict=True):
            directory = options.runs / f"{config.dataset}-{name}-{config.seed}"
            bar.set_description(directory.name)
            rows.append({"setting": name, "expected": EXPECTED[name], **run(config, directory, options.data_dir, bar)})
    write(pd.DataFrame(rows), options.runs, options.out, options.datasets[0])


def run(config: TrainingConfig, directory: Path, data_dir: str | None, bar: tqdm) -> dict[str, object]:
    """One run as a row; trained only if it was not before."""
    if not (directory / "finished").exists():
        done = bar.n
        checkpoint = read_checkpoint(directory)[1] if (directory / "checkpoint.pt").exists() else None
        train(
            config,
            out=directory,
            data_dir=data_dir,
            checkpoint=checkpoint,
            progress=lambda iteration: bar.update(done + iteration - bar.n),
        )
        (directory / "finished").touch()
    else:
        bar.update(config.iterations)
    recording = Recording.load(directory)
    diagnosis = diagnose(recording)
    last = recording.probes.iloc[-1]
    return {
        "verdict": diagnosis.verdict.value,
        "kind": diagnosis.main.kind,
        "onset": diagnosis.main.onset,
        **final_quality(directory, config.dataset),
        "diversity": last["diversity"],
        **config.to_dict(),
    }


@torch.no_grad()
def final_quality(directory: Path, dataset: str) -> dict[str, float]:
    """``fid_judge`` and classes present of 10,000 samples of the generator as the run ended."""
    players = restore_players(directory)
    reference, judge = packaged_reference(dataset), load_judge()
    assert reference is not None
    assert reference.statistics is not None
    assert reference.class_shares is not None
    torch.manual_seed(0)
    players.generator.eval()
    samples = players.generator(players.noise(FINAL_SAMPLES))
    features = torch.cat([judge.features(images) for images in samples.split(1000)])
    shares = class_shares(judge.head(features).argmax(dim=1), 10)
    return {
        "fid_judge_n10000": frechet_distance(reference.statistics, features),
        "modes_n10000": modes_present(shares, reference.class_shares),
    }


def write(table: pd.DataFrame, runs: Path, out: Path, shown: str) -> None:
    """The table, the counts, and the page on the runs of seed 0."""
    out.mkdir(parents=True, exist_ok=True)
    table.to_csv(out / "runs.csv", index=False, float_format="%.4g")
    counts = table.groupby(["dataset", "setting", "expected", "verdict"], sort=False).agg(
        runs=("seed", "size"),
        onset_median=("onset", "median"),
        fid_judge_n10000_median=("fid_judge_n10000", "median"),
        modes_n10000_least=("modes_n10000", "min"),
    )
    counts.to_csv(out / "verdicts.csv", float_format="%.4g")
    print(counts.to_string())
    draw(table, out / "verdicts.png")
    sections = []
    for name, config in PRESETS.items():
        recording = Recording.load(runs / f"{shown}-{name}-0")
        changed = {
            field.name: getattr(config, field.name)
            for field in dataclasses.fields(config)
            if getattr(config, field.name) != field.default
        }
        described = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in changed.items())
        sections.append(RunSection(name, described, recording, diagnose(recording)))
    page = write_overview(
        sections,
        out / "index.html",
        title=f"gandiag: every preset on {shown}",
        introduction=f"The runs of seed 0 on {shown}; verdicts over {table['seed'].nunique()} seeds: verdicts.csv.",
    )
    print(f"Look here: {os.path.relpath(page)}")


def draw(table: pd.DataFrame, path: Path) -> None:
    """How many runs of each setting got each verdict, a panel a data set."""
    datasets = table["dataset"].unique()
    figure = Figure(figsize=(1 + 5.2 * len(datasets), 4.2), layout="constrained")
    settings, verdicts = table["setting"].unique(), [verdict.value for verdict in Verdict]
    for axes, dataset in zip(figure.subplots(1, len(datasets), sharey=True, squeeze=False)[0], datasets, strict=True):
        rows = table[table["dataset"] == dataset]
        counts = pd.crosstab(rows["setting"], rows["verdict"]).reindex(settings, columns=verdicts, fill_value=0)
        seaborn.heatmap(
            counts.rename(index=words, columns=words), annot=True, cbar=False, cmap="Blues", linewidths=1, ax=axes
        )
        axes.set(title=f"{dataset}: runs of {rows['seed'].nunique()} by verdict", xlabel="", ylabel="")
        axes.tick_params(axis="x", rotation=30)
    figure.savefig(path, dpi=110)


def words(name: str) -> str:
    return name.replace("_", " ")


if __name__ == "__main__":
    explain_errors(main)
