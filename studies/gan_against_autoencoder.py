"""Do autoencoders blur where GANs are sharp?

The lecture's opening, measured: a plain autoencoder, a variational one (Kingma and Welling, 2014) and a GAN, all with
the lecture's generator as their decoder and as many steps, by the sharpness of their samples beside that of real images
and by fid_judge, over paired seeds. The autoencoder's samples are decoded from a Gaussian fitted to its codes; its
reconstructions stand beside them. A fully connected GAN strews single wrong pixels, which count as sharp; hence
sharpness is measured once more after a median filter.

    python studies/gan_against_autoencoder.py                (digits, a few minutes on one core)
    python studies/gan_against_autoencoder.py --dataset mnist --data-dir DIR
    python studies/gan_against_autoencoder.py --smoke

Writes runs.csv, summary.csv, gan_against_autoencoder.png and index.html, the answer first, to
reports/gan_against_autoencoder.
"""

import json
import sys
import time
from pathlib import Path

import click
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, pad, unfold
from tqdm import tqdm

from gandiag.cli import explain_errors
from gandiag.data import Dataset, load_dataset
from gandiag.metrics import frechet_distance, relative_sharpness
from gandiag.nets import LectureGenerator, load_judge
from gandiag.nets.lecture import NOISE_SIZE
from gandiag.probes import packaged_reference
from gandiag.report.output import write_output
from gandiag.study.answer import interval, number
from gandiag.study.page import made_by, result_page
from gandiag.study.provenance import provenance, told
from gandiag.study.statistics import interquartile_mean, mean_interval
from gandiag.training import TrainingConfig, train
from gandiag.training.loop import batch

QUESTION = "Do autoencoders blur where GANs are sharp?"
READ_AS = "Interquartile means over the seeds with bootstrap 95 % intervals of the mean."
COMPARED = ("GAN", "variational autoencoder")
ROOT = Path(__file__).parents[1]
SEEDS, ITERATIONS, BATCH, SAMPLES, SHOWN = 5, 2000, 64, 2000, 8
MEASURES = ("sharpness_without_speckles", "sharpness", f"fid_judge_n{SAMPLES}")


@click.command(help=QUESTION, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dataset", type=click.Choice(("digits", "mnist")), default="digits", show_default=True)
@click.option("--data-dir", help="Folder that holds MNIST, in torchvision's layout.")
@click.option("--seeds", type=int, default=SEEDS, show_default=True)
@click.option("--iterations", type=int, default=ITERATIONS, show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the results. [default: reports/gan_against_autoencoder]"
)
@click.option("--smoke", is_flag=True, help="A minute's run; its numbers mean nothing.")
def main(dataset: str, data_dir: str | None, seeds: int, iterations: int, out: Path | None, smoke: bool) -> None:
    out = out or ROOT / ("runs/studies/gan_against_autoencoder-smoke" if smoke else "reports/gan_against_autoencoder")
    if smoke:
        iterations, seeds = 40, 1
    data = load_dataset(dataset, data_dir)
    rows, shown = [], {"real": data.samples[:SHOWN]}
    for seed in tqdm(range(seeds), unit="seed"):
        for name, images in made(data, iterations, seed).items():
            rows.append({"model": name, "seed": seed, "iterations": iterations, **measured(images, data)})
            shown.setdefault(name, images[:SHOWN])
    extent = f"{dataset}, {seeds} seeds, {iterations:,} steps each, {time.process_time() / 3600:.2f} hours on one core"
    write(pd.DataFrame(rows), shown, out, extent)


def made(dataset: Dataset, iterations: int, seed: int) -> dict[str, Tensor]:
    """What each model makes, 2000 images each."""
    plain, variational = (Autoencoder(dataset, iterations, seed, kind) for kind in (False, True))
    gan = train(
        TrainingConfig(
            dataset=dataset.name, regularizer="r1", strength=1.0, iterations=iterations, batch_size=BATCH, seed=seed,
            learning_rate_generator=1e-3, learning_rate_discriminator=1e-3,
        ),
        dataset,
    )  # fmt: skip
    with torch.no_grad():
        return {
            "autoencoder, reconstructed": plain.decoder(plain.codes(batch(dataset, SAMPLES))),
            "autoencoder": plain.decoder(plain.drawn(dataset)),
            "variational autoencoder": variational.decoder(torch.randn(SAMPLES, NOISE_SIZE)),
            "GAN": gan.players.generator(gan.players.noise(SAMPLES)),
        }


class Autoencoder:
    """The lecture's generator as decoder, the mirror image as encoder, trained as it is made.

    Args:
        dataset: Images.
        iterations: Steps of Adam.
        seed: Fixes weights and batches.
        variational: Whether codes are drawn, and kept to a standard normal distribution (the evidence lower bound).
    """

    def __init__(self, dataset: Dataset, iterations: int, seed: int, variational: bool) -> None:
        torch.manual_seed(seed)
        self.decoder = LectureGenerator()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 300), nn.LeakyReLU(0.2), nn.Linear(300, 2 * NOISE_SIZE)
        )
        optimizer = torch.optim.Adam([*self.encoder.parameters(), *self.decoder.parameters()], lr=1e-3)
        for _ in range(iterations):
            images = batch(dataset, BATCH)
            mean, log_variance = self.encoder(images).chunk(2, dim=1)
            codes = mean + torch.randn_like(mean) * (log_variance / 2).exp() if variational else mean
            loss = binary_cross_entropy(self.decoder(codes), images, reduction="sum")
            if variational:
                loss = loss + 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
            optimizer.zero_grad()
            (loss / BATCH).backward()
            optimizer.step()

    def codes(self, images: Tensor) -> Tensor:
        """The codes' means."""
        return self.encoder(images)[:, :NOISE_SIZE]

    def drawn(self, dataset: Dataset) -> Tensor:
        """Codes from a Gaussian with the mean and covariance of the real images' codes."""
        codes = self.codes(batch(dataset, 10 * SAMPLES)).double()
        values, axes = torch.linalg.eigh(codes.T.cov())
        noise = torch.randn(SAMPLES, NOISE_SIZE, dtype=torch.float64)
        return (codes.mean(dim=0) + noise * values.clamp(min=0).sqrt() @ axes.T).float()


