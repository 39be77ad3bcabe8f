"""``gandiag generate RUN``"""

import math
from pathlib import Path

import click
import torch
from PIL import Image
from torch import Tensor

from gandiag.applications.conditional import MODEL, restore_generator, sample
from gandiag.applications.session import read_session, session_model
from gandiag.data import CLASS_NAMES
from gandiag.errors import GandiagError
from gandiag.nets.conditional import CLASS_COUNT
from gandiag.probes.images import unit_range
from gandiag.report.canvas import encode
from gandiag.report.output import write_output
from gandiag.report.sample_pictures import tiled
from gandiag.training import restore_players

COUNT, COUNT_OF_EACH, MOST = 100, 10, 10_000


@click.command("generate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--digit", type=int, help="Digit, or garment by its number, to make, 0 to 9. [default: all, a row each]")
@click.option("--count", type=int, help=f"Images; of each class, if all. [default: {COUNT}; {COUNT_OF_EACH} of each]")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The picture to write, a .png file.")
@click.option("--seed", type=int, default=0, show_default=True, help="Fixes the noise.")
def command(run: Path, digit: int | None, count: int | None, out: Path, seed: int) -> None:
    """Make images with a trained generator, and write them as one picture.

    RUN is the folder that gandiag train wrote; its last checkpoint is used.
    """
    if out.suffix.lower() != ".png":
        raise GandiagError(f"--out writes .png files; got {out}.")
    if count is not None and not 1 <= count <= MOST:
        raise GandiagError(f"--count must be in [1, {MOST}]; got {count}.")
    model = session_model(run)
    if model is None:
        images, columns = _unconditional(run, digit, count or COUNT, seed)
    elif model == MODEL:
        images, columns = _conditional(run, digit, count, seed)
        _say_classes(run, digit)
    else:
        raise GandiagError(
            f"{run} is of the model '{model}', which makes images of other images; gandiag generate draws images of "
            f"noise, so give a run of the model '{MODEL}' or of the core."
        )
    click.echo(f"Images: {write_output(out, picture(images, columns))}")


def picture(images: Tensor, columns: int) -> bytes:
    """Images :math:`(n, c, h, w)` of 1 or 3 channels as one PNG, in rows."""
    pixels = (unit_range(images) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return encode(Image.fromarray(tiled(pixels[..., 0] if pixels.shape[-1] == 1 else pixels, columns)))


def _conditional(run: Path, digit: int | None, count: int | None, seed: int) -> tuple[Tensor, int]:
    """Images of a class or of all, and how many stand in a row."""
    generator = restore_generator(run)
    if digit is None:
        of_each = count or COUNT_OF_EACH
        return sample(generator, torch.arange(CLASS_COUNT).repeat_interleave(of_each), seed), of_each
    wanted = count or COUNT
    return sample(generator, torch.full((wanted,), digit), seed), _square(wanted)


def _say_classes(run: Path, digit: int | None) -> None:
    """What the classes are called, where they are no digits."""
    names = CLASS_NAMES.get(read_session(run, MODEL)["settings"]["dataset"])
    if names is not None:
        click.echo(f"Rows: {', '.join(names)}" if digit is None else f"Class {digit}: {names[digit]}")


@torch.no_grad()
def _unconditional(run: Path, digit: int | None, count: int, seed: int) -> tuple[Tensor, int]:
    """Images of a run of the core, by its averaged generator where one is kept."""
    if digit is not None:
        raise GandiagError(
            f"The generator of {run} is not told a digit; leave --digit out, or train one with --model {MODEL}."
        )
    players = restore_players(run)
    generator = (players.average or players.generator).eval()
    noise = torch.randn(count, players.noise_size, generator=torch.Generator().manual_seed(seed))
    images = generator(noise)
    if images.dim() != 4:
        raise GandiagError(f"The generator of {run} makes points in the plane, which are no picture; score them.")
    return images, _square(count)


def _square(count: int) -> int:
    return math.ceil(math.sqrt(count))
