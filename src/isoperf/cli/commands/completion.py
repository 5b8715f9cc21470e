"""Print a shell's completion script."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]

SHELLS = ("bash", "zsh", "fish")
SUMMARY = "Print a shell's completion script."
HELP = f"""{SUMMARY}

\b
bash: eval "$(isoperf completion bash)" in ~/.bashrc
zsh:  eval "$(isoperf completion zsh)" in ~/.zshrc
fish: isoperf completion fish > ~/.config/fish/completions/isoperf.fish
"""


@click.command(short_help=SUMMARY, help=HELP)
@click.argument("shell", metavar=f"[{'|'.join(SHELLS)}]", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options and tables."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"this version of click writes no completion for {shell}.", ctx)
    click.echo(found(ctx.find_root().command, {}, "isoperf", "_ISOPERF_COMPLETE").source())