@torch.no_grad()
def measured(images: Tensor, dataset: Dataset) -> dict[str, float]:
    """Sharpness relative to real images, and fid_judge."""
    reference, judge = packaged_reference(dataset.name), load_judge()
    assert reference is not None
    assert reference.statistics is not None
    features = torch.cat([judge.features(part) for part in images.split(1000)])
    real = dataset.samples[:SAMPLES]
    return {
        "sharpness": relative_sharpness(images, real),
        "sharpness_without_speckles": relative_sharpness(without_speckles(images), without_speckles(real)),
        f"fid_judge_n{SAMPLES}": frechet_distance(reference.statistics, features),
    }


def without_speckles(images: Tensor) -> Tensor:
    """Each pixel the median of its 3×3 neighbourhood: single wrong pixels are gone, edges stay."""
    neighbours = unfold(pad(images, (1, 1, 1, 1), mode="replicate"), 3)
    return neighbours.median(dim=1).values.view_as(images)


def write(runs: pd.DataFrame, shown: dict[str, Tensor], out: Path, extent: str) -> None:
    """The tables, and a row of pictures a model."""
    out.mkdir(parents=True, exist_ok=True)
    runs.to_csv(out / "runs.csv", index=False, float_format="%.4g")
    rows = []
    for name, own in runs.groupby("model", sort=False):
        row: dict[str, object] = {"model": name, "seeds": len(own)}
        for measure in MEASURES:
            low, high = mean_interval(own[measure].tolist())
            row |= {measure: interquartile_mean(own[measure].tolist()), f"{measure}_low": low, f"{measure}_high": high}
        rows.append(row)
    summary = pd.DataFrame(rows).set_index("model")
    summary.to_csv(out / "summary.csv", float_format="%.4g")
    print(summary.to_string(float_format="%.3g"))
    figure = Figure(figsize=(SHOWN + 1.5, 1.25 * len(shown)), layout="constrained")
    for line, (name, images) in zip(figure.subplots(len(shown), 1), shown.items(), strict=True):
        line.imshow(torch.cat(list(images[:, 0]), dim=1).numpy(), cmap="gray_r", vmin=0, vmax=1)
        line.set(xticks=[], yticks=[], title=name)
    for kind in ("png", "svg"):
        figure.savefig(out / f"gan_against_autoencoder.{kind}", dpi=150)
    manifest = {"question": QUESTION, "command": told(sys.argv), "extent": extent, **provenance()}
    write_output(out / "manifest.json", json.dumps(manifest, indent=1).encode())
    cells = [(str(name), [number(x) for x in row]) for name, row in zip(summary.index, summary.values, strict=True)]
    columns, picture = [*summary.columns.str.replace("_", " ")], (out / "gan_against_autoencoder.png").read_bytes()
    source = f"{made_by(told(sys.argv))} {extent}. Tables: runs.csv, summary.csv; where from: manifest.json."
    page = result_page(QUESTION, answer(summary, runs), [picture], columns, cells, READ_AS, source)
    print(f"Look here: {write_output(out / 'index.html', page)}")


def answer(summary: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    """Each measure of each model, in a sentence, and the GAN against the variational autoencoder on the same seeds."""
    words = {
        "sharpness_without_speckles": "Sharpness after a median filter, relative to real images; below 1 is blurred",
        "sharpness": "The same without the filter; above 1 is noise",
        f"fid_judge_n{SAMPLES}": f"fid_judge at {SAMPLES} samples; lower is better",
    }
    return [
        f"{means}: "
        + "; ".join(
            f"{name} {number(row[measure])}{interval(row[f'{measure}_low'], row[f'{measure}_high'])}"
            for name, row in summary.iterrows()
        )
        + f". {against(runs, measure)}"
        for measure, means in words.items()
    ]


def against(runs: pd.DataFrame, measure: str) -> str:
    """The paired difference of the two that are compared."""
    first, second = (runs[runs["model"] == name].set_index("seed")[measure] for name in COMPARED)
    differences = (first - second).tolist()
    mean = sum(differences) / len(differences)
    bounds = interval(*mean_interval(differences), "+")
    return f"{' against '.join(COMPARED)} on the same seeds: {number(mean, '+')}{bounds}."


if __name__ == "__main__":
    explain_errors(lambda: main.main(standalone_mode=False))
