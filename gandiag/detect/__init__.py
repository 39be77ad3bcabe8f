"""From a Recording to a Diagnosis: pure functions, without torch."""

from gandiag.detect.diagnose import diagnose as diagnose
from gandiag.detect.finding import Diagnosis as Diagnosis
from gandiag.detect.finding import Evidence as Evidence
from gandiag.detect.finding import Failure as Failure
from gandiag.detect.finding import Finding as Finding
from gandiag.detect.finding import Remedy as Remedy
from gandiag.detect.finding import Status as Status
from gandiag.detect.finding import Verdict as Verdict
