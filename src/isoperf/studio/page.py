"""A page and its twin: what a template receives is what a program gets as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from isoperf.estimate import format_number
from isoperf.report.markup import spans
from isoperf.studio.guard import csrf_token
from isoperf.studio.plotly_styles import style_ids

__all__ = ["page", "wants_json"]


def page(request: Request, template: str, data: Mapping[str, Any], status: int = 200) -> Response:
    """Return a page, or a part that a script puts in place, or the values behind it for whoever asks for JSON.

    Parameters
    ----------
    template : its name; data : plain values, ready for JSON. Keys that begin with ``_`` are for the template alone.
    """
    if wants_json(request):
        plain = {name: value for name, value in data.items() if not name.startswith("_")}
        return JSONResponse(plain, status)
    return HTMLResponse(_rendered(request, template, data), status)


def wants_json(request: Request) -> bool:
    """Whether the reader is a program: it says ``?format=json`` or accepts JSON and no page."""
    accepted = request.headers.get("accept", "")
    return request.query_params.get("format") == "json" or (
        "application/json" in accepted and "text/html" not in accepted
    )


def _rendered(request: Request, template: str, data: Mapping[str, Any]) -> str:
    twin = request.url.include_query_params(format="json")
    common = {"csrf": csrf_token(request), "path": request.url.path, "twin": f"{twin.path}?{twin.query}"}
    return _templates().get_template(template).render(**common, **data)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("isoperf.studio"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = _number
    made.filters["inline"] = _inline
    made.filters["title"] = lambda name: str(name).replace("_", " ")
    made.filters["place"] = _place
    made.globals["style_ids"] = style_ids
    return made


def _number(value: Any) -> str:
    """Write a number as reports do; words stay as they are, and what is missing is a dash."""
    if value is None:
        return "–"
    return format_number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


@lru_cache(maxsize=2048)
def _inline(text: str) -> Any:
    """Return a sentence of a docstring with its code marked, everything else escaped."""
    from markupsafe import Markup, escape

    tags = {"plain": "{}", "code": "<code>{}</code>", "bold": "<strong>{}</strong>"}
    return Markup("").join(Markup(tags[span.style]).format(escape(span.text)) for span in spans(text))


def _place(value: float, low: float, high: float, log: bool) -> int:
    """Return where a value stands on a slider from 0 to 1000."""
    if log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return round(1000 * min(max((value - low) / (high - low), 0.0), 1.0)) if high > low else 0
