"""The style elements that Plotly's script would write into a page, whose policy forbids it."""

from __future__ import annotations

import re
from functools import cache

from isoperf.report.html import plotly_path

__all__ = ["style_ids"]

_WRITTEN = re.compile(rb'document\.getElementById\("([0-9a-f]{40,})"\)\)\{var \w+=document\.createElement\("style"\)')


@cache
def style_ids() -> tuple[str, ...]:
    """Return the ids that the script looks for before it writes styles of its own, those of its maps.

    An element that has such an id keeps the script from writing, so that the page's policy stays strict
    and the browser has nothing to complain of.
    """
    return tuple(sorted({found.decode() for found in _WRITTEN.findall(plotly_path().read_bytes())}))
