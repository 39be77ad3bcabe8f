"""Looking at what a generator makes: samples in, one row of the probes table out."""

from gandiag.probes.judging import JudgeSpec as JudgeSpec
from gandiag.probes.judging import Judging as Judging
from gandiag.probes.judging import resolve_judge as resolve_judge
from gandiag.probes.probe import Probe as Probe
from gandiag.probes.reference import Reference as Reference
from gandiag.probes.reference import packaged_reference as packaged_reference
from gandiag.probes.reference import reference_from_samples as reference_from_samples
from gandiag.probes.reference import take_samples as take_samples
