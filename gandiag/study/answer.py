"""A study's answer in words."""

from itertools import combinations

import pandas as pd

from gandiag.study.groups import groups, treatment_of
from gandiag.study.statistics import LOWER_IS_BETTER, SIGNIFICANT, mean_interval
from gandiag.study.study import Study

MOST_BASELINES = 8  # told one by one
MOST_RANKED = 10  # settings of a group that are told in order


def answer(study: Study, runs: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
    """Paragraphs, the answer first, then how far the study is."""
    others = [study.published] if study.published else []
    return [
        *_ranking(study, summary), _health(summary), *_differences(study, summary), *_beside_published(study, runs),
        *others, _extent(study, runs),
    ]  # fmt: skip


def _ranking(study: Study, summary: pd.DataFrame) -> list[str]:
    """The settings of each group from the best on, by the first measure that was had; nothing where they are many."""
    measure = next((one for one in study.measures if summary[f"{one}_iqm"].notna().any()), None)
    table = summary.assign(
        group=list(groups(study).values()),
        treatment=[treatment_of(study, setting) for setting in study.grid],
    )
    if measure is None or not study.baseline or table.groupby("group").size().max() > MOST_RANKED:
        return []
    column = f"{measure}_iqm"
    ranked = table.dropna(subset=[column]).sort_values(column, ascending=measure in LOWER_IS_BETTER, kind="stable")
    told = []
    for name in dict.fromkeys(table["group"]):
        own = ranked[ranked["group"] == name]
        settings = (f"{row['treatment']} = {number(row[column])} ({row['healthy']:.0%})" for _, row in own.iterrows())
        told.append((f"{name}: " if name else "") + ", ".join(settings))
    return [f"From the best on, by {measure} (and by how many runs are healthy). {'; '.join(told)}."]


def beside_published(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """What others found beside the mean over the seeds here: one row a setting and measure that are published."""
    judged = runs[runs["error"].isna()]
    rows = []
    for setting, values in study.published_values.items():
        own = judged[judged["setting"] == setting]
        for measure, value in values.items():
            found = own[measure].dropna().astype("float64").tolist() if measure in own else []
            low, high = mean_interval(found)
            mean = sum(found) / len(found) if found else float("nan")
            rows.append((setting, measure, len(found), mean, low, high, value))
    return pd.DataFrame(rows, columns=["setting", "measure", "runs", "here", "low", "high", "published"])


def _beside_published(study: Study, runs: pd.DataFrame) -> list[str]:
    """A sentence a measure, and how much of the published order holds."""
    return [
        f"{measure}, mean here (published): "
        + "; ".join(f"{one['setting']} {number(one['here'])} ({one['published']:.4g})" for _, one in rows.iterrows())
        + f". In the published order: {_in_order(rows, rows['setting'].map(groups(study)))}."
        for measure, rows in beside_published(study, runs).groupby("measure", sort=False)
    ]


def _in_order(rows: pd.DataFrame, group: pd.Series) -> str:
    """Pairs of settings that lie here as they lie in print, group by group."""
    told = []
    for name, own in rows.groupby(group, sort=False):
        pairs = [
            (one["here"] - other["here"]) * (one["published"] - other["published"]) > 0
            for (_, one), (_, other) in combinations(own.iterrows(), 2)
            if one["published"] != other["published"]
        ]
        told.append(f"{f'{name} ' if name else ''}{sum(pairs)} of {len(pairs)} pairs")
    return ", ".join(told)


def number(value: float, sign: str = "") -> str:
    """A number of three digits or, from 100 on, a whole one; a dash where it is not known.

    Args:
        value: The number.
        sign: ``"+"`` shows that of positive ones too.
    """
    return "–" if pd.isna(value) else f"{value:{sign}.3g}" if abs(value) < 100 else f"{value:{sign}.0f}"


def interval(low: float, high: float, sign: str = "") -> str:
    """An interval's bounds behind a number; nothing where too few runs give none."""
    return "" if pd.isna(low) else f" [{number(low, sign)}, {number(high, sign)}]"


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
        if compared[f"{measure}_p"].isna().all():
            sentence = f"{measure}, against the baseline on the same seeds: too few seeds for a test."
        for word, found in (("gain", better), ("harm", worse)):
            if found.any():
                sentence += _greatest(word, compared[found], measure)
        told.append(sentence)
    return told


def _greatest(word: str, settings: pd.DataFrame, measure: str) -> str:
    row = settings.iloc[int(settings[f"{measure}_difference"].abs().argmax())]
    difference, low, high = (row[f"{measure}_difference{end}"] for end in ("", "_low", "_high"))
    return f" The greatest {word}: {row['setting']}, {number(difference, '+')}{interval(low, high, '+')}."


def _extent(study: Study, runs: pd.DataFrame) -> str:
    failed = int(runs["error"].notna().sum())
    shortest, longest = int(runs["iterations"].min()), int(runs["iterations"].max())
    told = (
        f"{len(runs)} of {len(study.runs)} runs: {len(study.grid)} settings with {study.seeds} paired seeds, "
        f"{f'{shortest:,} to ' if shortest < longest else ''}{longest:,} iterations each, "
        f"{runs['seconds'].sum() / 3600:.2f} hours on one core"
    )
    untimed = int(runs["seconds"].isna().sum())
    told += f", {untimed} of them not timed." if untimed else "."
    return told + (f" {failed} runs could not be done; their rows say why." if failed else "")
