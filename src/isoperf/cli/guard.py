"""Every failure becomes one message on stderr and an exit code; only bugs may show a traceback."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
import traceback
from collections.abc import Callable
from typing import Any

import click

from isoperf.errors import IsoperfError
from isoperf.request.wording import in_options

__all__ = ["DEBUG_VARIABLE", "guarded"]

DEBUG_VARIABLE = "ISOPERF_DEBUG"
INTERRUPTED = 130
UNEXPECTED = 1


def guarded(run: Callable[[], Any]) -> int:
    """Run a command and return its exit code, having told the user of any failure."""
    try:
        code = run()
        sys.stdout.flush()
    except click.Abort:
        _say("interrupted")
        code = INTERRUPTED
    except click.ClickException as error:
        _say(f"error: {_usage(error)}")
        code = error.exit_code
    except IsoperfError as error:
        _say(f"error: {in_options(str(error))}")
        code = error.exit_code
    except MemoryError:
        _say("error: out of memory. Use fewer rows (--where) or fewer refits, or a machine with more memory.")
        code = UNEXPECTED
    except BrokenPipeError:
        code = UNEXPECTED
    except OSError as error:
        _say(f"error: {_refused(error)}")
        code = IsoperfError.exit_code
    except Exception as error:
        _say(_unexpected(error))
        code = UNEXPECTED
    _abandon_broken_stdout()
    return code if isinstance(code, int) else 0


def _say(message: str) -> None:
    """Write one line, wrapped only where a person reads it."""
    if sys.stderr.isatty() and "\n" not in message:
        width = min(shutil.get_terminal_size().columns, 100)
        message = textwrap.fill(message, width, break_long_words=False, break_on_hyphens=False)
    with contextlib.suppress(OSError):
        click.echo(message, err=True)


def _usage(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split())
    if isinstance(error, click.MissingParameter) and isinstance(error.param, click.Argument):
        text = f"{text.rstrip('.')}: a file, - for standard input, or the name of a table"
    text += "" if text.endswith((".", "?", "?)")) else "."
    context = getattr(error, "ctx", None)
    return f"{text} See '{context.command_path} --help'." if context else text


def _refused(error: OSError) -> str:
    name = f" '{error.filename}'" if error.filename else ""
    return f"the system refused{name}: {error.strerror or error}. Check the disk, the place and its permissions."


def _unexpected(error: Exception) -> str:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exc()
    reason = str(error).partition("\n")[0]
    return (
        f"unexpected error: {type(error).__name__}: {reason}\nThis is a bug in Isoperf: please report it "
        f"with the command and its table. Set {DEBUG_VARIABLE}=1 to see where it happened."
    )


def _abandon_broken_stdout() -> None:
    """Let the interpreter end in peace when whoever read the output has gone or its disk is full."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
