"""The lecture's applications, each a GAN that is watched as any user's is."""

from gandiag.applications.class_quality import ClassQuality as ClassQuality
from gandiag.applications.class_quality import LabelFidelity as LabelFidelity
from gandiag.applications.class_quality import class_quality as class_quality
from gandiag.applications.class_quality import label_fidelity as label_fidelity
from gandiag.applications.colorize import ColorizeSettings as ColorizeSettings
from gandiag.applications.colorize import train_colorize as train_colorize
from gandiag.applications.conditional import ConditionalSettings as ConditionalSettings
from gandiag.applications.conditional import restore_generator as restore_generator
from gandiag.applications.conditional import sample as sample
from gandiag.applications.conditional import train_conditional as train_conditional
from gandiag.applications.cyclegan import CycleGANSettings as CycleGANSettings
from gandiag.applications.cyclegan import train_cyclegan as train_cyclegan
from gandiag.applications.session import ApplicationResult as ApplicationResult
from gandiag.applications.session import run_session as run_session
