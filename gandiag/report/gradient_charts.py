"""Gradients drawn: each network, each of its layers, and the generator's learning signal with its factors."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from gandiag.recording import Recording
from gandiag.report import canvas
from gandiag.report.panels import Curve, curve, curves, networks
from gandiag.report.wording import shorten

MAX_LABELS = 9
SIGNAL_FACTORS = {
    "‖∂L/∂fake‖": "grad_norm",
    "|∂L/∂logit|": "head_gradient",
    "‖∂logit/∂fake‖": "input_gradient",
}
PARTS = {"real": "real_norm", "fake": "fake_norm", "penalty": "penalty_norm", "left over": "leaked_norm"}
LOGITS = {"on real": "logit_real", "on fake": "logit_fake"}


@dataclass(frozen=True)
class LineChart:
    """Several lines over the iterations, under one heading.

    Attributes:
        title: What is shown.
        caption: How to read it, in one sentence.
        lines: Curves by their label.
        log: Whether y is logarithmic; ``None`` decides by the data.
        ordered: Whether the lines have an order, such as depth, that their colours should show.
    """

    title: str
    caption: str
    lines: dict[str, Curve]
    log: bool | None = True
    ordered: bool = False


def gradient_charts(recording: Recording) -> list[LineChart]:
    """All charts about gradients for which the recording has data."""
    norms = curves(recording, [(name, f"steps.grad_norm[{name}]") for name in networks(recording.steps)])
    charts = [
        LineChart("Gradient norm of each network", "Global L2 norm of the gradient that the optimizer applied.", norms)
    ]
    charts += [*_part_charts(recording), *_signal_charts(recording)]
    for network, lines in _layer_curves(recording).items():
        caption = "L2 norm of each layer's gradient; colours run from the first layer (dark) to the last (light)."
        charts.append(LineChart(f"Layers of {network}", caption, lines, ordered=True))
    return [chart for chart in charts if chart.lines]


def _part_charts(recording: Recording) -> list[LineChart]:
    """What each discriminator's gradient is made of, where that was looked at."""
    caption = "In the iterations that were taken apart: what came by real and by generated samples, penalties, leaks."
    return [
        LineChart(
            f"Parts of {network}'s gradient",
            caption,
            curves(recording, [(label, f"steps.{column}[{network}]") for label, column in PARTS.items()]),
        )
        for network in networks(recording.steps)
        if network.startswith("D")
    ]


def _signal_charts(recording: Recording) -> list[LineChart]:
    names = networks(recording.signal)
    charts = []
    for selector, where in [("", "")] if len(names) < 2 else [(f"[{name}]", f" of {name}") for name in names]:
        factors = curves(recording, [(label, f"signal.{column}{selector}") for label, column in SIGNAL_FACTORS.items()])
        caption = (
            "What one sample's loss tells the generator, and its factors: the loss's slope and the discriminator's."
        )
        charts.append(LineChart(f"Learning signal{where or ' of the generator'}", caption, factors))
        logits = curves(recording, [(label, f"signal.{column}{selector}") for label, column in LOGITS.items()])
        caption = "Mean logits; the further apart, the surer the discriminator is."
        charts.append(
            LineChart(f"Discriminator's logits{where and ' seen by' + where[3:]}", caption, logits, log=False)
        )
    return charts


def _layer_curves(recording: Recording) -> dict[str, dict[str, Curve]]:
    table = recording.layers
    if not {"iteration", "network", "layer", "grad_norm"} <= set(table.columns):
        return {}
    table = table.assign(grad_norm=pd.to_numeric(table["grad_norm"], errors="coerce")).dropna()
    found: dict[str, dict[str, Curve]] = {network: {} for network in networks(table)}
    # One pass over the table: asking for each layer's series anew would scan it once a layer.
    for (network, layer), rows in table.groupby(["network", "layer"], sort=False):
        found[str(network)][str(layer)] = curve(rows.set_index("iteration")["grad_norm"])
    return found


def line_chart(chart: LineChart, onset: int | None) -> Figure:
    """One chart as a figure of its own."""
    with canvas.house_style():
        figure = canvas.blank(4.8, 2.6)
        draw_lines(figure.subplots(), chart, onset)
    return figure


def line_charts(charts: list[LineChart], onset: int | None) -> Figure:
    """All charts as small multiples, two in a row, each with a title."""
    columns = min(2, len(charts))
    rows = math.ceil(len(charts) / columns)
    with canvas.house_style():
        figure = canvas.blank(5.4 * columns, 2.9 * rows)
        cells = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, chart in zip(cells, charts, strict=False):
            draw_lines(axes, chart, onset)
            axes.set_title(shorten(chart.title, 60), pad=14)
        for axes in cells[len(charts) :]:
            axes.set_axis_off()
    return figure


def draw_lines(axes: Axes, chart: LineChart, onset: int | None) -> None:
    """Draw a chart into axes, its lines named at their right ends."""
    lines = list(chart.lines.items())
    colors = _colors(len(lines), ordered=chart.ordered)
    crowded = len(lines) > 3
    drawn = [one.median_y if crowded else one.y for _, one in lines]
    canvas.fit_x(axes, [part for _, one in lines for part in (one.x, one.not_finite)])
    canvas.fit_y(axes, drawn, log=chart.log)
    canvas.iteration_axis(axes)
    for (_, one), color in zip(lines, colors, strict=True):
        canvas.draw_curve(axes, one, color, raw=not crowded)
    # Lines that were never finite have no end to stand beside.
    named = [(label, one.median_y[-1], color) for (label, one), color in zip(lines, colors, strict=True) if len(one.x)]
    picked = np.unique(np.linspace(0, len(named) - 1, min(len(named), MAX_LABELS)).round().astype(int))
    ends = [(shorten(named[index][0], 20), float(named[index][1]), named[index][2]) for index in picked]
    canvas.label_ends(axes, ends, height=2.1)
    canvas.mark_not_finite(axes, np.unique(np.concatenate([one.not_finite for _, one in lines])))
    canvas.mark_onset(axes, onset)


def _colors(count: int, *, ordered: bool) -> list[str]:
    if ordered:
        # The last third of viridis is too faint on white.
        return [to_hex(colormaps["viridis"](0.75 * index / max(count - 1, 1))) for index in range(count)]
    return [canvas.PALETTE[index % len(canvas.PALETTE)] for index in range(count)]
