"""Does a conditional GAN make the digit that it is told to make?

The best setting (:class:`gandiag.applications.ConditionalSettings`) and, beside it, the same with a discriminator that
is not shown the labels, so that the generator has no reason to heed its own. Both by the share of images in which the
packaged judge sees the digit asked for, and within each class by the Fréchet distance in the judge's features and by
diversity. Held-out real images stand beside them: what a perfect generator would reach.

    python studies/conditional.py                    (digits, a few minutes on one core)
    python studies/conditional.py --dataset mnist --data-dir DIR
    python studies/conditional.py --smoke

Kill it and run it again: it goes on from the last checkpoints in --runs. Writes classes.csv (a row a class),
summary.csv, a grid of digits for each setting (a row a class), conditional.png and index.html, the answer first, to
reports/conditional.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor
from tqdm import tqdm

from gandiag.applications import (
    ConditionalSettings,
    class_quality,
    label_fidelity,
    restore_generator,
    sample,
    train_conditional,
)
from gandiag.applications.session import CHECKPOINT, read_session
from gandiag.cli import explain_errors
from gandiag.cli.generate import picture
from gandiag.data import Dataset, load_dataset
from gandiag.detect import diagnose
from gandiag.errors import GandiagError
from gandiag.metrics import wilson_interval
from gandiag.recording import Recording
from gandiag.report.output import write_output
from gandiag.study.page import result_page

QUESTION = "Does a conditional GAN make the digit that it is told to make?"
READ_AS = (
    "Fidelity: share of images in which the judge sees the digit asked for, with Wilson 95 % intervals. FID and "
    "diversity: means over the ten classes of the Fréchet distance to real images of the class in the judge's features "
    "(lower is better), and of the distance between images of the class over that between real ones (1 is as varied). "
    "Real images flatter the judge, which was trained on MNIST's training images; on its test images it is right on "
    "99.6 %. Where labels are not heeded, those of one label are of all digits, hence more varied than real ones. "
    "One seed: the intervals are for the images drawn, not for another training."
)
ROOT = Path(__file__).parents[1]
FIDELITY_SAMPLES, MOST_OF_EACH, SHOWN = 10_000, 500, 10
BEST = ConditionalSettings()
REAL, IGNORED = "real, held out", "labels not shown to the discriminator"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits", choices=("digits", "mnist"))
    parser.add_argument("--data-dir", help="folder that holds MNIST, in torchvision's layout")
    parser.add_argument("--iterations", type=int, default=BEST.iterations)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "study-conditional")
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "conditional")
    parser.add_argument("--smoke", action="store_true", help="a minute's run; its numbers mean nothing")
    options = parser.parse_args()
    iterations = 20 if options.smoke else options.iterations
    runs = options.out / "runs" if options.smoke else options.runs
    best = dataclasses.replace(BEST, dataset=options.dataset, iterations=iterations)
    settings = {best.conditioning: best, IGNORED: dataclasses.replace(best, conditioning="ignored")}
    dataset = load_dataset(options.dataset, options.data_dir)
    of_each = min(MOST_OF_EACH, int(dataset.labels.bincount().min()) // 2)
    held_out, rest = halves(dataset, of_each)
    rows, shown = [measured(REAL, held_out.samples, held_out.labels, held_out.samples, held_out.labels, rest)], {}
    shown[REAL] = held_out.samples.unflatten(0, (10, of_each))[:, :SHOWN].flatten(0, 1)
    verdicts = {REAL: "–"}
    for name, one in settings.items():
        directory = runs / f"{one.dataset}-{one.conditioning}"
        verdicts[name] = trained(one, directory, options.data_dir)
        generator = restore_generator(directory)
        asked, of_class = torch.arange(FIDELITY_SAMPLES) % 10, torch.arange(10).repeat_interleave(of_each)
        judged, compared = sample(generator, asked, seed=0), sample(generator, of_class, seed=1)
        rows.append(measured(name, judged, asked, compared, of_class, dataset))
        shown[name] = sample(generator, torch.arange(10).repeat_interleave(SHOWN), seed=2)
    write(pd.concat(rows), verdicts, shown, options.out, f"{options.dataset}, {iterations} generator steps, {of_each}")


def halves(dataset: Dataset, of_each: int) -> tuple[Dataset, Dataset]:
    """As many images of each class, sorted by class, and the rest."""
    chosen = torch.cat([(dataset.labels == digit).nonzero()[:of_each, 0] for digit in range(10)])
    others = torch.ones(len(dataset), dtype=torch.bool)
    others[chosen] = False
    return (
        dataclasses.replace(dataset, samples=dataset.samples[chosen], labels=dataset.labels[chosen]),
        dataclasses.replace(dataset, samples=dataset.samples[others], labels=dataset.labels[others]),
    )


def trained(settings: ConditionalSettings, directory: Path, data_dir: str | None) -> str:
    """Train a run to its end, from its last checkpoint if there is one; returns its verdict and findings."""
    checkpoint = read_session(directory) if (directory / CHECKPOINT).exists() else None
    if checkpoint is not None and checkpoint["settings"] != dataclasses.asdict(settings):
        raise GandiagError(f"{directory} holds a run of other settings; delete it, or give another --runs.")
    done = 0 if checkpoint is None else checkpoint["iteration"]
    if done < settings.iterations:
        with tqdm(total=settings.iterations, initial=done, desc=settings.conditioning) as bar:
            result = train_conditional(
                settings,
                out=directory,
                data_dir=data_dir,
                checkpoint=checkpoint,
                progress=lambda iteration: bar.update(iteration - bar.n),
            )
        if result.ended_early:
            raise GandiagError(f"The run ended after {result.iterations} steps: {result.ended_early}")
    return diagnose(Recording.load(directory)).found


def measured(
    name: str, judged: Tensor, asked: Tensor, compared: Tensor, of_class: Tensor, real: Dataset
) -> pd.DataFrame:
    """A row a class: fidelity of some images, Fréchet distance and diversity of others."""
    fidelity, quality = label_fidelity(judged, asked), class_quality(compared, of_class, real)
    return pd.DataFrame(
        {
            "setting": name,
            "class": range(10),
            "asked": asked.bincount(minlength=10).tolist(),
            "fidelity": fidelity.by_class,
            f"fid_judge_n{quality.count}": quality.frechet,
            "diversity": quality.diversity,
        }
    )


def write(classes: pd.DataFrame, verdicts: dict[str, str], shown: dict[str, Tensor], out: Path, extent: str) -> None:
    """The tables, the pictures and the page."""
    out.mkdir(parents=True, exist_ok=True)
    classes.to_csv(out / "classes.csv", index=False, float_format="%.4g")
    summary = summarised(classes, verdicts)
    summary.to_csv(out / "summary.csv", float_format="%.4g")
    print(summary.to_string(float_format="%.4g"))
    for name, images in shown.items():
        write_output(out / f"{name.split(',')[0].replace(' ', '_')}.png", picture(images, SHOWN))
    drawn = draw(classes, shown, out / "conditional.png")
    cells = [
        (str(name), [_cell(value) for value in row]) for name, row in zip(summary.index, summary.values, strict=True)
    ]
    page = result_page(
        QUESTION,
        answer(classes, summary),
        [drawn.read_bytes()],
        [*summary.columns.str.replace("_", " ")],
        cells,
        READ_AS,
        f"{extent} images of each class for FID and diversity. Tables: classes.csv, summary.csv.",
    )
    print(f"Look here: {write_output(out / 'index.html', page)}")


def summarised(classes: pd.DataFrame, verdicts: dict[str, str]) -> pd.DataFrame:
    """A row a setting."""
    rows = []
    for name, own in classes.groupby("setting", sort=False):
        hits, total = (own["fidelity"] * own["asked"]).sum(), int(own["asked"].sum())
        low, high = wilson_interval(torch.tensor(round(hits)), total)
        rows.append(
            {
                "setting": name,
                "fidelity": hits / total,
                "fidelity_low": float(low),
                "fidelity_high": float(high),
                "worst_class": own["fidelity"].min(),
                **own.filter(regex="fid_judge|diversity").mean().to_dict(),
                "verdict": verdicts[str(name)],
            }
        )
    return pd.DataFrame(rows).set_index("setting")


def draw(classes: pd.DataFrame, shown: dict[str, Tensor], path: Path) -> Path:
    """The grids side by side, and each measure by class below."""
    measures = [one for one in classes.columns if one.startswith(("fid", "div"))]
    figure = Figure(figsize=(13, 8), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(5, 3))
    for axes, (name, images) in zip(top.subplots(1, len(shown)), shown.items(), strict=True):
        grid = images[:, 0].unflatten(0, (10, SHOWN)).permute(0, 2, 1, 3).reshape(280, -1)
        axes.imshow((1 - grid).numpy(), cmap="gray", vmin=0, vmax=1)
        axes.set(xticks=[], yticks=14 + 28 * np.arange(10), yticklabels=range(10), title=name, ylabel="asked for")
    for axes, measure in zip(bottom.subplots(1, len(measures)), measures, strict=True):
        for name, own in classes.groupby("setting", sort=False):
            axes.plot(own["class"], own[measure], "o-", label=name, markersize=4, linewidth=1)
        axes.set(xticks=range(10), xlabel="class", title=measure.replace("_", " "))
        axes.set_ylim(bottom=0)
        if measure.startswith("fid_judge"):
            axes.set_yscale("symlog", linthresh=1)
            axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    return path


def answer(classes: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
    """Whether it does, how good its classes are, and what the failure looks like."""
    best, failed, real = summary.iloc[1], summary.loc[IGNORED], summary.loc[REAL]
    own = classes[classes["setting"] == summary.index[1]].set_index("class")
    fid = next(one for one in summary.columns if one.startswith("fid_judge"))
    told = f"gandiag says of that run '{failed['verdict']}', and of the other '{best['verdict']}'."
    interval = f"[{best['fidelity_low']:.1%}, {best['fidelity_high']:.1%}]"
    return [
        f"Told by {str(summary.index[1]).replace('ac_gan', 'AC-GAN')}, {best['fidelity']:.1%} {interval} of the images "
        f"show the digit asked for; of real ones the judge says so of {real['fidelity']:.1%}. The worst class is "
        f"{own['fidelity'].idxmin()}, with {own['fidelity'].min():.1%}.",
        f"Within a class they are at a Fréchet distance of {best[fid]:.3g} on average (real ones: {real[fid]:.2g}), "
        f"and {best['diversity']:.2f} times as varied as real ones; the least varied class is "
        f"{own['diversity'].idxmin()}, with {own['diversity'].min():.2f}.",
        f"Where the discriminator is not shown the labels, {failed['fidelity']:.1%} show the digit asked for, and "
        f"chance is 10%: the generator does not heed its label. {told}",
    ]


def _cell(value: object) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"


if __name__ == "__main__":
    explain_errors(main)
