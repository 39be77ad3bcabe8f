"""``gandiag run SCRIPT``"""

import os
import shutil
import signal
import sys
import traceback
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import click

from gandiag.cli.program import Program, find_module
from gandiag.monitor import Monitor, begin, is_watched
from gandiag.monitor.discovery import Discovery
from gandiag.monitor.norms import Number
from gandiag.monitor.roles import Roles
from gandiag.monitor.script_names import intended_critic_steps
from gandiag.report import write_report


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("-m", "--module", is_flag=True, help="SCRIPT is the name of a module, as python -m takes it.")
@click.option("--out", type=click.Path(path_type=Path), help="Run directory. [default: runs/ and the script's name]")
@click.option("--generator", help="The generator's name in the script, if it is not found rightly.")
@click.option("--discriminator", help="The discriminator's name in the script, if it is not found rightly.")
@click.option("--judge", help="'mnist' to judge samples by the packaged digit classifier.")
@click.option("--every", type=int, help="Generator steps from probe to probe. [default: at most 5 % of the time]")
def command(script: str, arguments: tuple[str, ...], module: bool, out: Path | None, **options: Any) -> int:
    """Run a training script, unmodified, and watch the GAN in it.

    SCRIPT runs as with python, with the ARGUMENTS that follow it. Options of gandiag's own stand before it. Leaves a
    run directory, a verdict and a report, however the script ends; exits as the script does.
    """
    program = find_module(script) if module else Program.from_file(Path(script))
    return run_program(program, list(arguments), out or unused_directory(program.name), **options)


def unused_directory(name: str) -> Path:
    """``runs/<name>``, or with the first number that is free."""
    places = (Path("runs") / (name + suffix) for suffix in ("", *(f"-{n}" for n in range(2, 10_000))))
    return next(place for place in places if not place.exists())


def run_program(
    program: Program,
    arguments: list[str],
    out: Path,
    generator: str | None = None,
    discriminator: str | None = None,
    judge: str | None = None,
    every: int | None = None,
) -> int:
    """Run a program as python would, watched; returns its exit code.

    Raises:
        SystemExit: If the script does.
    """
    out = out.absolute()
    monitors: list[Monitor] = []

    def watch(roles: Roles, earlier: list[dict[int, Number]]) -> None:
        if monitors:  # of what was found provisionally, and turned out to be another training before the GAN's
            monitors.pop().close()
            shutil.rmtree(out, ignore_errors=True)
        if any(is_watched(module) for module in roles.modules):
            _say("the script attaches gandiag itself; its own monitor is left to it")
            return
        _say(f"watching {roles}")
        try:
            monitors.append(
                begin(
                    roles.networks,
                    judge=judge,  # type: ignore[arg-type]
                    every=every,
                    out=out,
                    configuration=_configuration(program, arguments),
                    earlier=earlier,
                )
            )
        except Exception as error:  # the script must run on
            _say(f"cannot watch: {error}")

    discovery = Discovery(watch, generator, discriminator)
    ending: BaseException | None = None
    main = ModuleType("__main__")  # kept until the end: its variables hold the networks
    try:
        program.run_as_main(arguments, main)
    except BaseException as error:  # however the script ends, what was recorded is brought home first
        ending = error
    seen = discovery.seen()
    discovery.stop()
    if monitors:
        _bring_home(monitors[0], out, program.name)
    if (said := _what_was_not_watched(discovery, seen)) is not None:
        _say(said)
    return _end_as(ending)


def _what_was_not_watched(discovery: Discovery, seen: list[str]) -> str | None:
    if discovery.optimizers_unwatched:
        return f"{discovery.optimizers_unwatched} optimizers were made later, and what they train was not watched"
    if discovery.found is not None:
        return None
    if discovery.error is not None:
        return f"the search for generator and discriminator failed ({discovery.error}); nothing was watched"
    if not discovery.heard_of_optimizers:
        return (
            "no optimizer was made, so nothing was watched. Where training runs in processes that the script starts, "
            "attach gandiag in them: examples/distributed.py"
        )
    return (
        "no generator and discriminator were recognised, so nothing was watched. Modules that an optimizer trains: "
        f"{', '.join(seen) or 'none'}. Name them with --generator and --discriminator."
    )


def _configuration(program: Program, arguments: list[str]) -> dict[str, Any]:
    """What to keep of the script's settings."""
    critic_steps = intended_critic_steps()
    meant = {} if critic_steps is None else {"n_critic": critic_steps}
    return {"script": program.given, "arguments": arguments, **meant}


def _bring_home(monitor: Monitor, out: Path, name: str) -> None:
    """The verdict and the report; an error of gandiag's own is said and harms nothing."""
    try:
        monitor.close()
        recording, diagnosis = monitor.recording, monitor.diagnose()
        click.echo(str(diagnosis), err=True)
        page = write_report(recording, diagnosis, out / "report.html", title=f"gandiag: {name}")
        _say(f"run directory {os.path.relpath(out)}, report {os.path.relpath(page)}")
    except Exception as error:
        _say(f"could not bring the run home: {type(error).__name__}: {error}")


def _end_as(ending: BaseException | None) -> int:
    """End as the script did: its exit code, its traceback, its signal."""
    if ending is None:
        return 0
    if isinstance(ending, SystemExit):
        raise ending
    if isinstance(ending, KeyboardInterrupt):
        _print_traceback(ending)
        sys.stdout.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    _print_traceback(ending)
    return 1


def _print_traceback(error: BaseException) -> None:
    """The traceback as python prints it, from the script's first line on."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") != "__main__":
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace or error.__traceback__)


def _say(sentence: str) -> None:
    click.echo(f"gandiag: {sentence}", err=True)
