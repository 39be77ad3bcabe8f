"""What the runs of a study say, with its uncertainty."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from gandiag.metrics.share import Share
from gandiag.study.study import Study, label

OUTCOMES = ("healthy", "vanishing_gradients", "mode_collapse", "non_convergence", "insufficient_data")
LOWER_IS_BETTER = ("fid_judge", "kl_to_real", "census_kl_to_real", "duplicate_rate", "seconds")
CONFIDENCE, POWER, RESAMPLES = 0.95, 0.8, 2000


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half, which a single odd run does not move (Agarwal et al., 2021, Section 4.3)."""
    return float(stats.trim_mean(np.asarray(values, dtype=float), 0.25)) if len(values) else math.nan


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Bootstrap interval (percentile) of the mean, at 95 %; NaN for fewer than two values."""
    found = np.asarray(values, dtype=float)
    if len(found) < 2:
        return math.nan, math.nan
    source = np.random.default_rng(0)
    bounds = stats.bootstrap(
        (found,), np.mean, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", rng=source
    ).confidence_interval
    return float(bounds.low), float(bounds.high)


def effect_size(differences: Sequence[float]) -> float:
    """Cohen's d of paired differences, their mean in units of their standard deviation; NaN where that is 0."""
    found = np.asarray(differences, dtype=float)
    spread = float(found.std(ddof=1)) if len(found) > 1 else 0.0
    return float(found.mean()) / spread if spread > 0 else math.nan


def seeds_needed(differences: Sequence[float]) -> float:
    """Seeds at which a mean difference of this size and spread is found with power 0.8 at the 5 % level.

    By the normal approximation, :math:`n = ((z_{0.975} + z_{0.8}) / d)^2`.

    Examples:
        >>> seeds_needed([1.0, -1.0, 2.0, 0.0])
        53.0
    """
    size = effect_size(differences)
    if not size:
        return math.inf
    z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2) + stats.norm.ppf(POWER))
    return float(math.ceil((z / size) ** 2)) if math.isfinite(size) else math.nan


def paired_p_value(differences: Sequence[float]) -> float:
    """p of Student's paired t-test; NaN where the differences do not vary."""
    found = np.asarray(differences, dtype=float)
    if len(found) < 2 or np.ptp(found) == 0:
        return math.nan
    return float(stats.ttest_1samp(found, 0.0).pvalue)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's correction for many comparisons; NaN stay NaN and do not count."""
    found = np.asarray(p_values, dtype=float)
    known = ~np.isnan(found)
    if known.any():
        found[known] = stats.false_discovery_control(found[known])
    return [float(p) for p in found]


def budget_curve(values: Sequence[float], lower_is_better: bool = True) -> list[float]:
    r"""Expected best of :math:`k` runs drawn without replacement from these, for :math:`k = 1 … n`.

    :math:`\sum_i x_{(i)} \binom{n-i}{k-1} / \binom{n}{k}` with the values sorted from the best on.

    References:
        | Are GANs Created Equal? (Lucic et al., 2018), Section 6.1
        | https://arxiv.org/abs/1711.10337

    Examples:
        >>> budget_curve([3.0, 1.0, 2.0])
        [2.0, 1.3333333333333333, 1.0]
    """
    ranked, n = sorted(values, reverse=not lower_is_better), len(values)
    return [
        sum(x * math.comb(n - i, k - 1) for i, x in enumerate(ranked, start=1)) / math.comb(n, k)
        for k in range(1, n + 1)
    ]


def summarise(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """One row a setting: rates of the outcomes, measures, and paired differences against its baseline."""
    rows = []
    for setting in study.grid:
        own = runs[runs["setting"] == label(setting)]
        row: dict[str, object] = {"setting": label(setting), "baseline": study.baseline_of(setting), "runs": len(own)}
        judged = own[own["error"].isna()]
        row |= {"errors": len(own) - len(judged), **_rates(judged)}
        row["seconds"] = float(judged["seconds"].median()) if len(judged) else math.nan
        for measure in study.measures:
            row |= _measured(judged, measure) | _compared(runs, judged, study.baseline_of(setting), measure)
        rows.append(row)
    table = pd.DataFrame(rows)
    for measure in study.measures:
        table[f"{measure}_p_adjusted"] = adjusted(table[f"{measure}_p"].tolist())
    return table


def _rates(judged: pd.DataFrame) -> dict[str, float]:
    row: dict[str, float] = {}
    for one in OUTCOMES:
        share = Share(int((judged["verdict"] == one).sum()) if len(judged) else 0, len(judged))
        row |= {one: share.value, f"{one}_low": share.interval[0], f"{one}_high": share.interval[1]}
    return row


def _values(runs: pd.DataFrame, measure: str) -> pd.Series:
    """Seed → value, of the runs that have one."""
    if measure not in runs:
        return pd.Series(dtype="float64")
    return runs.set_index("seed")[measure].astype("float64").dropna()


def _measured(judged: pd.DataFrame, measure: str) -> dict[str, float]:
    values = _values(judged, measure)
    low, high = mean_interval(values.tolist())
    iqm = interquartile_mean(values.tolist())
    return {f"{measure}_iqm": iqm, f"{measure}_low": low, f"{measure}_high": high, f"{measure}_runs": len(values)}


def _compared(runs: pd.DataFrame, judged: pd.DataFrame, baseline: str | None, measure: str) -> dict[str, float]:
    """Differences to the baseline on the same seeds."""
    other = runs[(runs["setting"] == baseline) & runs["error"].isna()] if baseline else runs[:0]
    found = (_values(judged, measure) - _values(other, measure)).dropna().tolist()
    low, high = mean_interval(found)
    return {
        f"{measure}_difference": float(np.mean(found)) if found else math.nan,
        f"{measure}_difference_low": low,
        f"{measure}_difference_high": high,
        f"{measure}_effect_size": effect_size(found),
        f"{measure}_p": paired_p_value(found),
        f"{measure}_seeds_needed": seeds_needed(found) if low <= 0 <= high else math.nan,
    }
