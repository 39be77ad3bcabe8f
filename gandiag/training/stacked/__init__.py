"""Many runs that share an architecture, trained as one model: the same numbers in a fraction of the time."""

from gandiag.training.stacked.loop import shared as shared
from gandiag.training.stacked.loop import train_stacked as train_stacked
from gandiag.training.stacked.loop import why_alone as why_alone
