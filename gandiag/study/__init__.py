"""Studies: a question, a grid, paired seeds, and an answer with its uncertainty."""

from gandiag.study.execution import run_study as run_study
from gandiag.study.grids import Grid as Grid
from gandiag.study.grids import Range as Range
from gandiag.study.grids import Setting as Setting
from gandiag.study.grids import across as across
from gandiag.study.grids import distinct as distinct
from gandiag.study.grids import listed as listed
from gandiag.study.grids import named as named
from gandiag.study.grids import product as product
from gandiag.study.grids import random_search as random_search
from gandiag.study.grids import zipped as zipped
from gandiag.study.results import write_results as write_results
from gandiag.study.study import Run as Run
from gandiag.study.study import Study as Study
