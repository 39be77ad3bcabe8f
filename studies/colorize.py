"""What does the adversarial loss add to L1, where more than one colour is right?

A pix2pix (Isola et al., 2017) colours grey digits, whose real colour is one of five hues drawn by chance. It is trained
as it should be, with L1 alone, and with the paper's λ = 100; measured on digits that were not trained on, and judged by
gandiag, which is not told the setting.

    python studies/colorize.py                (digits, about 4 minutes on one core)
    python studies/colorize.py --dataset mnist --data-dir DIR
    python studies/colorize.py --smoke

Writes runs.csv, colorize.png and index.html, the answer first, to reports/colorize.
"""

import argparse
import dataclasses
import time
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor
from tqdm import tqdm

from gandiag.applications.colorize import TINTED, ColorizeSettings, colorize_data, train_colorize
from gandiag.applications.colorize_measures import colourings, measure_colorize
from gandiag.cli import explain_errors
from gandiag.data.grey import greyed
from gandiag.report.canvas import png
from gandiag.report.output import write_output
from gandiag.study.page import result_page

QUESTION = "What does the adversarial loss add to L1, where more than one colour is right?"
READ_AS = (
    "Verdict: gandiag's, from the recording alone. Colourfulness (Hasler and Süsstrunk, 2003) and diversity over noise "
    "are relative to real images: 1 is theirs. Hues: how many of the five are made, each for at least 2 % of "
    "the images. L1 error: to the real colour, which is drawn by chance, so that lower is not better. Grey error: of "
    "the brightest channel to the grey image. Both in [0, 1]. Means over the seeds."
)
ROOT = Path(__file__).parents[1]
HEALTHY, L1_ALONE, L1_STRONG = "adversarial and L1, λ = 1", "L1 alone", "adversarial and L1, λ = 100"
SETTINGS = {
    HEALTHY: ColorizeSettings(),
    L1_ALONE: ColorizeSettings(adversarial_weight=0.0),
    L1_STRONG: ColorizeSettings(l1_weight=100.0),
}
MEASURES = ("relative_colourfulness", "relative_diversity", "hues", "l1_error", "grey_error")
SMOKE_ITERATIONS, SHOWN, COLOURINGS = 40, 8, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits", choices=TINTED)
    parser.add_argument("--data-dir", help="folder that holds the data set, in torchvision's layout")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "colorize")
    parser.add_argument("--smoke", action="store_true", help="a minute's run; its numbers mean nothing")
    options = parser.parse_args()
    rows, shown = [], {}
    for name, setting in SETTINGS.items():
        for seed in range(1 if options.smoke else options.seeds):
            iterations = SMOKE_ITERATIONS if options.smoke else setting.iterations
            run = dataclasses.replace(setting, dataset=options.dataset, seed=seed, iterations=iterations)
            row, pictures = trained(name, run, options.data_dir)
            rows.append(row)
            shown.setdefault(name, pictures)
            print(f"{name}, seed {seed}: {row['verdict']}", flush=True)
    write(pd.DataFrame(rows), shown, options.out)


def trained(name: str, settings: ColorizeSettings, data_dir: str | None) -> tuple[dict[str, object], Tensor]:
    """One run as a row of the table, and its pictures: a line of grey, one of real, five of made images."""
    _, held_out = colorize_data(settings, data_dir)
    started = time.perf_counter()
    with tqdm(total=settings.iterations, desc=f"{name}, seed {settings.seed}", unit="it", mininterval=5) as bar:
        result = train_colorize(settings, data_dir=data_dir, progress=lambda iteration: bar.update())
    seconds = time.perf_counter() - started
    generator = result.networks["generator"]
    row = {
        "setting": name,
        "verdict": result.diagnosis.found,
        "kind": result.diagnosis.main.kind,
        "onset": result.diagnosis.main.onset,
        **asdict(measure_colorize(generator, held_out)),
        "seconds": round(seconds, 1),
        **asdict(settings),
    }
    real = held_out.samples[:SHOWN]
    made = colourings(generator, greyed(real), COLOURINGS, seed=1).transpose(0, 1)
    return row, torch.cat([greyed(real).expand(-1, 3, -1, -1)[None], real[None], made])


def write(runs: pd.DataFrame, shown: dict[str, Tensor], out: Path) -> None:
    """The table, the pictures and the page."""
    out.mkdir(parents=True, exist_ok=True)
    runs.to_csv(out / "runs.csv", index=False, float_format="%.4g")
    means = runs.groupby("setting", sort=False)[[*MEASURES, "seconds"]].mean()
    verdicts = runs.groupby("setting", sort=False)["verdict"].agg(", ".join)
    picture = drawn(shown)
    (out / "colorize.png").write_bytes(picture)
    rows = [
        (str(name), [verdicts[name].replace("_", " "), *(f"{value:.3g}" for value in means.loc[name])])
        for name in means.index
    ]
    columns = ["verdicts", *(name.replace("_", " ") for name in means.columns)]
    seeds = runs["seed"].nunique()
    source = f"Made by python studies/colorize.py --seeds {seeds}. Table: runs.csv, a row a run with all its settings."
    page = result_page(QUESTION, answer(means, verdicts), [picture], columns, rows, READ_AS, source)
    print(means.to_string(float_format="%.3g"))
    print(f"Look here: {write_output(out / 'index.html', page)}")


def drawn(shown: dict[str, Tensor]) -> bytes:
    """A block of pictures a setting."""
    figure = Figure(figsize=(4 * len(shown), 4), layout="constrained")
    for axes, (name, lines) in zip(figure.subplots(1, len(shown)), shown.items(), strict=True):
        mosaic = torch.cat([torch.cat(list(line), dim=2) for line in lines], dim=1)
        axes.imshow(mosaic.permute(1, 2, 0), interpolation="nearest")
        axes.set(xticks=[], yticks=[], title=name)
    figure.supxlabel("From above: grey images, their real colours, five colourings by the noise", fontsize="medium")
    return png(figure)


def answer(means: pd.DataFrame, verdicts: pd.Series) -> list[str]:
    """What was found, in sentences."""
    healthy = means.loc[HEALTHY]
    found = [
        f"It adds the choice. With the adversarial loss one grey digit becomes many: diversity over noise is "
        f"{healthy['relative_diversity']:.2f} of the real, in {healthy['hues']:.0f} of 5 hues, at "
        f"{healthy['relative_colourfulness']:.2f} of the real colourfulness (verdict: {verdicts[HEALTHY]})."
    ]
    for name in (L1_ALONE, L1_STRONG):
        own = means.loc[name]
        found.append(
            f"With {name}, diversity is {own['relative_diversity']:.2f}, in {own['hues']:.0f} hues, at "
            f"{own['relative_colourfulness']:.2f} of the real colourfulness (verdict: {verdicts[name]})."
        )
    found.append(
        f"The L1 error says the contrary: {means.loc[L1_ALONE, 'l1_error']:.3f} for L1 alone, "
        f"{healthy['l1_error']:.3f} with the adversarial loss. It is least at the median of all hues, a dull pink that "
        f"no real image has."
    )
    return [sentence.replace("_", " ") for sentence in found]


if __name__ == "__main__":
    explain_errors(main)
