"""The command `segbench`: its verbs, and how errors are reported.

Verbs import what they need when they run, so that --help is there at once.
"""

import functools
import gc
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

import bench
from bench.cli.card import card
from bench.cli.compare import compare
from bench.cli.doctor import doctor
from bench.cli.export import export
from bench.cli.gate import gate
from bench.cli.list import list_
from bench.cli.pareto import pareto
from bench.cli.run import run
from bench.cli.score import score
from bench.cli.selftest import selftest
from bench.cli.sensitivity import sensitivity
from bench.cli.show import show
from bench.cli.train_micro import train_micro
from bench.errors import SegbenchError

VERBS: dict[str, Callable[..., None]] = {
    "run": run,
    "show": show,
    "card": card,
    "compare": compare,
    "gate": gate,
    "pareto": pareto,
    "score": score,
    "export": export,
    "sensitivity": sensitivity,
    "list": list_,
    "selftest": selftest,
    "doctor": doctor,
    "train-micro": train_micro,
}

GARBAGE = 1_000_000
"""New objects before cyclic garbage is looked for. A large run's rows are many objects and no cycle; at
Python's 700 the search took a tenth of the time of `show` and `gate` over 10,000 cases."""

EPILOG = (
    "Exit codes: 0 ok, 1 the gate or a check failed, 2 bad input, 3 some case failed, "
    "4 nothing was measured, 130 interrupted."
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"segbench {bench.__version__}")
        raise typer.Exit


def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Measure every deployable variant of a segmentation model; publish the card; guard the build."""
    del version


def guard(verb: Callable[..., None]) -> Callable[..., None]:
    """The verb, with expected errors as one sentence and an exit code instead of a traceback."""

    @functools.wraps(verb)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            verb(*args, **kwargs)
            sys.stdout.flush()
        except SegbenchError as e:
            tell(e)
            raise typer.Exit(e.exit_code) from None
        except KeyboardInterrupt:
            print("Interrupted.", file=sys.stderr)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # The reader went away (`| head`).
            mute()
            raise typer.Exit(1) from None
        except OSError as e:
            if e.errno is None:  # raised by a library about something else: a bug
                raise
            try:
                sys.stdout.flush()
            except OSError:
                mute()
            tell(told(e))
            raise typer.Exit(2) from None

    return guarded


def mute() -> None:
    """Send standard output nowhere; else Python complains again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def told(error: OSError) -> SegbenchError:
    """What the operating system refused, as a sentence with the file and a hint."""
    where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    hint = "Check the folder's rights and the space on the disk."
    return SegbenchError(f"{where}{error.strerror}", hint)


def tell(error: SegbenchError) -> None:
    """Print the sentence and the hint to standard error."""
    print(f"Error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)


def build() -> typer.Typer:
    """The application with all its verbs."""
    # Without markup the help is plain text and costs no import of rich; an unexpected exception is
    # a bug and keeps Python's own traceback.
    made = typer.Typer(
        name="segbench",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    made.callback()(_top)
    for name, verb in VERBS.items():
        line = (verb.__doc__ or "").partition("\n")[0]
        made.command(name, short_help=line)(guard(verb))
    return made


app = build()


def main() -> None:
    """The entry point."""
    gc.set_threshold(GARBAGE)
    app(prog_name="segbench")
