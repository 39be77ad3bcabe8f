"""A study in pictures: outcomes, the first measure, its profile, and the best to be had for a budget of runs."""

import io
from collections.abc import Callable
from typing import Any, Literal

import matplotlib
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from gandiag.study.answer import number
from gandiag.study.groups import groups
from gandiag.study.matrix import beside_baselines
from gandiag.study.statistics import LOWER_IS_BETTER, OUTCOMES, budget_table, mean_interval
from gandiag.study.study import Study, label

MOST_PROFILED = 10  # lines, or they cannot be told apart
DOTS_PER_INCH = 150
WORST_SHOWN = 0.95  # quantile of the measure at which the axis ends; diverged runs would hide all others


def first_measure(study: Study, runs: pd.DataFrame) -> str | None:
    """The most important measure that any run has."""
    return next((one for one in study.measures if one in runs and runs[one].notna().any()), None)


def budgets(study: Study, runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The budget curves of a study: one a group of settings, where there are not too many to be told apart."""
    found = groups(study)
    few = 1 < len(set(found.values())) <= MOST_PROFILED
    group = runs["setting"].map(found) if few else pd.Series("all settings", runs.index)
    return budget_table(runs, group, measure)


def figure_of(study: Study, runs: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Shares of the outcomes and the first measure, a row a setting; its performance profile and its budget curves."""
    treatment = _treatment(study, runs)
    profiled = runs[treatment].nunique() <= MOST_PROFILED
    height = 1.6 + 0.26 * len(study.grid)
    figure = Figure(figsize=(19 if profiled else 15, max(4.0, height)), layout="constrained")
    outcomes, measured, *profiles, budget = figure.subplots(
        1, 4 if profiled else 3, width_ratios=[1.2, 1.2, *([1.2] * profiled), 1]
    )
    _draw_outcomes(outcomes, summary)
    measure = first_measure(study, runs)
    if measure is None:
        for axes in (measured, *profiles, budget):
            axes.set_axis_off()
    else:
        _draw_measure(measured, study, runs, measure)
        for axes in profiles:
            _draw_profile(axes, runs, treatment, measure)
        _draw_budget(budget, study, runs, measure)
    figure.suptitle(study.question, wrap=True)
    return figure


def matrix_figure(study: Study, runs: pd.DataFrame, matrix: pd.DataFrame) -> Figure | None:
    """Shares of healthy runs, of mended ones, and the first measure's median, by the two keys of the matrix.

    Nothing, where the first key is the kind of failure and no run was judged to have one.
    """
    assert study.matrix is not None
    across, down = study.matrix
    beside = beside_baselines(study, runs)
    order = [_order(study, beside, key) for key in (down, across)]
    if not all(order):
        return None
    judged = beside[beside["error"].isna()]
    judged = judged.assign(healthy=(judged["verdict"] == "healthy").astype(float))
    measure = first_measure(study, judged)
    figure = Figure(figsize=(5 + 2.2 * len(order[1]), 2.4 + 0.26 * len(order[0])), layout="constrained")
    healthy, *mended, measured = figure.subplots(1, 3 if len(matrix) else 2, sharey=True)
    shares: dict[str, Any] = {"form": "{:.0%}".format, "cmap": "Blues", "vmin": 0, "vmax": 1}
    _heat(healthy, judged.pivot_table("healthy", down, across), order, "Healthy runs", **shares)
    for axes in mended:  # none, where no baseline run failed
        _heat(axes, matrix.pivot_table("mended", down, across), order, "Of the failing runs, mended", **shares)
    if measure is None:
        measured.set_axis_off()
    else:
        table = judged.pivot_table(measure, down, across, aggfunc="median")
        colours = "Blues_r" if measure in LOWER_IS_BETTER else "Blues"
        _heat(measured, table, order, f"{measure}, median", form=number, cmap=colours, robust=True)
    figure.suptitle(study.question, wrap=True)
    return figure


def budget_figure(study: Study, runs: pd.DataFrame, measure: str) -> Figure:
    """The first measure's performance profiles and budget curves, by group: of a study that a matrix shows."""
    figure = Figure(figsize=(13, 4.5), layout="constrained")
    profile, budget = figure.subplots(1, 2)
    _draw_profile(profile, runs.assign(group=runs["setting"].map(groups(study))), "group", measure)
    _draw_budget(budget, study, runs, measure)
    return figure


def _order(study: Study, runs: pd.DataFrame, key: str) -> list[str]:
    """Values of a matrix's key, as the grid has them, or else as runs were found to have them."""
    values = [setting[key] for setting in study.grid if key in setting] or runs[key].dropna().tolist()
    return list(dict.fromkeys(map(str, values)))


def _heat(
    axes: Axes,
    table: pd.DataFrame,
    order: list[list[str]],
    title: str,
    form: Callable[[float], str],
    **options: Any,
) -> None:
    shown = table.reindex(index=order[0], columns=order[1]).astype("float64")
    shown = shown.set_axis([name.replace("_", " ") for name in shown.columns], axis=1)
    told = shown.map(form)
    seaborn.heatmap(shown, annot=told, fmt="", cbar=False, linewidths=0.5, annot_kws={"size": 8}, ax=axes, **options)
    axes.set(xlabel="", ylabel="", title=title)
    axes.tick_params(axis="x", rotation=40)
    axes.tick_params(axis="y", rotation=0)


def drawn(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """The figure as a picture; the same figure gives the same bytes."""
    content = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "gandiag"}):
        figure.savefig(content, format=kind, dpi=DOTS_PER_INCH, metadata={"Date": None} if kind == "svg" else None)
    return content.getvalue()


