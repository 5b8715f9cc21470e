"""Published tables of training runs and learning curves, by name."""

from isoperf.datasets.fetch import fetch, path
from isoperf.datasets.loading import load
from isoperf.datasets.registry import TableInfo, info, names

__all__ = ["TableInfo", "fetch", "info", "load", "names", "path"]
