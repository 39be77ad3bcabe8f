"""What mends what: the share of failing runs that are healthy with a remedy, pair by pair."""

import math

import pandas as pd

from gandiag.metrics.share import Share
from gandiag.study.statistics import SIGNIFICANT, adjusted, paired_rate_p_value
from gandiag.study.study import Study, label

HEALTHY, UNDECIDED = "healthy", "insufficient_data"
BEST_TOLD = 5


def beside_baselines(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """Each run beside its baseline's on the same seed; a baseline run stands beside itself.

    Returns:
        The runs, with ``baseline``, ``verdict_before``, ``seconds_before`` and ``stacked_before``, and the matrix's
        first key as the baseline has it: a failure is what a run had before the remedy.
    """
    assert study.matrix is not None
    failure, _ = study.matrix
    baselines = {label(setting): study.baseline_of(setting) or label(setting) for setting in study.grid}
    if "stacked" not in runs:
        runs = runs.assign(stacked=False)
    before = runs[["setting", "seed", "verdict", "seconds", "stacked", failure]].rename(
        columns={"setting": "baseline"} | {name: f"{name}_before" for name in ("verdict", "seconds", "stacked")}
    )
    own = runs.drop(columns=failure).assign(baseline=runs["setting"].map(baselines))
    return own.merge(before, on=["baseline", "seed"])


def mended(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """One row a failure and remedy, over the runs whose baseline failed on the same seed.

    Returns:
        The study's two keys; ``pairs`` (failing baseline runs with a judged partner), ``mended`` (share of the partners
        that are healthy) with its Wilson interval, and ``cost`` (median ratio of their times; NaN, where one was
        trained in a stack, which takes less time, and the other alone).
    """
    assert study.matrix is not None
    failure, remedy = study.matrix
    pairs = _pairs(study, runs)
    pairs = pairs[~pairs["verdict_before"].isin([HEALTHY, UNDECIDED])]
    rows = []
    for (one, other), found in pairs.groupby([failure, remedy], sort=False):
        share = Share(int((found["verdict"] == HEALTHY).sum()), len(found))
        alike = found[found["stacked"] == found["stacked_before"]]
        cost = float((alike["seconds"] / alike["seconds_before"]).median())
        rows.append((one, other, share.of, share.value, *share.interval, cost if math.isfinite(cost) else math.nan))
    return pd.DataFrame(rows, columns=[failure, remedy, "pairs", "mended", "mended_low", "mended_high", "cost"])


def pooled(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """One row a remedy, over all that it was tried on: how much more often runs are healthy with it than without.

    Returns:
        The matrix's second key; ``pairs``; ``healthy`` (share) with its Wilson interval; ``healthy_before``, the
        baseline's on the same pairs; ``p`` of McNemar's exact test, and ``p_adjusted`` over all remedies.
    """
    assert study.matrix is not None
    _, remedy = study.matrix
    rows = []
    for name, found in _pairs(study, runs).groupby(remedy, sort=False):
        after, before = (found[column] == HEALTHY for column in ("verdict", "verdict_before"))
        share, changes = Share(int(after.sum()), len(found)), after.astype(int) - before.astype(int)
        p = paired_rate_p_value(changes.tolist())
        rows.append((name, share.of, share.value, *share.interval, float(before.mean()), p))
    columns = [remedy, "pairs", "healthy", "healthy_low", "healthy_high", "healthy_before", "p"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_adjusted=adjusted(table["p"].tolist())).sort_values(
        ["healthy_low", "healthy"], ascending=False, kind="stable", ignore_index=True
    )


def _pairs(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """Runs with a remedy whose baseline, like themselves, was judged."""
    beside = beside_baselines(study, runs)
    return beside[(beside["setting"] != beside["baseline"]) & beside[["verdict", "verdict_before"]].notna().all(axis=1)]


def best_overall(study: Study, table: pd.DataFrame) -> list[str]:
    """The pooled answer in words."""
    surely = table[(table["p_adjusted"] < SIGNIFICANT) & (table["healthy"] > table["healthy_before"])]
    if table.empty:
        return []
    if surely.empty:
        return ["Over all that they were tried on, no remedy makes runs healthy more often (McNemar's exact test)."]
    assert study.matrix is not None
    told = "; ".join(
        f"{row[study.matrix[1]]} {row['healthy']:.0%} [{row['healthy_low']:.0%}, {row['healthy_high']:.0%}] "
        f"of {int(row['pairs'])}, {row['healthy_before']:.0%} before"
        for _, row in surely.head(BEST_TOLD).iterrows()
    )
    return [
        f"Over all that they were tried on, {len(surely)} of {len(table)} remedies make runs healthy more often than "
        f"their baselines on the same seeds (McNemar's exact test, Benjamini–Hochberg at 5 %). Most often healthy: "
        f"{told}."
    ]


def best_remedies(study: Study, matrix: pd.DataFrame) -> list[str]:
    """The answer in words: for every failure, what mends it most often, and of several the cheapest."""
    assert study.matrix is not None
    failure, remedy = study.matrix
    told = []
    for name, own in matrix.groupby(failure, sort=False):
        ranked = own.sort_values(["mended_low", "cost"], ascending=[False, True], kind="stable")
        best = ranked.iloc[0]
        if not best["mended"]:
            told.append(f"{str(name).replace('_', ' ')}: nothing mends any of {int(best['pairs'])} failing runs")
            continue
        equals = int((ranked["mended_low"] == best["mended_low"]).sum()) - 1
        told.append(
            f"{str(name).replace('_', ' ')}: {best[remedy]}{f' (and {equals} more as often)' if equals else ''} "
            f"mends {best['mended']:.0%} [{best['mended_low']:.0%}, {best['mended_high']:.0%}] "
            f"of {int(best['pairs'])} failing runs"
            + ("" if pd.isna(best["cost"]) else f", at {best['cost']:.1f} times the time")
        )
    return ["What mends most often. " + "; ".join(told) + "."] if told else ["No baseline run failed."]
