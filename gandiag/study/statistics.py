"""What the runs of a study say, with its uncertainty."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from gandiag.metrics.share import Share
from gandiag.study.study import Study, label

OUTCOMES = ("healthy", "vanishing_gradients", "mode_collapse", "non_convergence", "insufficient_data")
LOWER_IS_BETTER = (
    "energy", "fid_judge", "kl_to_real", "unsure_share", "census_kl_to_real", "census_unsure_share", "duplicate_rate",
    "cycle_error", "cycle_error_noised", "cycle_amplification", "seconds",
)  # fmt: skip
CONFIDENCE, POWER, RESAMPLES, SIGNIFICANT = 0.95, 0.8, 10_000, 0.05
LEAST_VALUES = 5  # of an interval: even from the least to the greatest, four cover their mean in 7 of 8 cases only
FEW = 1000  # seeds up to which the normal approximation of a test's power is not enough


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half, which a single odd run does not move; of fewer than four values the mean.

    References:
        | Deep Reinforcement Learning at the Edge of the Statistical Precipice (Agarwal et al., 2021), Section 4.3
        | https://arxiv.org/abs/2108.13264
    """
    return float(stats.trim_mean(np.asarray(values, dtype=float), 0.25)) if len(values) else math.nan


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    r"""Bootstrap interval of the mean, at 95 %; NaN for fewer than five values.

    Percentiles of the bootstrap, taken further out so that it is not too narrow for few values: at
    :math:`\Phi(\pm\sqrt{n / (n - 1)}\, t_{0.975, n - 1})`.

    References:
        | What Teachers Should Know About the Bootstrap (Hesterberg, 2015), expanded percentile interval
        | https://doi.org/10.1080/00031305.2015.1089789
    """
    found = np.asarray(values, dtype=float)
    count = len(found)
    if count < LEAST_VALUES:
        return math.nan, math.nan
    expanded = math.sqrt(count / (count - 1)) * stats.t.ppf(0.5 + CONFIDENCE / 2, count - 1)
    bounds = stats.bootstrap(
        (found,), np.mean, n_resamples=RESAMPLES, confidence_level=2 * stats.norm.cdf(expanded) - 1,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    return float(bounds.low), float(bounds.high)


def effect_size(differences: Sequence[float]) -> float:
    """Cohen's d of paired differences, their mean in units of their standard deviation; NaN where that is 0."""
    found = np.asarray(differences, dtype=float)
    spread = float(found.std(ddof=1)) if len(found) > 1 else 0.0
    return float(found.mean()) / spread if spread > 0 else math.nan


def seeds_needed(differences: Sequence[float], level: float = SIGNIFICANT) -> float:
    """Seeds at which Student's paired test finds a mean difference of this size and spread, with power 0.8.

    Args:
        differences: Paired differences.
        level: Of the test; lower where it is one of many.

    Returns:
        Infinite where the mean is 0; NaN where the differences do not vary.

    Examples:
        >>> seeds_needed([1.0, -1.0, 2.0, 0.0])
        55.0
    """
    size = abs(effect_size(differences))
    if not size:
        return math.inf
    if not math.isfinite(size):
        return math.nan
    z = float(stats.norm.ppf(1 - level / 2) + stats.norm.ppf(POWER))
    count = max(2, math.ceil((z / size) ** 2))
    while count < FEW and _power(count, size, level) < POWER:
        count += 1
    return float(count)


def _power(count: int, size: float, level: float) -> float:
    """Of Student's paired test: how often it finds an effect of a size (Cohen's d)."""
    critical, shift = stats.t.ppf(1 - level / 2, count - 1), size * math.sqrt(count)
    return float(stats.nct.sf(critical, count - 1, shift) + stats.nct.cdf(-critical, count - 1, shift))


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
    n, drawn = len(values), np.arange(1, len(values) + 1)
    expected, chance = np.zeros(n), drawn / n if n else np.zeros(0)  # that the i-th best is the best of those drawn
    for place, value in enumerate(sorted(values, reverse=not lower_is_better), start=1):
        expected += value * chance
        chance = chance * np.maximum(n - place - drawn + 1, 0) / max(n - place, 1)
    return [float(one) for one in expected]


def paired_rate_p_value(changes: Sequence[float]) -> float:
    """p of McNemar's exact test: of the pairs that changed, as many to the better (1) as to the worse (−1)?

    Examples:
        >>> paired_rate_p_value([1.0, 1.0, 1.0, 0.0, 1.0, 1.0])
        0.0625
    """
    better, worse = sum(one > 0 for one in changes), sum(one < 0 for one in changes)
    return float(stats.binomtest(better, better + worse).pvalue) if better + worse else math.nan


def budget_table(runs: pd.DataFrame, group: pd.Series, measure: str) -> pd.DataFrame:
    """Expected best of a measure for each number of runs drawn, within each group of settings.

    Args:
        runs: A row a run.
        group: Of each run.
        measure: Column of ``runs``.

    Returns:
        ``group``, ``runs`` and ``expected_best``.
    """
    values = runs[measure].astype("float64").groupby(group.to_numpy(), sort=False)
    curves = {name: budget_curve(own.dropna().tolist(), measure in LOWER_IS_BETTER) for name, own in values}
    rows = [(name, count, best) for name, curve in curves.items() for count, best in enumerate(curve, start=1)]
    return pd.DataFrame(rows, columns=["group", "runs", "expected_best"])


def summarise(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """One row a setting: rates of the outcomes, measures, and paired differences against its baseline.

    An ``…_p_adjusted`` is corrected over all settings. Where it leaves a difference open, ``…_seeds_needed`` says how
    many would decide it, at the level that the correction asks of the next one.
    """
    rows, differences = [], {measure: list[list[float]]() for measure in study.measures}
    for setting in study.grid:
        own, other = _judged(runs, label(setting)), _judged(runs, study.baseline_of(setting))
        count = int((runs["setting"] == label(setting)).sum())
        row: dict[str, object] = {"setting": label(setting), "baseline": study.baseline_of(setting), "runs": count}
        row |= {"errors": count - len(own), **_rates(own), **_healthier(own, other)}
        row["seconds"] = float(own["seconds"].median()) if len(own) else math.nan
        for measure in study.measures:
            found = (_values(own, measure) - _values(other, measure)).dropna().tolist()
            differences[measure].append(found)
            row |= _measured(own, measure) | _compared(found, measure)
        rows.append(row)
    table = pd.DataFrame(rows)
    table["healthy_p_adjusted"] = adjusted(table["healthy_p"].tolist())
    for measure, found in differences.items():
        table[f"{measure}_p_adjusted"] = adjusted(table[f"{measure}_p"].tolist())
        table[f"{measure}_seeds_needed"] = _needed(found, table[f"{measure}_p_adjusted"])
    return table


def _judged(runs: pd.DataFrame, setting: str | None) -> pd.DataFrame:
    return runs[(runs["setting"] == setting) & runs["error"].isna()]


def _rates(judged: pd.DataFrame) -> dict[str, float]:
    row: dict[str, float] = {}
    for one in OUTCOMES:
        share = Share(int((judged["verdict"] == one).sum()) if len(judged) else 0, len(judged))
        row |= {one: share.value, f"{one}_low": share.interval[0], f"{one}_high": share.interval[1]}
    return row


def _healthier(judged: pd.DataFrame, other: pd.DataFrame) -> dict[str, float]:
    """How much more often healthy than the baseline, on the same seeds."""
    own, before = ((one.set_index("seed")["verdict"] == OUTCOMES[0]).astype(float) for one in (judged, other))
    changes = (own - before).dropna().tolist()
    difference = float(np.mean(changes)) if changes else math.nan
    return {"healthy_difference": difference, "healthy_p": paired_rate_p_value(changes)}


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


def _compared(differences: list[float], measure: str) -> dict[str, float]:
    """Differences to the baseline on the same seeds."""
    low, high = mean_interval(differences)
    return {
        f"{measure}_difference": float(np.mean(differences)) if differences else math.nan,
        f"{measure}_difference_low": low,
        f"{measure}_difference_high": high,
        f"{measure}_effect_size": effect_size(differences),
        f"{measure}_p": paired_p_value(differences),
    }


def _needed(differences: list[list[float]], corrected: pd.Series) -> list[float]:
    """Seeds that would decide, where the corrected p leaves it open."""
    decided, tested = int((corrected < SIGNIFICANT).sum()), int(corrected.notna().sum())
    level = SIGNIFICANT * (decided + 1) / max(tested, decided + 1)
    return [
        seeds_needed(found, level) if p >= SIGNIFICANT else math.nan
        for found, p in zip(differences, corrected, strict=True)
    ]
