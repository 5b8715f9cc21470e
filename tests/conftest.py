"""What tests share: the folder of public tables, the random source of properties, a cache of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.unit.store_servers import Server

ROOT = Path(__file__).parents[1]
ABSENT = "the public tables are absent: set ISOPERF_DATA to a folder that holds them (pretrain/, ...)"

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure() -> None:
    """Set ISOPERF_DATA, unless the user did, to a folder beside the checkout that holds the tables."""
    if "ISOPERF_DATA" not in os.environ and (found := _beside_the_checkout()):
        os.environ["ISOPERF_DATA"] = str(found)


def _beside_the_checkout() -> Path | None:
    pretrain = next(ROOT.parent.glob("*/data/pretrain"), None)
    return pretrain.parent if pretrain else None


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Return the folder of public tables; skip where there is none."""
    folder = os.environ.get("ISOPERF_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip(ABSENT)
    return Path(folder)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep downloads of the tests out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOPERF_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Start a PostgreSQL server; skip with the reason where none can be started."""
    from tests.unit import store_servers

    if reason := store_servers.absent():
        pytest.skip(reason)
    server = store_servers.Server()
    yield server
    server.close()
