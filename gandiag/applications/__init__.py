"""The lecture's applications, each a GAN that is watched as any user's is."""

from gandiag.applications.session import ApplicationResult as ApplicationResult
from gandiag.applications.session import run_session as run_session
