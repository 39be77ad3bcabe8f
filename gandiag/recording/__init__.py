"""The one structure that all parts speak: what happened in a run, as tidy tables."""

from gandiag.recording.recorder import Recorder as Recorder
from gandiag.recording.recording import Recording as Recording
from gandiag.recording.tables import SCHEMA_VERSION as SCHEMA_VERSION
from gandiag.recording.tables import TABLES as TABLES
