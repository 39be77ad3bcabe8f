"""Does the generator's gradient vanish as the discriminator becomes optimal?

Figure 2 of Arjovsky and Bottou (2017), on the lecture's GAN: train it for 1, 10 and 25 epochs, then hold the generator
still, train a fresh discriminator towards optimality, and measure how large the generator's gradient would be under the
minimax and the non-saturating loss, with and without noise on the discriminator's inputs.

    python studies/vanishing_gradients.py                    (digits, a few minutes on one core)
    python studies/vanishing_gradients.py --dataset mnist --data-dir DIR
    python studies/vanishing_gradients.py --smoke

Writes curves.csv (a row a measurement), summary.csv, vanishing_gradients.png and index.html, the answer first, to
reports/vanishing_gradients.
"""

import json
import sys
import time
from pathlib import Path

import click
import numpy as np
import pandas as pd
import seaborn
import torch
from matplotlib.figure import Figure
from tqdm import tqdm

from gandiag.cli import explain_errors
from gandiag.data import Dataset, load_dataset
from gandiag.losses import LOSSES, cross_entropy_discriminator
from gandiag.report.output import write_output
from gandiag.study.answer import interval, number
from gandiag.study.page import made_by, result_page
from gandiag.study.provenance import provenance, told
from gandiag.study.statistics import mean_interval
from gandiag.training import Players, TrainingConfig, train
from gandiag.training.loop import batch
from gandiag.training.players import build_players

QUESTION = "Does the generator's gradient vanish as the discriminator becomes optimal?"
READ_AS = (
    "How many times as large ‖∇θ L_G‖ is when the discriminator has learnt as when it was fresh: geometric means over "
    "the seeds with bootstrap 95 % intervals; and how often the discriminator is right at the end."
)
SOURCE = "After Figure 2 of Arjovsky and Bottou (2017). Tables: curves.csv, summary.csv; where from: manifest.json."
ROOT = Path(__file__).parents[1]
EPOCHS, NOISES, SEEDS = (1, 10, 25), (0.0, 0.3), 5
BATCH, MEASURED = 64, 512


