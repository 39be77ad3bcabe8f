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

from pathlib import Path

import click
import pandas as pd
import seaborn
import torch
from matplotlib.figure import Figure
from tqdm import tqdm

from gandiag.cli import explain_errors
from gandiag.data import Dataset, load_dataset
from gandiag.losses import LOSSES, cross_entropy_discriminator
from gandiag.report.output import write_output
from gandiag.study.page import result_page
from gandiag.training import Players, TrainingConfig, train
from gandiag.training.loop import batch
from gandiag.training.players import build_players

QUESTION = "Does the generator's gradient vanish as the discriminator becomes optimal?"
READ_AS = "‖∇θ L_G‖ under both losses and the discriminator's accuracy, medians over the seeds."
SOURCE = "After Figure 2 of Arjovsky and Bottou (2017). Tables: curves.csv, summary.csv."
ROOT = Path(__file__).parents[1]
EPOCHS, NOISES, SEEDS = (1, 10, 25), (0.0, 0.3), 3
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
    write(pd.DataFrame(rows), out, f"{len(plan)} generators on {dataset}, {seeds} seeds")


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
    ends = curves[curves["step"].isin([0, curves["step"].max()])]
    summary = ends.groupby(["epochs", "noise", "step"])[["minimax", "non_saturating", "accuracy"]].median()
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
    picture = out / "vanishing_gradients.png"
    figure.savefig(picture, dpi=110)
    columns = [*summary.columns.str.replace("_", " ")]
    cells = [
        (_setting(*keys), [f"{x:.3g}" for x in row]) for keys, row in zip(summary.index, summary.values, strict=True)
    ]
    page = result_page(
        QUESTION, answer(summary), [picture.read_bytes()], columns, cells, READ_AS, f"{extent}. {SOURCE}"
    )
    print(f"Look here: {write_output(out / 'index.html', page)}")


def _setting(epochs: int, noise: float, step: int) -> str:
    return f"G after {epochs} epochs, noise {noise:g}, D after {step} steps"


def answer(summary: pd.DataFrame) -> list[str]:
    """How far each loss's gradient falls while the discriminator learns, median over seeds and generators."""
    table = summary.reset_index()
    first, last = (table[table["step"] == step].set_index(["epochs", "noise"]) for step in (0, table["step"].max()))
    told = []
    for noise in NOISES:
        ratios = (last / first).xs(noise, level="noise")
        accuracy = last["accuracy"].xs(noise, level="noise").median()
        words = "Without noise" if noise == 0 else f"With noise of {noise:g} on the discriminator's inputs"
        told.append(
            f"{words}, the generator's gradient under the minimax loss falls to "
            f"{ratios['minimax'].median():.2g} of what it was, and under the non-saturating loss it grows "
            f"{ratios['non_saturating'].median():.0f} times, while a fresh discriminator learns against it for "
            f"{int(table['step'].max())} steps (it is then right on {accuracy:.1%} of samples)."
        )
    return told


if __name__ == "__main__":
    explain_errors(lambda: main.main(standalone_mode=False))
