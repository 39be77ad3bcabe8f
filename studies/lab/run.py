"""How often is the verdict right? All recordings of the laboratory, from nothing.

    python studies/lab/run.py --data-dir DIR          (can be interrupted, even killed, and goes on where it was)

Keeps the runs in runs/lab.
"""

import argparse
from pathlib import Path

import torch

from gandiag.cli import explain_errors
from gandiag.cli.lab_run import run_all
from gandiag.lab.archive import unpack
from gandiag.lab.catalogue import SCENARIOS, SEEDS

ROOT = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", help="folder that holds MNIST, in torchvision's layout")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "lab", help="where the runs are kept")
    parser.add_argument("--go-on-from", type=Path, help="packed recordings whose runs need not be done again")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.go_on_from:
        unpack(options.go_on_from, options.runs)
    run_all(list(SCENARIOS.values()), range(options.seeds), options.runs, options.data_dir)


if __name__ == "__main__":
    explain_errors(main)
