"""``gandiag score SAMPLES``"""

import json
import math
from pathlib import Path

import click
import pandas as pd
from torch import Tensor

from gandiag.data import DATASETS, load_dataset
from gandiag.errors import GandiagError
from gandiag.files import write_whole
from gandiag.metrics.score import Score
from gandiag.scoring import Sampling, Scorecard, read_samples, resolve_extractor, score_samples

FORMATS = (".csv", ".json")


@click.command("score")
@click.argument("samples", type=click.Path(path_type=Path))
@click.option("--real", help=f"Real samples, kept likewise, or a data set's name: {', '.join(DATASETS)}.")
@click.option("--features", default="judge", show_default=True, help="judge, inception, pixels, or a TorchScript file.")
@click.option(
    "--inception-weights", type=click.Path(path_type=Path), help="Inception's weights, instead of a download."
)
@click.option("--latent", help="Shape of a generator's input, as 100 or 100x1x1. [default: told by its first layer]")
@click.option("--count", type=int, default=10_000, show_default=True, help="Samples to draw from a generator.")
@click.option("--seed", type=int, default=0, show_default=True, help="Fixes every draw.")
@click.option("--trust", is_flag=True, help="Let a pickled module run its code, as loading it does.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder that holds MNIST, in torchvision's layout.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the scores to this .csv or .json file.")
def command(
    samples: Path,
    real: str | None,
    features: str,
    inception_weights: Path | None,
    latent: str | None,
    count: int,
    seed: int,
    trust: bool,
    data_dir: Path | None,
    out: Path | None,
) -> None:
    """Score generated samples against real ones.

    SAMPLES is a folder of pictures, an .npy, .npz or .pt file, or a saved generator, of any framework. Every score
    stands beside what a perfect generator has at the same sample size.
    """
    if out is not None and out.suffix not in FORMATS:
        raise GandiagError(f"--out writes {' or '.join(FORMATS)} files; got {out}.")
    extractor = resolve_extractor(features, inception_weights)
    sampling = Sampling(_shape(latent), count, seed, trust)
    fake = read_samples(samples, sampling)
    card = score_samples(fake, None if real is None else _real(real, sampling, data_dir), extractor, seed)
    click.echo(describe(card))
    if out is not None:
        write_scores(card, out)
        click.echo(f"Scores: {out}")


def describe(card: Scorecard) -> str:
    """A table of the scores, what they come from, and what is missing."""
    rows = [("score", "value", "perfect generator", "off by")] + [_row(score) for score in card.scores]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    table = [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}".rstrip()
        for row in rows
    ]
    found, missing = card.attribution.sentences(), [f"Left out: {reason}" for reason in card.left_out]
    return "\n".join([*table, *([""] if found or missing else []), *found, *missing])


def write_scores(card: Scorecard, path: Path) -> None:
    """The scores as CSV, or as JSON with their attribution.

    Raises:
        GandiagError: If the file cannot be written.
    """
    if path.suffix == ".csv":
        text = pd.DataFrame([score.to_dict() for score in card.scores]).to_csv(index=False)
    else:
        text = json.dumps(card.to_dict(), indent=1) + "\n"
    try:
        write_whole(path, lambda unfinished: _write(unfinished, text))
    except OSError as error:
        raise GandiagError(f"{path} cannot be written ({error.strerror}).") from error


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _row(score: Score) -> tuple[str, str, str, str]:
    null = "–" if score.null_mean is None else f"{score.null_mean:.4g}"
    if score.null_mean is not None and score.null_std:
        null += f" ± {score.null_std:.2g}"
    value = f"{score.value:.4g}" + (f" ± {score.standard_error:.2g}" if score.standard_error else "")
    known = score.excess is not None and math.isfinite(score.excess)
    return score.name, value, null, f"{score.excess:+.1f} sd" if known else ""


def _real(real: str, sampling: Sampling, data_dir: Path | None) -> Tensor:
    if real in DATASETS:
        return load_dataset(real, data_dir).samples
    return read_samples(Path(real), sampling)


def _shape(latent: str | None) -> tuple[int, ...] | None:
    if latent is None:
        return None
    try:
        shape = tuple(int(size) for size in latent.lower().split("x"))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise GandiagError(f"--latent is a shape such as 100 or 100x1x1; got '{latent}'.")
    return shape