@click.command(help=QUESTION, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dataset", default="digits", show_default=True)
@click.option("--data-dir", help="Folder that holds MNIST, in torchvision's layout.")
@click.option("--seeds", type=int, default=SEEDS, show_default=True)
@click.option("--steps", type=int, default=2000, show_default=True, help="Steps of the discriminator on its own.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the results. [default: reports/vanishing_gradients]"
)
@click.option("--smoke", is_flag=True, help="A minute's run; its numbers mean nothing.")
def main(dataset: str, data_dir: str | None, seeds: int, steps: int, out: Path | None, smoke: bool) -> None:
    epochs = EPOCHS
    out = out or ROOT / ("runs/studies/vanishing_gradients-smoke" if smoke else "reports/vanishing_gradients")
    if smoke:
        epochs, steps, seeds = (1,), 60, 1
    data = load_dataset(dataset, data_dir)
    plan = [(epoch, seed) for seed in range(seeds) for epoch in epochs]
    rows: list[dict[str, float]] = []
    for epoch, seed in tqdm(plan, unit="generator"):
        iterations = max(1, epoch * len(data) // BATCH)
        config = TrainingConfig(dataset=dataset, batch_size=BATCH, iterations=iterations, seed=seed)
        generator = train(config, data).players.generator
        for noise in NOISES:
            torch.manual_seed(seed)
            found = curve(generator, config, noise, data, steps)
            rows += [{"epochs": epoch, "seed": seed, **row} for row in found]
    extent = f"{len(plan)} generators on {dataset}, {seeds} seeds, {time.process_time() / 3600:.2f} hours on one core"
    write(pd.DataFrame(rows), out, f"{extent}. An epoch is {len(data) // BATCH} steps")


def curve(
    generator: torch.nn.Module, config: TrainingConfig, noise: float, dataset: Dataset, steps: int
) -> list[dict[str, float]]:
    """The generator's gradient while a fresh discriminator learns against it."""
    kind = {"regularizer": "instance_noise", "strength": noise} if noise else {}
    fresh = TrainingConfig(**{**config.to_dict(), **kind, "learning_rate_discriminator": 1e-3})
    players = build_players(fresh, dataset.sample_shape, torch.device("cpu"))
    rows = []
    for step in range(steps + 1):
        if step % max(1, steps // 40) == 0:
            rows.append({"noise": noise, "step": step, **measured(players, generator, dataset)})
        with torch.no_grad():
            fake = generator(players.noise(BATCH))
        real = players.discriminator(batch(dataset, BATCH))
        loss = cross_entropy_discriminator(real, players.discriminator(fake))
        players.discriminator_optimizer.zero_grad()
        loss.backward()
        players.discriminator_optimizer.step()
    return rows


def measured(players: Players, generator: torch.nn.Module, dataset: Dataset) -> dict[str, float]:
    """‖∇_θ L_G‖ under both losses, and how often the discriminator is right."""
    row = {}
    parameters = list(generator.parameters())
    logits = players.discriminator(generator(players.noise(MEASURED)))
    for name in ("minimax", "non_saturating"):
        gradient = torch.autograd.grad(LOSSES[name].generator(logits), parameters, retain_graph=True)
        row[name] = float(torch.cat([part.flatten() for part in gradient]).norm())
    with torch.no_grad():
        real = players.discriminator(batch(dataset, MEASURED))
    row["accuracy"] = float(torch.cat([real > 0, logits.detach() < 0]).double().mean())
    return row


def write(curves: pd.DataFrame, out: Path, extent: str) -> None:
    """The tables, the figure, and the page."""
    out.mkdir(parents=True, exist_ok=True)
    curves.to_csv(out / "curves.csv", index=False, float_format="%.4g")
    summary = changes(curves)
    summary.to_csv(out / "summary.csv", float_format="%.4g")
    print(summary.to_string(float_format="%.3g"))
    long = curves.melt(["epochs", "seed", "noise", "step"], ["minimax", "non_saturating"], "loss", "gradient")
    long["gradient"] = long["gradient"].clip(lower=1e-12)  # zero has no place on a logarithmic axis
    epochs = sorted(long["epochs"].unique())
    figure = Figure(figsize=(1 + 5 * len(epochs), 4.2), layout="constrained")
    for axes, epoch in zip(figure.subplots(1, len(epochs), sharey=True, squeeze=False)[0], epochs, strict=True):
        own = long[long["epochs"] == epoch]
        seaborn.lineplot(
            own,
            x="step",
            y="gradient",
            hue="loss",
            style="noise",
            ax=axes,
            errorbar=("pi", 100),
            legend=epoch == epochs[0],
        )
        axes.set(yscale="log", title=f"Generator after {epoch} epochs", xlabel="Steps of D", ylabel="‖∇θ L_G‖")
    for kind in ("png", "svg"):
        figure.savefig(out / f"vanishing_gradients.{kind}", dpi=150)
    manifest = {"question": QUESTION, "command": told(sys.argv), "extent": extent, **provenance()}
    write_output(out / "manifest.json", json.dumps(manifest, indent=1).encode())
    columns = [*summary.columns.str.replace("_", " ")]
    cells = [
        (f"G after {epochs} epochs, noise {noise:g}", [number(x) for x in row])
        for (epochs, noise), row in zip(summary.index, summary.values, strict=True)
    ]
    picture, source = (out / "vanishing_gradients.png").read_bytes(), f"{made_by(told(sys.argv))} {extent}. {SOURCE}"
    page = result_page(QUESTION, answer(summary, curves), [picture], columns, cells, READ_AS, source)
    print(f"Look here: {write_output(out / 'index.html', page)}")


def changes(curves: pd.DataFrame) -> pd.DataFrame:
    """How many times as large each loss's gradient is at the end: a row for each age of the generator and noise."""
    rows = []
    for (epochs, noise), own in curves.groupby(["epochs", "noise"]):
        row: dict[str, float] = {"epochs": epochs, "noise": noise}
        last, first = (own[own["step"] == step].set_index("seed") for step in (own["step"].max(), 0))
        for loss in ("minimax", "non_saturating"):
            logarithms = np.log((last[loss] / first[loss]).clip(lower=1e-12)).tolist()
            low, high = mean_interval(logarithms)
            row |= {loss: np.exp(np.mean(logarithms)), f"{loss}_low": np.exp(low), f"{loss}_high": np.exp(high)}
        rows.append(row | {"accuracy": last["accuracy"].mean()})
    return pd.DataFrame(rows).set_index(["epochs", "noise"])


def answer(summary: pd.DataFrame, curves: pd.DataFrame) -> list[str]:
    """What becomes of each loss's gradient while the discriminator learns, without noise and with it."""
    steps, paragraphs = int(curves["step"].max()), []
    for noise, own in summary.groupby("noise"):
        words = "Without noise" if noise == 0 else f"With noise of {noise:g} on the discriminator's inputs"
        found = {
            loss: ", ".join(
                number(row[loss]) + interval(row[f"{loss}_low"], row[f"{loss}_high"]) for _, row in own.iterrows()
            )
            for loss in ("minimax", "non_saturating")
        }
        ages = ", ".join(str(epochs) for epochs, _ in own.index)
        paragraphs.append(
            f"{words}, while a fresh discriminator learns for {steps:,} steps against a generator that was trained for "
            f"{ages} epochs (it is then right on {own['accuracy'].min():.1%} of samples and more), the generator's "
            f"gradient becomes {found['minimax']} times as large under the minimax loss, and {found['non_saturating']} "
            "times under the non-saturating one."
        )
    return paragraphs


if __name__ == "__main__":
    explain_errors(lambda: main.main(standalone_mode=False))
