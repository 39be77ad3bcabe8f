"""The ``gandiag`` command: what it offers, and how it fails."""

import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

import click

from gandiag.errors import GandiagError, GandiagWarning
from gandiag.version import VERSION

EXIT_BAD_INPUT, EXIT_INTERRUPTED = 3, 130
COMMANDS = ("run", "train", "generate", "study", "diagnose", "compare", "report", "score", "lab")


class LazyCommands(click.Group):
    """Imports a command's module when it is asked for: reading a run must not wait for torch."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"gandiag.cli.{name}").command
        return command


@click.command(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="gandiag")
def commands() -> None:
    """Which failure of a GAN it is, since which step, on what evidence, and what to do next."""


def main() -> None:
    """Run the command line."""
    explain_errors(lambda: commands.main(standalone_mode=False, prog_name="gandiag"))


def explain_errors(program: Callable[[], Any]) -> NoReturn:
    """Run a program for a person: a mistake of theirs is one sentence and exit code 3, without a traceback."""
    warnings.showwarning = _show_warning
    try:
        code = program()
    except GandiagError as error:
        code = _complain(str(error))
    except click.ClickException as error:
        code = _complain(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        click.echo("gandiag: interrupted", err=True)
        code = EXIT_INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


def _complain(sentence: str) -> int:
    click.echo(f"gandiag: {sentence}", err=True)
    return EXIT_BAD_INPUT


def _show_warning(message: Warning | str, category: type[Warning], *rest: Any, **options: Any) -> None:
    """gandiag's own warnings as plain sentences; those of other libraries are not the user's to mend."""
    if issubclass(category, GandiagWarning):
        click.echo(f"gandiag: {message}", err=True)
