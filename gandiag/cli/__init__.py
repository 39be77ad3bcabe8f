"""The command line."""

from gandiag.cli.main import explain_errors as explain_errors
from gandiag.cli.main import main as main
