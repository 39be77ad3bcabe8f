"""The page of studies/metrics.py: what each metric sees, from its values."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from gandiag.report.article import Section, drawn, write_article
from gandiag.report.canvas import INK, MUTED, PALETTE, SMALL, blank, house_style
from gandiag.report.views import Picture
from gandiag.report.wording import number

FAULTS = {
    "classes dropped": (1, "one class dropped"),
    "prototypes": (50, "50 prototypes a class"),
    "duplicates": (0.1, "a tenth repeated"),
    "copies": (1.0, "training images copied"),
    "noise": (0.15, "noise"),
    "blur": (0.8, "blur"),
}
STRENGTH_AXES = {
    "classes dropped": "classes dropped, of 10",
    "prototypes": "prototypes a class",
    "duplicates": "share repeated",
    "copies": "share copied",
    "noise": "standard deviation of the noise",
    "blur": "σ of the blur, pixels",
}
TITLES = {
    "fid": "Fréchet distance, judge's features",
    "kid": "KID, judge's features",
    "inception_score": "Inception score, by the judge",
    "kl_to_real": "KL of the classes to the real ones",
    "modes_seen": "Classes with at least one sample",
    "modes": "Classes, the judge's errors taken out",
    "precision": "Precision",
    "recall": "Recall",
    "density": "Density",
    "coverage": "Coverage",
    "bins_js": "Jensen–Shannon divergence of 50 bins",
    "diversity": "Mean pairwise distance / real",
    "vendi": "Vendi score",
    "duplicate_rate": "Duplicate rate",
    "c_t": "C_T, data copying",
    "sharpness": "Sharpness / real",
}
COUNTS = {"modes_seen": 0.1, "modes": 0.1, "duplicate_rate": 0.001}
"""A tenth of a class, or one sample of a thousand: what stands in for a spread of 0."""

USUAL = ("fid", "kid", "inception_score")
SHOWN = ("fid", "recall", "kl_to_real", "duplicate_rate", "c_t", "sharpness")
SEEN, CLEAR = 3.0, 99.0


def write_page(values: pd.DataFrame, out: Path) -> Path:
    """Write values.csv, separation.csv and index.html into a folder; panel.csv and costs.csv are read from it."""
    out.mkdir(parents=True, exist_ok=True)
    values.to_csv(out / "values.csv", index=False, float_format="%.5g")
    apart = separation(values)
    apart.to_csv(out / "separation.csv", float_format="%.3g")
    sections = [
        Section(
            "What sees what, at 1000 samples",
            "Distance of the damaged samples' mean from that of real samples, in standard deviations of real samples. "
            f"Dark: seen for sure; white, below {SEEN:.0f}: not to be told from a perfect generator.",
            [
                drawn(
                    heatmap(apart),
                    "Metric against fault",
                    "Numbers above 99 are cut. A spread of 0 counts as a tenth of a class.",
                )
            ],
        ),
        *panel_sections(out / "panel.csv"),
        *cost_sections(out / "costs.csv"),
        Section(
            "Bias and spread against sample size",
            "Mean and one standard deviation over draws of real samples (black) and of damaged ones. A line that moves "
            "without damage is bias: compare it at the same number of samples only.",
            [over_sizes(values, apart, metric) for metric in TITLES],
        ),
        Section(
            "Against the strength of the fault, at 1000 samples",
            "The same distance as above on a logarithmic scale, as the fault grows; dashed: three deviations.",
            [over_strengths(values, fault) for fault in FAULTS],
        ),
    ]
    return write_article(
        out / "index.html",
        title="What each metric can see, and from how many samples on",
        paragraphs=conclusions(values, apart, out),
        sections=sections,
    )


def conclusions(values: pd.DataFrame, apart: pd.DataFrame, out: Path) -> list[str]:
    """The findings, each with the number that it rests on."""
    real = values[values["fault"] == "none"].groupby("samples").mean(numeric_only=True)
    small, large = int(real.index.min()), int(real.index.max())
    found = [
        "No metric sees every fault. Histogram KL for what is missing, recall for what is narrowed, the duplicate rate "
        "for what repeats, C_T for what is copied: these four see what the usual set of FID, KID and inception score "
        "does not, and the detectors should trust them, at equal sample sizes." + in_milliseconds(out / "costs.csv"),
        f"Copies of training images: C_T is {abs(apart.loc['c_t', 'copies']):.0f} deviations away at 1000 samples, FID "
        f"{abs(apart.loc['fid', 'copies']):.1f}, KID {abs(apart.loc['kid', 'copies']):.1f}. A tenth of the samples "
        f"repeated: the duplicate rate {min(abs(apart.loc['duplicate_rate', 'duplicates']), CLEAR):.0f} or more, FID "
        f"{abs(apart.loc['fid', 'duplicates']):.1f}.",
        f"A perfect generator's FID is {real.loc[small, 'fid']:.1f} at {small} samples and "
        f"{real.loc[large, 'fid']:.2f} at {large:,}; its coverage {real.loc[small, 'coverage']:.2f} and "
        f"{real.loc[large, 'coverage']:.2f}. Neither number says anything without its sample size.",
    ]
    if (out / "panel.csv").exists():
        table = pd.read_csv(out / "panel.csv")
        least = table[table["failure"] != "none"].groupby("samples")["alarm_rate"].min()
        false = table[table["failure"] == "none"].set_index("samples")
        found.insert(
            1,
            "The cheap panel of six statistics finds each of eleven planted failures in at least "
            + " and ".join(f"{least[n]:.1%} of draws at {n} samples" for n in least.index)
            + ", with "
            + " and ".join(f"{false.loc[n, 'alarm_rate']:.1%}" for n in least.index)
            + " of false alarms.",
        )
    return found


def in_milliseconds(path: Path) -> str:
    """What the panel costs, beside the usual ones and the judge; empty where it was not measured."""
    if not path.exists():
        return ""
    table = pd.read_csv(path).pivot(index="metric", columns="samples", values="milliseconds")
    at = int(table.columns.min())
    panel, judge, usual = (table.loc[list(names), at].sum() for names in (("panel",), ("judge",), USUAL))
    return (
        f" At {at} samples they cost {panel:.0f} ms of one processor, with coverage and precision; the usual set costs "
        f"{usual:.0f} ms, and the judge, which both need, {judge:.0f} ms."
    )


def cost_sections(path: Path) -> list[Section]:
    if not path.exists():
        return []
    table = pd.read_csv(path).pivot(index="metric", columns="samples", values="milliseconds")
    names = {"judge": "Judging the samples", "panel": "The cheap panel of six"} | TITLES
    rows = [[title, *(f"{value:.1f}" for value in table.loc[name])] for name, title in names.items()]
    lead = (
        "Processor time of one evaluation in milliseconds, the shortest of five. Precision, recall, density and "
        "coverage come from one pass, whose whole time each shows. C_T alone measures its 2,000 held-out samples anew; "
        "the panel keeps them."
    )
    return [Section("What each costs", lead, columns=["metric", *(f"{n:,} samples" for n in table.columns)], rows=rows)]


def standard(values: pd.DataFrame, fault: str) -> pd.DataFrame:
    return values[(values["fault"] == fault) & (values["strength"] == FAULTS[fault][0])]


def deviations(values: pd.DataFrame, damaged: pd.DataFrame) -> pd.Series:
    """Means of the damaged samples, away from those of real ones, in their standard deviations."""
    metrics = list(TITLES)
    null = values[(values["fault"] == "none") & (values["samples"] == 1000)][metrics]
    spread = null.std()
    for metric, least in COUNTS.items():
        spread[metric] = max(spread[metric], least)
    return (damaged[metrics].mean() - null.mean()) / spread


def separation(values: pd.DataFrame) -> pd.DataFrame:
    """Metrics in rows, faults at their standard strength in columns."""
    columns = {}
    for fault in FAULTS:
        damaged = standard(values, fault)
        columns[fault] = deviations(values, damaged[damaged["samples"] == 1000])
    return pd.DataFrame(columns)


def heatmap(apart: pd.DataFrame) -> Figure:
    with house_style():
        figure = blank(8.6, 6.2)
        axes = figure.subplots()
        size = np.log10(apart.abs().clip(1, 100).to_numpy())
        axes.imshow(size, cmap="Blues", vmin=0, vmax=2.4, aspect="auto")
        axes.grid(False)
        axes.set_xticks(range(len(apart.columns)), [fill(FAULTS[name][1], 13) for name in apart.columns])
        axes.set_yticks(range(len(apart.index)), [TITLES[name] for name in apart.index])
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False, labelcolor=INK)
        for (row, column), value in np.ndenumerate(apart.to_numpy()):
            text = f"{np.sign(value) * min(abs(value), CLEAR):+.0f}" if abs(value) >= SEEN else f"{value:+.1f}"
            color = "white" if abs(value) > 30 else INK if abs(value) >= SEEN else MUTED
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=SMALL)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure


def over_sizes(values: pd.DataFrame, apart: pd.DataFrame, metric: str) -> Picture:
    with house_style():
        figure = blank(4.7, 3.1)
        axes = figure.subplots()
        lines = {"real samples": (values[values["fault"] == "none"], INK)}
        lines |= {FAULTS[f][1]: (standard(values, f), PALETTE[i]) for i, f in enumerate(FAULTS)}
        for _, (drawn_values, color) in lines.items():
            by_size = drawn_values.groupby("samples")[metric]
            mean, spread = by_size.mean(), by_size.std().fillna(0)
            width = 2.2 if color == INK else 1.3
            axes.fill_between(mean.index, mean - spread, mean + spread, color=color, alpha=0.13, linewidth=0)
            axes.plot(
                mean.index, mean, "-o", color=color, linewidth=width, markersize=3, zorder=4 if color == INK else 3
            )
        axes.set_xscale("log")
        sizes = sorted(values["samples"].unique())
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel("samples")
        if metric in ("fid", "kl_to_real", "bins_js"):
            _log(axes)
        handles = [Line2D([], [], color=color, linewidth=2) for _, color in lines.values()]
        figure.legend(handles, lines, loc="outside lower center", ncols=3, frameon=False, fontsize=7.5, labelcolor=INK)
    return drawn(figure, TITLES[metric], sees(apart.loc[metric]))


def _log(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def sees(row: pd.Series) -> str:
    """What a metric sees at 1000 samples, in words."""
    seen = [FAULTS[fault][1] for fault, value in row.items() if abs(value) >= SEEN]
    blind = [FAULTS[fault][1] for fault, value in row.items() if abs(value) < SEEN]
    words: Sequence[str] = [
        f"{head}: {', '.join(names)}." for head, names in (("Sees", seen), ("Blind to", blind)) if names
    ]
    return " ".join(words)


def over_strengths(values: pd.DataFrame, fault: str) -> Picture:
    damaged = values[(values["fault"] == fault) & (values["samples"] == 1000)]
    rows = pd.DataFrame({strength: deviations(values, some) for strength, some in damaged.groupby("strength")}).abs()
    with house_style():
        figure = blank(4.7, 3.1)
        axes = figure.subplots()
        for index, metric in enumerate(SHOWN):
            axes.plot(
                rows.columns, rows.loc[metric].clip(lower=0.1), "-o", color=PALETTE[index], linewidth=1.5, markersize=3
            )
        axes.axhline(SEEN, color=MUTED, linestyle="--", linewidth=0.9)
        _log(axes)
        if fault == "prototypes":
            axes.set_xscale("log")
            axes.invert_xaxis()
            axes.set_xticks(list(rows.columns), [f"{one:.0f}" for one in rows.columns])
            axes.minorticks_off()
        axes.set_xlabel(STRENGTH_AXES[fault])
        axes.set_ylabel("deviations")
        handles = [Line2D([], [], color=PALETTE[index], linewidth=2) for index in range(len(SHOWN))]
        names = ["FID", "recall", "histogram KL", "duplicates", "C_T", "sharpness"]
        figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=7.5, labelcolor=INK)
    first = [
        name
        for name, metric in zip(names, SHOWN, strict=True)
        if rows.loc[metric].iloc[-1 if fault != "prototypes" else 0] < SEEN
    ]
    caption = f"Never seen by: {', '.join(first)}." if first else "At its strongest, all six see it."
    return drawn(figure, fault.capitalize(), caption)


def panel_sections(path: Path) -> list[Section]:
    if not path.exists():
        return []
    table = pd.read_csv(path)
    sizes = sorted(table["samples"].unique())
    by = table.set_index(["failure", "samples"])
    rows = []
    for failure in table["failure"].unique():
        found = [by.loc[(failure, n)] for n in sizes]
        cells = [f"{one['alarm_rate']:.1%} ({one['low']:.1%} to {one['high']:.1%})" for one in found]
        rows.append(["real samples: false alarms" if failure == "none" else failure, *cells])
    lead = (
        "Share of draws in which at least one of six statistics (histogram KL, recall, coverage, precision, duplicate "
        "rate, copying) leaves its bound, with its 95 % interval. The bounds come from a calibration part of the real "
        "images, the alarms from an evaluation part, on a split that the rule was not settled on."
    )
    return [Section("The cheap panel", lead, columns=["failure", *(f"{n:,} samples" for n in sizes)], rows=rows)]
