"""Which settings of a study answer the same question: those that differ in what is compared alone."""

from gandiag.study.grids import Setting, telling
from gandiag.study.study import Study, label


def group_of(study: Study, setting: Setting) -> str:
    """What a setting is compared within, such as its loss or its data: the first thing that the baseline leaves open.

    Empty where the baseline fixes everything, or nothing.

    Examples:
        >>> from gandiag.study import across, product
        >>> from gandiag.training import TrainingConfig
        >>> grid = across(product(loss=["hinge", "minimax"]), product(regularizer=["none", "spectral_norm"]))
        >>> study = Study("s", "?", TrainingConfig(), grid, baseline={"regularizer": "none"})
        >>> group_of(study, grid[1])
        'loss=hinge'
    """
    kept = {key: value for key, value in telling(setting).items() if key not in study.baseline}
    first = next(iter(kept), None)
    return "" if first is None or not study.baseline else label({first: kept[first]})


def groups(study: Study) -> dict[str, str]:
    """Label of each setting → its group."""
    return {label(setting): group_of(study, setting) for setting in study.grid}


def treatment_of(study: Study, setting: Setting) -> str:
    """What a setting does within its group, in words: ``'regularizer=spectral_norm'`` in the example above."""
    group, told = group_of(study, setting), telling(setting)
    rest = {key: value for key, value in told.items() if label({key: value}) != group}
    return label(rest or told)
