"""The public names are those listed in a file: adding or losing one is a decision, seen in a diff."""

from __future__ import annotations

from pathlib import Path

import pytest

import isoperf

FROZEN = Path(__file__).with_name("public_names.txt")


def test_public_names_are_sorted_and_distinct() -> None:
    assert list(isoperf.__all__) == sorted(set(isoperf.__all__))


def test_public_names_are_the_frozen_ones() -> None:
    frozen = set(FROZEN.read_text(encoding="utf-8").split())
    new, lost = sorted(set(isoperf.__all__) - frozen), sorted(frozen - set(isoperf.__all__))
    assert not (new or lost), f"new {new}, lost {lost}; if meant, edit {FROZEN.name} and the changelog"


@pytest.mark.parametrize("name", isoperf.__all__)
def test_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(isoperf, name)
    if callable(value):
        assert value.__doc__, f"isoperf.{name} has no docstring"
