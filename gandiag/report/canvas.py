"""How figures look: one style, one palette, and the few marks that several figures share."""

import contextlib
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from PIL import Image

from gandiag.report.panels import SMALLEST, Curve, prefers_log
from gandiag.report.wording import number

# Sharp where a screen has two pixels for each of the page's.
DPI = 160
SMALL = 9.0
INK, MUTED, GRID = "#1f2430", "#6b7280", "#e6e8ec"
ALARM, ONSET = "#c2410c", "#7c3aed"
# Okabe and Ito's colours, which colour-blind readers tell apart; yellow is left out, being faint on white.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")

_OUR_STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": "#c4c9d1",
    "axes.labelcolor": MUTED,
    "axes.labelsize": SMALL,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "figure.facecolor": "white",
}
_PROCESS_WIDE = ("backend", "interactive", "toolbar", "timezone", "date.", "webagg", "tk.", "macosx", "docstring")


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Draw in this package's style, whatever the user's matplotlibrc says."""
    style: Any = {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith(_PROCESS_WIDE)}
    with matplotlib.rc_context(style | _OUR_STYLE), warnings.catch_warnings():
        # Names of networks may hold any script; a box for a missing glyph is good enough.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def blank(width: float, height: float) -> Figure:
    """An empty figure, in inches, that belongs to no window."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def png(figure: Figure) -> bytes:
    """A figure as PNG: few colours, no metadata, the same bytes each time."""
    with house_style():
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return encode(picture.quantize(192, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE))


def encode(picture: Image.Image) -> bytes:
    """A picture as PNG without metadata."""
    out = io.BytesIO()
    picture.save(out, format="PNG", optimize=True)
    return out.getvalue()


