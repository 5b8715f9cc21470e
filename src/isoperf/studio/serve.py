"""Start the studio: find or make the project's store, listen, open a browser."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import threading
import webbrowser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from isoperf.errors import MissingExtraError, OptionError
from isoperf.store import Store, find
from isoperf.store.address import database
from isoperf.store.finding import FOLDER, VARIABLE
from isoperf.studio.settings import LOOPBACK, Settings

__all__ = ["prepared", "serve"]

ANY = ("0.0.0.0", "::")
TRIED = 20  # ports tried when nobody asked for a certain one


def prepared(
    store: str | None, host: str, port: int | None, token: str | None, names: tuple[str, ...] = ()
) -> Settings:
    """Return what the studio is to be started with; the store is made where there is none.

    Parameters
    ----------
    store : its folder or the address of its database; the project's own, or ``.isoperf`` in this folder, when absent.
    host : address to listen on; any but this machine's own needs a token, and gets one.
    port : a free one from 8765 on when absent.
    token : what browsers must show; "" makes one.
    names : further names by which browsers reach this machine, as behind a proxy.

    Raises
    ------
    MissingExtraError : the packages that serve pages are absent.
    OptionError : the port is taken, or the store cannot be used.
    """
    missing = [name for name in ("starlette", "uvicorn", "jinja2", "python_multipart") if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the studio needs packages that are absent: {', '.join(missing)}. Install them with: pip install "
            "'isoperf[studio]'. In a clone of the repository, make studio installs them and opens it."
        )
    given = store or os.environ.get(VARIABLE, "")
    kept = Store(given) if given else find() or Store(FOLDER)
    kept.create()
    base = given if database(given) else ""
    if token == "" or (token is None and host not in LOOPBACK):
        token = secrets.token_urlsafe(24)
    folder = Path(FOLDER) if base else kept.path
    names = (*_own_names(), *names) if host in ANY else names
    return Settings(folder.resolve(), base, host, _port(host, port), names, token or "")


def serve(settings: Settings, opened: bool, say: Callable[[str], None], begin: str | None = None) -> None:
    """Serve pages until interrupted.

    Parameters
    ----------
    opened : whether to open a browser; say : told where the studio is.
    begin : a file to begin with; its table is added to the store.

    Raises
    ------
    IsoperfError : the file cannot be read.
    """
    import uvicorn

    from isoperf.studio.app import create

    page = _added(settings, Path(begin)) if begin else ""
    app = create(settings)
    url = settings.url.replace("/?", f"{page}?") if "?" in settings.url else settings.url.rstrip("/") + (page or "/")
    say(f"Isoperf studio: {url}")
    where = Store(settings.tables).place
    say(f"Tables are kept in {where}, answers in {settings.folder}. Ctrl-C ends it.")
    if opened:
        threading.Timer(0.7, webbrowser.open, [url]).start()
    # no log of requests: the address of the first one may hold the token
    config = uvicorn.Config(app, settings.host, settings.port, ws="none", log_level="warning", access_log=False)
    config.server_header = False
    uvicorn.Server(config).run()


def _own_names() -> tuple[str, ...]:
    """Return the names and addresses of this machine, for a server that listens on all of them."""
    name = socket.gethostname()
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(name, None)}
    except OSError:
        found = set()
    return tuple(dict.fromkeys((name, socket.getfqdn(), *sorted(found))))


def _added(settings: Settings, file: Path) -> str:
    """Keep a file's table, and return the address of its page."""
    from isoperf.studio.intake import slug, suffix_of
    from isoperf.studio.workspace import Workspace

    incoming = settings.folder / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    copy = incoming / f"{secrets.token_hex(8)}{suffix_of(file.name)}"
    shutil.copyfile(file, copy)
    return Workspace(settings).add(slug(file.name), copy).path


def _port(host: str, port: int | None) -> int:
    """Return the port asked for, or the first free one."""
    tried = [port] if port is not None else list(range(8765, 8765 + TRIED))
    for one in tried:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, one))
                return int(probe.getsockname()[1])
            except OSError as problem:
                reason = problem
    place = f"port {port}" if port is not None else f"ports {tried[0]} to {tried[-1]}"
    raise OptionError(f"cannot listen on {host}, {place}: {reason.strerror}. Choose another with --port.")