def _draw_outcomes(axes: Axes, summary: pd.DataFrame) -> None:
    shares = summary.set_index("setting")[list(OUTCOMES)].astype("float64")
    shares.columns = [name.replace("_", " ") for name in shares.columns]
    seaborn.heatmap(shares, annot=True, fmt=".0%", cmap="Blues", vmin=0, vmax=1, cbar=False, linewidths=0.5, ax=axes)
    axes.set(xlabel="", ylabel="", title="Share of runs by verdict")
    axes.tick_params(axis="x", rotation=30)


def _draw_measure(axes: Axes, study: Study, runs: pd.DataFrame, measure: str) -> None:
    shown, order = runs[runs["error"].isna()], [label(setting) for setting in study.grid]
    seaborn.pointplot(
        shown, x=measure, y="setting", order=order, errorbar=lambda own: mean_interval(own.tolist()),
        linestyle="none", ax=axes,
    )  # fmt: skip
    seaborn.stripplot(
        shown, x=measure, y="setting", order=order, size=3, color="0.6", jitter=False, ax=axes, legend=False
    )
    finite = shown[measure].dropna()
    axes.set_xlim(left=min(0.0, float(finite.min())), right=1.05 * max(float(finite.quantile(WORST_SHOWN)), 1e-9))
    axes.set(ylabel="", yticklabels=[], title=f"{measure}: mean, 95 % interval, runs")
    axes.grid(axis="y", alpha=0.3)


def _treatment(study: Study, runs: pd.DataFrame) -> str:
    """The column of what is compared with a baseline; the settings themselves where there is none, or several."""
    return next(iter(study.baseline)) if len(study.baseline) == 1 and set(study.baseline) <= set(runs) else "setting"


def _draw_profile(axes: Axes, runs: pd.DataFrame, treatment: str, measure: str) -> None:
    """Share of runs that are at least as good, as a function of how good (Agarwal et al., 2021, Section 4.2)."""
    shown, lower = runs[runs["error"].isna()], measure in LOWER_IS_BETTER
    seaborn.ecdfplot(shown, x=measure, hue=treatment, complementary=not lower, ax=axes)
    axes.set(ylabel=f"share of runs {'at most' if lower else 'above'} that", title="Performance profile")
    axes.set_xlim(float(shown[measure].min()), 1.05 * max(float(shown[measure].quantile(WORST_SHOWN)), 1e-9))
    seaborn.move_legend(axes, "upper left", bbox_to_anchor=(1, 1), title=None, fontsize="small", frameon=False)


def _draw_budget(axes: Axes, study: Study, runs: pd.DataFrame, measure: str) -> None:
    """The best of as many runs drawn at random (Lucic et al., 2018, Figure 2)."""
    table = budgets(study, runs, measure)
    several = table["group"].nunique() > 1
    seaborn.lineplot(table, x="runs", y="expected_best", hue="group" if several else None, ax=axes)
    axes.set(xscale="log", xlabel="runs drawn at random", ylabel=f"expected best {measure}", title="Budget")
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    if several:
        axes.legend(title=None)
