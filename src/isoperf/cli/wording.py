"""The library's advice in the words of the command line: options instead of Python arguments."""

from __future__ import annotations

from isoperf.request.wording import in_options, naming_options

__all__ = ["in_options", "naming_options"]
