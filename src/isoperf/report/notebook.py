"""Answers show their report in a notebook."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isoperf.report.document import Report

__all__ = ["Shown"]


class Shown:
    """Something with a report, which a notebook displays when a cell ends with it."""

    __slots__ = ()

    @abstractmethod
    def report(self) -> Report:
        """Return the answer for people."""

    def _repr_html_(self) -> str:
        return self.report()._repr_html_()

    def _repr_markdown_(self) -> str:
        return self.report().markdown()