def iteration_axis(axes: Axes, *, label: bool = True) -> None:
    """Whole, thousands-separated iterations along x."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if label:
        axes.set_xlabel("iteration")


def span(values: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """Lowest and highest of all finite values; ``None`` where there is none."""
    together = np.concatenate([np.asarray(one, float).ravel() for one in values]) if values else np.array([])
    together = together[np.isfinite(together)]
    return (float(together.min()), float(together.max())) if len(together) else None


def fit_x(axes: Axes, values: Sequence[np.ndarray]) -> None:
    """Set the x limits to the data, with a little air; a single iteration gets a window around it."""
    limits = span(values) or (0.0, 1.0)
    air = 0.02 * (limits[1] - limits[0]) or 1.0
    axes.set_xlim(limits[0] - air, limits[1] + air)


def fit_y(axes: Axes, values: Sequence[np.ndarray], *, log: bool | None = None) -> None:
    """Set scale and limits of y so that all finite values show; on a log scale, zeros lie on the bottom edge."""
    together = np.concatenate([np.asarray(one, float).ravel() for one in values]) if values else np.array([])
    together = together[np.isfinite(together)]
    positive = together[together >= SMALLEST]
    if log is None:
        log = prefers_log(together)
    if log and len(positive):
        _fit_log(axes, positive)
        if len(positive) < len(together):
            axes.text(0.01, 0.02, "lower edge: 0", transform=axes.transAxes, color=MUTED, fontsize=SMALL, zorder=6)
    else:
        low, high = (float(together.min()), float(together.max())) if len(together) else (0.0, 1.0)
        air = 0.1 * (high - low) or 0.1 * abs(high) or 1.0
        axes.set_ylim(low - air, high + air)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(0.0 if abs(value) < air / 1e6 else value)))


def _fit_log(axes: Axes, positive: np.ndarray) -> None:
    low, high = math.log10(positive.min()), math.log10(positive.max())
    air = max(0.08 * (high - low), 0.15)
    axes.set_yscale("log", nonpositive="clip")
    axes.set_ylim(10 ** (low - air), 10 ** (high + air))
    wide = high - low > 1.2
    axes.yaxis.set_major_locator(LogLocator(numticks=6) if wide else LogLocator(subs=(1.0, 2.0, 5.0), numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def make_room(axes: Axes, line: float, *, below: bool, share: float = 0.16) -> None:
    """Widen the y limits until at least a share of the height lies below, or above, a horizontal line."""
    axis = axes.yaxis.get_transform()
    low, high = axis.transform(np.array(axes.get_ylim()))
    middle = float(axis.transform(np.array([line]))[0])
    if not low <= middle <= high:
        return
    if below:
        low = min(low, middle - (high - middle) * share / (1 - share))
    else:
        high = max(high, middle + (middle - low) * share / (1 - share))
    axes.set_ylim(*axis.inverted().transform(np.array([low, high])))


def draw_curve(axes: Axes, curve: Curve, color: str, *, raw: bool, few: int = 60) -> None:
    """A strong line through the rolling median and, with ``raw``, the values faintly behind it.

    Where there are only a few values, they are the line: a median of so little would hide what was measured.
    """
    if len(curve.x) <= few:
        size = 3.5 if raw else 2.0
        axes.plot(curve.x, curve.y, "-o", color=color, linewidth=1.4, markersize=size, zorder=3)
        return
    if raw:
        axes.plot(curve.x, curve.y, color=color, alpha=0.28, linewidth=0.7, zorder=2)
    axes.plot(curve.median_x, curve.median_y, color=color, linewidth=1.8, zorder=3)


def mark_onset(axes: Axes, onset: int | None) -> None:
    """A labelled vertical line where the failure set in."""
    low, high = sorted(axes.get_xlim())
    if onset is None or not low <= onset <= high:
        return
    axes.axvline(onset, color=ONSET, linewidth=1.2, zorder=4)
    left_half = onset < (low + high) / 2
    axes.annotate(
        "onset",
        xy=(onset, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(4 if left_half else -4, -2),
        textcoords="offset points",
        ha="left" if left_half else "right",
        va="top",
        color=ONSET,
        fontsize=SMALL,
        fontweight="bold",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0},
        zorder=6,
    )


def mark_not_finite(axes: Axes, iterations: np.ndarray) -> None:
    """Crosses on the top edge where a value was infinite."""
    if not len(iterations):
        return
    low, high = axes.get_xlim()
    # Crosses that touch would read as a bar.
    _, apart = np.unique(((iterations - low) / (high - low) * 50).astype(int), return_index=True)
    shown = iterations[apart]
    axes.plot(
        shown,
        np.full(len(shown), 0.97),
        "x",
        transform=axes.get_xaxis_transform(),
        color=ALARM,
        markersize=4.5,
        markeredgewidth=1.2,
        zorder=5,
    )
    words = f"× not finite ({len(iterations):,})"
    axes.text(1.0, 1.02, words, transform=axes.transAxes, color=ALARM, fontsize=SMALL, ha="right")


def label_ends(axes: Axes, ends: Sequence[tuple[str, float, str]], height: float) -> None:
    """Write names beside the right ends of their lines, pushed apart where they would overlap.

    Args:
        axes: Axes whose limits are final.
        ends: Text, last value and colour of each line.
        height: Height of the axes in inches, near enough.
    """
    if not ends:
        return
    to_fraction = axes.transScale + axes.transLimits
    x, floor = axes.get_xlim()[1], axes.get_ylim()[0]
    wanted = [float(np.clip(to_fraction.transform((x, max(y, floor)))[1], 0.0, 1.0)) for _, y, _ in ends]
    places = spread(wanted, gap=SMALL * 1.25 / 72 / height)
    for (text, _, color), place in zip(ends, places, strict=True):
        axes.text(1.015, place, text, transform=axes.transAxes, color=color, fontsize=SMALL, va="center", ha="left")


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Places in [0, 1], at least ``gap`` apart where there is room, near to those wanted and in their order.

    Examples:
        >>> spread([0.5, 0.5], gap=0.25)
        [0.375, 0.625]
    """
    if len(wanted) < 2:
        return [min(max(place, 0.0), 1.0) for place in wanted]
    gap = min(gap, 1 / (len(wanted) - 1))
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    # With its rank's share of the gaps taken off, a place need only not lie below the one before it: neighbours in the
    # wrong order are averaged until none is left.
    blocks: list[tuple[float, int]] = []
    for wish in np.asarray(wanted)[order] - steps:
        mean, size = float(wish), 1
        while blocks and blocks[-1][0] > mean:
            before, others = blocks.pop()
            mean, size = (mean * size + before * others) / (size + others), size + others
        blocks.append((mean, size))
    level = np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])
    places = np.empty(len(wanted))
    places[order] = level.clip(0.0, 1.0 - steps[-1]) + steps
    return [float(place) for place in places]
