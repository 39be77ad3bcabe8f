"""Watching a training loop from outside: hooks in, a Recording out, and nothing changed."""

from gandiag.monitor.attach import attach as attach
from gandiag.monitor.attach import begin as begin
from gandiag.monitor.attach import is_watched as is_watched
from gandiag.monitor.monitor import Monitor as Monitor
from gandiag.monitor.monitor import TrainingStopped as TrainingStopped
