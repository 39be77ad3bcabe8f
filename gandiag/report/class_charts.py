"""Class histograms drawn over time, one heatmap a network."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from gandiag.report import canvas
from gandiag.report.panels import ClassShares
from gandiag.report.wording import number, shorten

MAX_NAMED = 24
_FROM_NONE_TO_ALL = LinearSegmentedColormap.from_list("shares", ["#ffffff", "#b9d7ea", "#4a97c9", "#0b5a94", "#04263f"])


def class_chart(histories: list[ClassShares], onset: int | None) -> Figure:
    """Heatmaps of class shares against the iteration, one below the other."""
    heights = [1.0 + 0.26 * min(len(history.names), MAX_NAMED) for history in histories]
    with canvas.house_style():
        figure = canvas.blank(9.6, sum(heights))
        cells = figure.subplots(len(histories), 1, squeeze=False, height_ratios=heights).ravel()
        for axes, history in zip(cells, histories, strict=True):
            _draw_shares(figure, axes, history, onset)
    return figure


def _draw_shares(figure: Figure, axes: Axes, history: ClassShares, onset: int | None) -> None:
    are_shares = np.nanmax(history.shares) <= 1.0
    top = 1.0 if are_shares else float(np.nanmax(history.shares))
    # A square root of the share: an even tenth must not look like nothing beside a collapse to one class.
    scale = PowerNorm(0.5, vmin=0.0, vmax=top)
    axes.set_facecolor("#eceef1")
    image = axes.pcolormesh(
        _edges(history.iterations),
        np.arange(len(history.names) + 1) - 0.5,
        np.ma.masked_invalid(history.shares.T),
        cmap=_FROM_NONE_TO_ALL,
        norm=scale,
    )
    axes.grid(visible=False)
    axes.invert_yaxis()
    canvas.iteration_axis(axes)
    _name_classes(axes, history, are_shares=are_shares)
    canvas.mark_onset(axes, onset)
    bar = figure.colorbar(image, ax=axes, pad=0.01, fraction=0.03, aspect=30)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
    if are_shares:
        bar.set_ticks([0.0, 0.1, 0.25, 0.5, 1.0])
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _amount(value, are_shares=are_shares)))
    bar.set_label("share of samples" if are_shares else "samples")


def _name_classes(axes: Axes, history: ClassShares, *, are_shares: bool) -> None:
    """Names at the left, the last probe's numbers at the right."""
    named = np.unique(np.linspace(0, len(history.names) - 1, min(len(history.names), MAX_NAMED)).round().astype(int))
    axes.set_yticks(named, [history.names[index] for index in named])
    axes.set_ylabel("class" if history.network is None else f"class ({shorten(history.network, 20)})")
    axes.spines[:].set(visible=True, color=canvas.GRID)
    for index in named:
        axes.text(
            1.008,
            index,
            _amount(history.shares[-1, index], are_shares=are_shares),
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=canvas.SMALL,
            color=canvas.INK if history.shares[-1, index] > 0 else canvas.MUTED,
        )
    axes.text(1.008, 1.02, "last", transform=axes.transAxes, fontsize=canvas.SMALL, color=canvas.MUTED)


def _amount(value: float, *, are_shares: bool) -> str:
    if not np.isfinite(value):
        return number(float("nan"))
    return f"{value:.0%}" if are_shares else number(value)


def _edges(places: np.ndarray) -> np.ndarray:
    """Borders of cells around increasing places, halfway between neighbours."""
    if len(places) == 1:
        return np.array([places[0] - 0.5, places[0] + 0.5])
    middles = (places[1:] + places[:-1]) / 2
    return np.concatenate([[2 * places[0] - middles[0]], middles, [2 * places[-1] - middles[-1]]])
