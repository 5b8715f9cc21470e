"""Open the studio: tables, questions and answers in a browser."""

from __future__ import annotations

import click

__all__ = ["studio"]


@click.command(short_help="Open the studio: tables, questions and answers in a browser.")
@click.argument("data", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--store", metavar="PLACE", help="the store; by default the project's, or a new .isoperf here")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="address to listen on; others than this machine need a token"
)
@click.option("--port", type=click.IntRange(0, 65535), help="port to listen on; by default a free one from 8765 on")
@click.option("--name", "names", multiple=True, help="further name of this machine, as behind a proxy; repeat for more")
@click.option("--token", help="what browsers must show once; made up for addresses other than this machine's own")
@click.option("--open/--no-open", "opened", default=True, help="open a browser; on by default")
def studio(
    data: str | None,
    store: str | None,
    host: str,
    port: int | None,
    names: tuple[str, ...],
    token: str | None,
    opened: bool,
) -> None:
    """Open the studio: drop a table, ask, see the answer with its uncertainty, share it.

    DATA is a file to begin with. Everything runs on this machine and nothing is fetched from elsewhere.
    """
    from isoperf.studio.serve import prepared, serve

    settings = prepared(store, host, port, token, names)
    serve(settings, opened, lambda line: click.echo(line, err=True), begin=data)
