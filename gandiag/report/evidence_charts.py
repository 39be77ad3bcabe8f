"""Evidence drawn: the series, the threshold that it was held against, and the onset."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gandiag.report import canvas
from gandiag.report.panels import Curve, EvidencePanel
from gandiag.report.wording import comparison, number, shorten

# What the threshold's label takes up, as shares of the axes.
LABEL_WIDTH, LABEL_HEIGHT = 0.5, 0.12


def evidence_chart(panel: EvidencePanel) -> Figure:
    """One panel as a figure of its own."""
    with canvas.house_style():
        figure = canvas.blank(4.8, 2.6)
        draw_evidence(figure.subplots(), panel)
    return figure


def evidence_grid(panels: list[EvidencePanel]) -> Figure:
    """All panels as small multiples, two in a row, each with a title."""
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    with canvas.house_style():
        figure = canvas.blank(5.4 * columns, 2.9 * rows)
        cells = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, panel in zip(cells, panels, strict=False):
            draw_evidence(axes, panel)
            evidence = panel.evidence
            color = canvas.ALARM if evidence.crossed else canvas.INK
            axes.set_title(f"{shorten(evidence.description, 52)}\n{comparison(evidence)}", color=color)
        for axes in cells[len(panels) :]:
            axes.set_axis_off()
    return figure


def draw_evidence(axes: Axes, panel: EvidencePanel) -> None:
    """Draw one panel into axes."""
    curve, evidence = panel.curve, panel.evidence
    if curve.empty:
        axes.text(0.5, 0.5, "not recorded", transform=axes.transAxes, ha="center", va="center", color=canvas.MUTED)
        axes.set_axis_off()
        return
    canvas.fit_x(axes, [curve.x, curve.not_finite])
    has_line = panel.on_scale and math.isfinite(evidence.threshold)
    canvas.fit_y(axes, [curve.y, np.array([evidence.threshold] if has_line else [])])
    canvas.iteration_axis(axes)
    color = canvas.ALARM if evidence.crossed else canvas.PALETTE[0]
    canvas.draw_curve(axes, curve, color, raw=True)
    canvas.mark_not_finite(axes, curve.not_finite)
    if has_line:
        _mark_threshold(axes, curve, evidence.threshold, fails_below=evidence.comparison == "<")
    canvas.mark_onset(axes, panel.finding.onset)


def _mark_threshold(axes: Axes, curve: Curve, threshold: float, *, fails_below: bool) -> None:
    """A labelled dashed line; the failing side is shaded, and given room enough to be seen."""
    canvas.make_room(axes, threshold, below=fails_below)
    low, high = axes.get_ylim()
    axes.axhspan(*((low, threshold) if fails_below else (threshold, high)), color=canvas.ALARM, alpha=0.07, linewidth=0)
    axes.set_ylim(low, high)
    axes.axhline(threshold, color=canvas.INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=4)
    at_right, above = _clearest_corner(axes, curve, threshold, fails_below=fails_below)
    axes.annotate(
        f"threshold {number(threshold)}, fails {'below' if fails_below else 'above'}",
        xy=(1.0 if at_right else 0.0, threshold),
        xycoords=axes.get_yaxis_transform(),
        xytext=(-4 if at_right else 4, 3 if above else -3),
        textcoords="offset points",
        ha="right" if at_right else "left",
        va="bottom" if above else "top",
        fontsize=canvas.SMALL,
        color=canvas.INK,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.8},
        zorder=6,
    )


def _clearest_corner(axes: Axes, curve: Curve, threshold: float, *, fails_below: bool) -> tuple[bool, bool]:
    """Where words beside the threshold hide least of the curve: at the right or left, above or below the line."""
    to_fraction = axes.transScale + axes.transLimits
    height = to_fraction.transform((axes.get_xlim()[0], threshold))[1]
    points = np.column_stack([curve.x, curve.y.clip(*axes.get_ylim())])
    x, y = to_fraction.transform(points).T if len(points) else np.empty((2, 0))

    def hidden(corner: tuple[bool, bool]) -> int:
        at_right, above = corner
        room = 1 - height if above else height
        if room < LABEL_HEIGHT:
            return len(x) + 1
        beside = x > 1 - LABEL_WIDTH if at_right else x < LABEL_WIDTH
        distance = y - height if above else height - y
        return int((beside & (distance > 0) & (distance < LABEL_HEIGHT)).sum())

    failing_side_first = [(right, side) for side in (not fails_below, fails_below) for right in (True, False)]
    return min(failing_side_first, key=hidden)
