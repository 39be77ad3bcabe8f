"""Scores of finished samples, whatever made them."""

from gandiag.scoring.attribution import Attribution as Attribution
from gandiag.scoring.extractors import Extractor as Extractor
from gandiag.scoring.extractors import resolve_extractor as resolve_extractor
from gandiag.scoring.generators import Sampling as Sampling
from gandiag.scoring.samples import read_samples as read_samples
from gandiag.scoring.scorecard import Scorecard as Scorecard
from gandiag.scoring.scorecard import score_samples as score_samples
