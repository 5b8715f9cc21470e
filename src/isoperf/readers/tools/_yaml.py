"""YAML files, read without aliases: a few lines of those may stand for more than any memory holds."""

from __future__ import annotations

from typing import Any

from isoperf.errors import DataError, MissingExtraError
from isoperf.readers._blob import Blob, decompressed, utf8

__all__ = ["SUFFIXES", "decode"]

SUFFIXES = (".yaml", ".yml", ".yaml.gz", ".yml.gz")


def decode(blob: Blob) -> Any:
    """Return what a file holds: plain values alone, never objects.

    Raises
    ------
    DataError : it is not YAML, or uses aliases.
    MissingExtraError : PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtraError(
            f"{blob.name}: reading YAML needs PyYAML. "
            'Install it with pip install "isoperf[yaml]", or export the report as JSON.'
        ) from None
    text = utf8(decompressed(blob)).decode()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=loader)):
            raise DataError(f"{blob.name} uses YAML aliases, which are not followed. Export it as JSON.")
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        reason = " ".join(str(error).split())[:120]
        raise DataError(f"{blob.name} is not valid YAML ({reason}). Correct it, or export it again.") from None
