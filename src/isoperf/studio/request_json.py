"""A question as plain values, so that it can be kept in a file and read again exactly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from isoperf.errors import DataError
from isoperf.request import Request
from isoperf.request.tables import TableOptions

__all__ = ["request_from", "request_values"]


def request_values(request: Request) -> dict[str, Any]:
    """Return a question as JSON knows it."""
    columns = request.columns
    return {
        "name": request.name,
        "tables": dict(request.tables),
        "options": dict(request.options),
        "columns": {
            "map": [list(pair) for pair in columns.map],
            "units": [list(pair) for pair in columns.units],
            "where": list(columns.where),
            "sheet": columns.sheet,
        },
    }


def request_from(values: Any) -> Request:
    """Return the question that `request_values` wrote.

    Raises
    ------
    DataError : the values are none that it wrote.
    """
    try:
        columns = values["columns"]
        return Request(
            _text(values["name"]),
            _texts(values["tables"]),
            _texts(values["options"]),
            TableOptions(
                _pairs(columns["map"]),
                _pairs(columns["units"]),
                tuple(_text(one) for one in columns["where"]),
                None if columns["sheet"] is None else _text(columns["sheet"]),
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise DataError(f"this is no kept question: {type(problem).__name__}: {problem}. Ask it again.") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"found {value!r} in place of a text")
    return value


def _texts(values: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in values.items()}


def _pairs(values: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((_text(first), _text(second)) for first, second in values)
