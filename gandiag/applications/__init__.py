"""The lecture's applications, each a GAN that is watched as any user's is."""

from gandiag.applications.colorize import ColorizeSettings as ColorizeSettings
from gandiag.applications.colorize import train_colorize as train_colorize
from gandiag.applications.cyclegan import CycleGANSettings as CycleGANSettings
from gandiag.applications.cyclegan import train_cyclegan as train_cyclegan
from gandiag.applications.session import ApplicationResult as ApplicationResult
from gandiag.applications.session import run_session as run_session
