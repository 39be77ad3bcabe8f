"""The built-in training core: small, readable, and watched as any user's loop is."""

from gandiag.training.census import census as census
from gandiag.training.census import check_census as check_census
from gandiag.training.checkpoint import read_checkpoint as read_checkpoint
from gandiag.training.checkpoint import restore_players as restore_players
from gandiag.training.config import TrainingConfig as TrainingConfig
from gandiag.training.loop import TrainingResult as TrainingResult
from gandiag.training.loop import train as train
from gandiag.training.players import Players as Players
from gandiag.training.presets import PRESETS as PRESETS
