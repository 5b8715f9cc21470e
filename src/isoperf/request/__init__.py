"""A question as a surface takes it: words in, a capability's answer out, the same in Python and in a command."""

from __future__ import annotations

from isoperf.request.request import Request

__all__ = ["Request"]
