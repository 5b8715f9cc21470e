"""Commands and options by the words that people try first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from isoperf.columns import meant
from isoperf.errors import did_you_mean

__all__ = ["OFTEN", "nearest_option", "unknown_command"]

OFTEN = ("data", "forecast", "plan", "compare", "validate", "choose", "trace", "studio", "demo")
"""Where most questions begin, in the order in which the help page shows them."""

_COMMANDS = {
    "forecast": ("predict", "prediction", "extrapolate", "project", "estimate", "scale"),
    "plan": ("optimise", "optimize", "optimal", "allocate", "budget", "suggest"),
    "choose": ("select", "pick", "best", "decide"),
    "compare": ("diff", "versus", "vs"),
    "data": ("show", "describe", "info", "head", "inspect", "load", "read", "columns", "datasets", "tables", "list"),
    "studio": ("ui", "gui", "web", "serve", "server", "app", "dashboard", "open", "start"),
    "demo": ("example", "examples", "tutorial", "quickstart"),
    "trace": ("curve", "learning-curve", "curves"),
    "validate": ("backtest", "evaluate", "rehearse"),
    "frontier": ("pareto",),
    "bill": ("cost", "price", "costs"),
    "rank-models": ("rank", "ranking", "leaderboard"),
}
_OPTIONS = {
    "report": ("out", "output", "html", "save", "file"),
    "json": ("format",),
    "map": ("rename", "column", "columns"),
    "where": ("filter", "query"),
    "level": ("confidence", "interval", "ci", "alpha"),
    "limit": ("at_most", "at_least", "max", "min", "constraint", "under"),
    "maximise": ("maximize", "max"),
    "minimise": ("minimize", "min"),
    "y": ("target", "metric", "output_column", "score"),
    "horizon": ("at", "x_at", "step", "steps", "epoch", "epochs", "until"),
    "x_at": ("horizon", "step", "steps", "epoch", "epochs"),
}


def unknown_command(word: str, known: Iterable[str]) -> str:
    """Say that there is no such command, and what may be meant."""
    known = list(known)
    if Path(word).suffix and Path(word).is_file():
        return (
            f"{word!r} is a file, and a command comes before it: 'isoperf data {word}' shows what is read in it, "
            f"'isoperf forecast {word}' asks it."
        )
    other = next((name for name, words in _COMMANDS.items() if word.lower() in words and name in known), "")
    near = f" Did you mean {other!r}?" if other else did_you_mean(word, known)
    often = ", ".join(name for name in OFTEN if name in known)
    return f"no command {word!r}.{near} Most asked: {often}; {len(known)} in all."


def nearest_option(option: str, known: Iterable[str]) -> str:
    """Return the option that a word is another word for, among those of a command, or nothing."""
    word = re.sub(r"\W", "_", option.strip("-").lower())
    ours = {name.lstrip("-").replace("-", "_"): name for name in known if name.startswith("--")}
    words = [meant(word), *(name for name, words in _OPTIONS.items() if word in words)]
    return next((ours[name] for name in words if name in ours), "")
