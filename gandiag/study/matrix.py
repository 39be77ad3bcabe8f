"""What mends what: the share of failing runs that are healthy with a remedy, pair by pair."""

import math

import pandas as pd

from gandiag.metrics.share import Share
from gandiag.study.study import Study, label

HEALTHY, UNDECIDED = "healthy", "insufficient_data"


def mended(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """One row a failure and remedy, over the runs whose baseline failed on the same seed.

    Returns:
        The study's two keys; ``pairs`` (failing baseline runs with a judged partner), ``mended`` (share of the partners
        that are healthy) with its Wilson interval, and ``cost`` (median ratio of their times).
    """
    assert study.matrix is not None
    failure, remedy = study.matrix
    baselines = {label(setting): study.baseline_of(setting) for setting in study.grid}
    own = runs.assign(baseline=runs["setting"].map(baselines)).dropna(subset=["baseline"])
    before = runs[["setting", "seed", "verdict", "seconds"]].rename(columns={"setting": "baseline"})
    pairs = own.merge(before, on=["baseline", "seed"], suffixes=("", "_before"))
    pairs = pairs[pairs["verdict"].notna() & ~pairs["verdict_before"].isin([HEALTHY, UNDECIDED])]
    pairs = pairs.dropna(subset=["verdict_before"])
    rows = []
    for (one, other), found in pairs.groupby([failure, remedy], sort=False):
        share = Share(int((found["verdict"] == HEALTHY).sum()), len(found))
        cost = float((found["seconds"] / found["seconds_before"]).median())
        rows.append((one, other, share.of, share.value, *share.interval, cost if math.isfinite(cost) else math.nan))
    return pd.DataFrame(rows, columns=[failure, remedy, "pairs", "mended", "mended_low", "mended_high", "cost"])


def best_remedies(study: Study, matrix: pd.DataFrame) -> list[str]:
    """The answer in words: for every failure, what mends it most often, and of several the cheapest."""
    assert study.matrix is not None
    failure, remedy = study.matrix
    told = []
    for name, own in matrix.groupby(failure, sort=False):
        ranked = own.sort_values(["mended", "mended_low", "cost"], ascending=[False, False, True], kind="stable")
        best = ranked.iloc[0]
        if not best["mended"]:
            told.append(f"{str(name).replace('_', ' ')}: nothing mends any of {int(best['pairs'])} failing runs")
            continue
        equals = int((ranked["mended_low"] == best["mended_low"]).sum()) - 1
        told.append(
            f"{str(name).replace('_', ' ')}: {best[remedy]}{f' (and {equals} more as often)' if equals else ''} "
            f"mends {best['mended']:.0%} [{best['mended_low']:.0%}, {best['mended_high']:.0%}] "
            f"of {int(best['pairs'])} failing runs, at {best['cost']:.1f} times the time"
        )
    return ["What mends most often. " + "; ".join(told) + "."] if told else ["No baseline run failed."]
