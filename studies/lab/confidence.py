"""How sure is a verdict? Curves of confidence, fitted to gandiag's findings on the calibration runs.

    python studies/lab/confidence.py          (some seconds; to be repeated whenever a rule or a threshold changes)

Writes gandiag/detect/confidence.csv, which the detectors read, and reports/lab/reliability.csv: each finding with the
confidence that curves give it to which no run of its recipe belonged.
"""

import argparse
from pathlib import Path

import pandas as pd

from gandiag.cli import explain_errors
from gandiag.cli.lab import read_benchmark
from gandiag.detect.confidence import TABLE, Curve, Group
from gandiag.lab.confidence import RELIABILITY, cross_fitted, fit_curves, rate_runs

ROOT = Path(__file__).parents[2]
SOURCE = """\
# How often findings of gandiag's detectors were right on the {runs} calibration runs of reports/lab, against the
# decades between their numbers and the thresholds:
# confidence = min(most, 1 / (1 + exp(-(intercept + slope * margin)))). Written by studies/lab/confidence.py.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, default=ROOT / "reports" / "lab", help="the benchmark")
    options = parser.parse_args()
    rated = rate_runs(*read_benchmark(options.archive, "calibration"))
    curves = fit_curves(rated)
    runs = len(rated[["scenario", "seed"]].drop_duplicates())
    table = ROOT / "gandiag" / "detect" / TABLE
    rows = curve_table(curves).to_csv(index=False, float_format="%.4g")
    table.write_text(SOURCE.format(runs=runs) + rows, encoding="utf-8")
    cross_fitted(rated).to_csv(options.archive / RELIABILITY, index=False, float_format="%.4g")
    print(curve_table(curves).round(3).to_string(index=False))


def curve_table(curves: dict[Group, Curve]) -> pd.DataFrame:
    """A row a group of findings."""
    return pd.DataFrame({"role": role, "failure": failure, **vars(curve)} for (role, failure), curve in curves.items())


if __name__ == "__main__":
    explain_errors(main)
