"""What every declared capability promises to its surfaces."""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click.testing
import pytest
from click.testing import CliRunner

from isoperf import capability, datasets
from isoperf.capability import Result
from isoperf.cli import app
from isoperf.cli.output import Output, deliver
from isoperf.report import Report
from tests.conformance.notebook import check_fragment, made_hostile, words

ENTRIES = capability.discover()
NAMES = sorted(ENTRIES)


def test_the_main_jobs_are_declared() -> None:
    assert {"fit", "forecast", "validate", "trace", "plan"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_declaration_is_complete(name: str) -> None:
    declared = capability.get(name)
    assert declared.name == name
    assert declared.job == ENTRIES[name].job
    assert declared.sources and all(source.authors for source in declared.sources)
    assert declared.needs and declared.checked and declared.example.startswith(f"isoperf {name.replace('_', '-')} ")
    assert ENTRIES[name].summary.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_typed_and_explained(name: str) -> None:
    for option in capability.get(name).parameters:
        assert option.help, f"{name}: option {option.name} has no help"
        assert option.type is not inspect.Parameter.empty


@pytest.mark.parametrize("name", NAMES)
def test_function_stays_an_ordinary_function(name: str) -> None:
    function = capability.get(name).function
    assert inspect.isfunction(function)
    assert function.__name__ == name
    doc = inspect.getdoc(function) or ""
    assert "Raises" in doc, "the docstring says what it raises"


@pytest.mark.parametrize("name", NAMES)
def test_options_follow_the_data_and_are_keyword_only(name: str) -> None:
    parameters = list(inspect.signature(capability.get(name).function).parameters.values())
    assert parameters[0].name == "data"
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters[1:])


def dicts(answer: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping in an answer, at any depth."""
    if isinstance(answer, dict):
        yield answer
    for part in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from dicts(part)


@cache
def example_of(name: str) -> tuple[click.testing.Result, Result]:
    """Run a capability's declared example once: what the command printed and the answer it printed."""
    answers: list[Result] = []

    def kept(result: Result, output: Output) -> Path | None:
        answers.append(result)
        return deliver(result, output)

    arguments = shlex.split(capability.get(name).example)[1:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("isoperf.cli.method.deliver", kept)
        ran = CliRunner().invoke(app, [*arguments, "--json"])
    assert ran.exit_code == 0, ran.output
    return ran, answers[0]


@pytest.mark.parametrize("name", NAMES)
def test_example_runs_and_answers_in_json(name: str) -> None:
    ran, _ = example_of(name)
    answer: dict[str, Any] = json.loads(ran.stdout, parse_constant=pytest.fail)
    assert any({"source", "sources"} & each.keys() for each in dicts(answer)), "it says where it comes from"
    for each in dicts(answer):
        if {"value", "low", "high"} <= each.keys():
            assert {"level", "unit", "status"} <= each.keys(), f"an interval without its level: {each}"


@pytest.mark.parametrize("name", NAMES)
def test_example_is_shown_in_a_notebook(name: str) -> None:
    _, answer = example_of(name)
    report = answer.report()
    root = check_fragment(answer._repr_html_())  # type: ignore[attr-defined]
    assert report.title in words(root)
    assert len(root.findall(".//{http://www.w3.org/2000/svg}svg")) == len(report.figures)


@pytest.mark.parametrize("name", NAMES)
def test_names_in_a_shown_answer_cannot_become_markup(name: str) -> None:
    _, answer = example_of(name)
    hostile = made_hostile(answer.report())
    assert "<script>alert('x')</script>" in words(check_fragment(hostile._repr_html_()))


@pytest.mark.parametrize("name", ["fit", "validate"])
def test_result_is_reported_the_same_way_everywhere(name: str) -> None:
    result = capability.get(name)(datasets.load("stdlib_lm"))
    report = result.report()
    assert isinstance(report, Report)
    json.dumps(result.as_dict(), allow_nan=False)
    assert report.as_dict()["title"] in report.markdown()


def test_listing_imports_nothing() -> None:
    import subprocess
    import sys

    code = (
        "import sys, isoperf.capability as c; c.discover(); print([m for m in sys.modules if m.startswith('isoperf.')])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "isoperf.predict" not in loaded and "isoperf.scale" not in loaded


@pytest.mark.parametrize("name", ["fit", "validate"])
def test_a_notebook_shows_the_report(name: str) -> None:
    result = capability.get(name)(datasets.load("stdlib_lm"))
    assert result._repr_markdown_() == result.report().markdown()  # type: ignore[attr-defined]
