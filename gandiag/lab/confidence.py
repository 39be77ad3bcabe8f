"""Curves of confidence, fitted to findings whose truth the oracle knows, and how well they hold on other recipes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from gandiag.detect import Diagnosis, Verdict, diagnose
from gandiag.detect.confidence import Curve, Curves, Group, clean_group, clean_margin, group_of, margin
from gandiag.lab.scenario import AMBIGUOUS
from gandiag.metrics.share import Share
from gandiag.recording import Recording

RELIABILITY = "reliability.csv"
EDGES = (0.0, 0.3, 0.6, 0.9, 0.95, 0.98, 1.0)
DRAWN_IN = 0.5  # recipes
RIDGE = 0.1  # on the slope, in squared log-odds a decade


def rate_runs(labels: pd.DataFrame, recordings: Mapping[tuple[str, int], Recording]) -> pd.DataFrame:
    """All that gandiag finds in runs, and whether it is right.

    Args:
        labels: The benchmark's table; ambiguous runs are left out.
        recordings: (scenario, seed) → recording.

    Returns:
        A row a finding that was judged, and one for the verdict where that is ``healthy``: ``scenario``, ``seed``,
        ``role``, ``failure``, ``margin``, ``right``. A failure is right if the oracle found it in the run, be it not
        as the first; a clean bill if it did not.
    """
    rows: list[dict[str, Any]] = []
    for row in labels[labels["label"] != AMBIGUOUS].itertuples():
        key = str(row.scenario), int(str(row.seed))
        found = {one.partition("/")[0] for one in str(row.all).split(";") if one}
        rows += [
            dict(zip(("scenario", "seed"), key, strict=True)) | one for one in _rows(diagnose(recordings[key]), found)
        ]
    return pd.DataFrame(rows)


def _rows(diagnosis: Diagnosis, found: set[str]) -> list[dict[str, Any]]:
    rows = []
    for place, finding in enumerate(diagnosis.findings):
        group = group_of(finding, not place)
        if group is not None:
            right = (finding.failure.value in found) == (group[0] != "pass")
            rows.append({"role": group[0], "failure": group[1], "margin": margin(finding), "right": right})
    if diagnosis.verdict is Verdict.HEALTHY:
        at = clean_margin(diagnosis.findings)
        role, failure = clean_group(diagnosis.findings)
        rows.append({"role": role, "failure": failure, "margin": at, "right": not found})
    return rows


def fit_curves(rated: pd.DataFrame) -> dict[Group, Curve]:
    """A curve for each role and failure: logistic regression on the margin, with a weak penalty on the slope.

    Each recipe counts once, however many seeds it was run with: they resemble each other. The targets are drawn in, as
    if each group had half a recipe more of either outcome, so that few findings, all right, do not make for certainty.

    References:
        | Probabilistic Outputs for Support Vector Machines (Platt, 1999), Section 2.2
    """
    return {(str(role), str(failure)): _fit(own) for (role, failure), own in rated.groupby(["role", "failure"])}


def _fit(own: pd.DataFrame) -> Curve:
    margins, right = own["margin"].to_numpy(dtype=float), own["right"].to_numpy(dtype=bool)
    weights = 1 / own.groupby("scenario")["right"].transform("size").to_numpy(dtype=float)
    recipes, hits = float(weights.sum()), float(weights[right].sum())
    targets = np.where(right, (hits + DRAWN_IN) / (hits + 2 * DRAWN_IN), DRAWN_IN / (recipes - hits + 2 * DRAWN_IN))

    def loss(parameters: NDArray[Any]) -> float:
        odds = parameters[0] + parameters[1] * margins
        return float((weights * (np.logaddexp(0, odds) - targets * odds)).sum() + RIDGE * parameters[1] ** 2)

    start = np.log((hits + DRAWN_IN) / (recipes - hits + DRAWN_IN))
    intercept, slope = minimize(loss, [start, 0.0], method="L-BFGS-B", bounds=[(None, None), (0, None)]).x
    most = (recipes + DRAWN_IN) / (recipes + 2 * DRAWN_IN)
    return Curve(float(intercept), float(slope), most, round(recipes), len(own), int(right.sum()))


def cross_fitted(rated: pd.DataFrame) -> pd.DataFrame:
    """The same with ``confidence``: by curves that no run of the same recipe was among the ones for."""
    parts = []
    for name, own in rated.groupby("scenario", sort=False):
        curves = fit_curves(rated[rated["scenario"] != name])
        parts.append(own.assign(confidence=[_confidence(curves, row) for _, row in own.iterrows()]))
    return pd.concat(parts).sort_index()


@dataclass(frozen=True)
class Bin:
    """Findings of about the same confidence.

    Attributes:
        confidence: Its mean over them.
        right: The share of them that are right.
    """

    confidence: float
    right: Share


def reliability(rated: pd.DataFrame) -> list[Bin]:
    """Findings by confidence, and how many are right: equal, up to chance, if confidence says what it means.

    Args:
        rated: What :func:`cross_fitted` returned; findings without a confidence are left out.
    """
    known = rated.dropna(subset="confidence")
    groups = known.groupby(pd.cut(known["confidence"], EDGES, include_lowest=True), observed=True)
    return [
        Bin(float(own["confidence"].mean()), Share(int(own["right"].sum()), len(own))) for _, own in groups if len(own)
    ]


def _confidence(curves: Curves, row: pd.Series) -> float:
    curve = curves.get((row["role"], row["failure"]))
    return float("nan") if curve is None else curve.at(row["margin"])
