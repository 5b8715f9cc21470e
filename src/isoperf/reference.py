"""Where a law, method or table comes from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Reference"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper: who and when, where to find it, and which part was used."""

    authors: str
    where: str = ""
    part: str = ""

    def __str__(self) -> str:
        return ", ".join(piece for piece in (self.authors, self.where, self.part) if piece)
