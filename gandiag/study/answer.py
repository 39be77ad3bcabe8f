"""A study's answer in words."""

import pandas as pd

from gandiag.study.statistics import LOWER_IS_BETTER, mean_interval
from gandiag.study.study import Study, label

SIGNIFICANT = 0.05
MOST_BASELINES = 8  # told one by one


def answer(study: Study, runs: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
    """Paragraphs, the answer first, then how far the study is."""
    others = [study.published] if study.published else []
    return [
        _health(summary), *_differences(study, summary), *_beside_published(study, runs), *others, _extent(study, runs)
    ]  # fmt: skip


def beside_published(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """What others found beside the mean over the seeds here: one row a setting and measure that are published."""
    judged, known = runs[runs["error"].isna()], {label(setting) for setting in study.grid}
    rows = []
    for setting, values in study.published_values.items():
        if setting not in known:  # of the whole study, where this is it in small
            continue
        own = judged[judged["setting"] == setting]
        for measure, value in values.items():
            found = own[measure].dropna().astype("float64").tolist() if measure in own else []
            low, high = mean_interval(found)
            mean = sum(found) / len(found) if found else float("nan")
            rows.append((setting, measure, len(found), mean, low, high, value))
    return pd.DataFrame(rows, columns=["setting", "measure", "runs", "here", "low", "high", "published"])


def _beside_published(study: Study, runs: pd.DataFrame) -> list[str]:
    """A sentence a measure."""
    table = beside_published(study, runs)
    return [
        f"{measure}, mean here (published): "
        + "; ".join(f"{one['setting']} {_figure(one['here'])} ({one['published']:.4g})" for _, one in rows.iterrows())
        + "."
        for measure, rows in table.groupby("measure", sort=False)
    ]


def _figure(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def share(row: pd.Series, outcome: str) -> str:
    """A rate with its interval."""
    if pd.isna(row[outcome]):
        return "–"
    return f"{row[outcome]:.0%} [{row[f'{outcome}_low']:.0%}, {row[f'{outcome}_high']:.0%}]"


def _health(summary: pd.DataFrame) -> str:
    known = summary.dropna(subset=["healthy"])
    if known.empty:
        return "No run of any setting could be judged."
    best = known["healthy"].max()
    first = known[known["healthy"] == best]
    if best == 0:
        return f"No setting of {len(known)} has a healthy run."
    row = first.iloc[0]
    others = f" and {len(first) - 1} more" if len(first) > 1 else ""
    told = f"Most often healthy: {row['setting']}{others}, {share(row, 'healthy')} of {int(row['runs'])} runs each."
    if len(first) == len(known):
        told = f"All {len(known)} settings are healthy equally often: {share(row, 'healthy')} of their runs."
    baselines = known[known["setting"].isin(set(known["baseline"].dropna()))]
    if 0 < len(baselines) <= MOST_BASELINES:
        told += " Baselines: " + "; ".join(
            f"{one['setting']} {share(one, 'healthy')}" for _, one in baselines.iterrows()
        )
        told += "."
    return told


def _differences(study: Study, summary: pd.DataFrame) -> list[str]:
    told = []
    compared = summary[summary["baseline"].notna()]
    for measure in study.measures if len(compared) else ():
        change = compared[f"{measure}_difference"]
        if change.notna().sum() == 0:
            continue
        sure = compared[f"{measure}_p_adjusted"] < SIGNIFICANT
        better = sure & ((change < 0) if measure in LOWER_IS_BETTER else (change > 0))
        worse = sure & ~better
        sentence = (
            f"{measure}, against the baseline on the same seeds: better {int(better.sum())}, "
            f"worse {int(worse.sum())}, open {int((change.notna() & ~sure).sum())} settings "
            "(paired t-test, Benjamini–Hochberg at 5 %)."
        )
        for word, found in (("gain", better), ("harm", worse)):
            if found.any():
                sentence += _greatest(word, compared[found], measure)
        told.append(sentence)
    return told


def _greatest(word: str, settings: pd.DataFrame, measure: str) -> str:
    row = settings.iloc[int(settings[f"{measure}_difference"].abs().argmax())]
    low, high = row[f"{measure}_difference_low"], row[f"{measure}_difference_high"]
    return f" The greatest {word}: {row['setting']}, {row[f'{measure}_difference']:+.3g} [{low:+.3g}, {high:+.3g}]."


def _extent(study: Study, runs: pd.DataFrame) -> str:
    failed = int(runs["error"].notna().sum())
    told = (
        f"{len(runs)} of {len(study.runs)} runs: {len(study.grid)} settings with {study.seeds} paired seeds, "
        f"{study.base.iterations:,} iterations each, {runs['seconds'].sum() / 3600:.2f} hours on one core."
    )
    return told + (f" {failed} runs could not be done; their rows say why." if failed else "")
