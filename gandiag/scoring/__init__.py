"""Scores of finished samples, whatever made them."""

from gandiag.scoring.generators import Sampling as Sampling
from gandiag.scoring.samples import read_samples as read_samples
