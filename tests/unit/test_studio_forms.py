"""Forms: every capability has one, made of its declaration alone; what is sent becomes the question again."""

from __future__ import annotations

import pytest

pytest.importorskip("jinja2", reason="the studio's extra is not installed")

from isoperf import laws
from isoperf.capability import discover, get
from isoperf.request import Request
from isoperf.request.request import first_table, offered
from isoperf.studio.forms import as_options, fields_of, prose_of
from isoperf.studio.suited import all_questions, questions_for

BUNDLED = tuple(name for name, entry in discover().items() if entry.job)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_capability_has_a_form(name: str) -> None:
    method = get(name)
    fields = fields_of(name, {})
    assert [one.name for one in fields] == [first_table(method).name, *(one.name for one in offered(method))]
    assert fields[0].kind == "table"
    for field in fields:
        assert field.label and field.help, field.name
        assert ".py" not in field.help  # a page takes nobody's code
        assert field.kind != "choice" or field.default in field.choices or not field.default, field.name
    # A form sent as it came says nothing but what it must.
    shown = {one.name: one.default for one in fields if one.kind in ("choice", "flag")}
    tables, options = as_options(name, shown)
    assert (tables, options) == ({}, {})
    assert all("``" not in one for one in prose_of(method))


@pytest.mark.parametrize("name", BUNDLED)
def test_defaults_said_aloud_are_read_as_nothing_said(name: str) -> None:
    said = {one.name: one.default for one in fields_of(name, {}) if one.default and one.kind != "table"}
    assert as_options(name, said) == ({}, {})


def test_what_is_sent_is_asked() -> None:
    said = {"data": "store:runs", "n_params": " 2e10, 3e10 ", "law": "chinchilla", "n_bootstrap": "50", "csrf": "x"}
    tables, options = as_options("forecast", said)
    assert tables == {"data": "store:runs"}
    assert options == {"n_params": "2e10, 3e10", "law": "chinchilla", "n_bootstrap": "50"}
    values = Request("forecast", tables, options).values()
    assert values["n_params"] == (2e10, 3e10)


def test_a_box_that_is_not_ticked_is_said() -> None:
    # The page sends "off" for every box, and "on" after it where it is ticked.
    (guests,) = (one for one in fields_of("league", {}) if one.name == "guests")
    assert (guests.kind, guests.default) == ("flag", "on")
    assert as_options("league", {"guests": "off"})[1] == {"guests": "off"}
    assert as_options("league", {"guests": "on"})[1] == {}
    assert as_options("league", {})[1] == {}
    assert Request("league", {}, {"guests": "off"}).values()["guests"] is False


def test_fields_offer_what_there_is() -> None:
    fields = {one.name: one for one in fields_of("forecast", {"law": "kaplan"}, ("loss", "mine"))}
    assert fields["y"].choices == ("loss", "mine")
    assert fields["law"].choices[0] == "auto" and set(laws.discover()) < set(fields["law"].choices)
    assert fields["law"].value == "kaplan"
    assert fields["n_params"].unit == "params" and fields["n_params"].several
    assert fields["seed"].rare and not fields["n_params"].rare


def test_a_problem_stands_at_its_field() -> None:
    fields = {one.name: one for one in fields_of("forecast", {"n_params": "many"}, (), {"n_params": "no number"})}
    assert (fields["n_params"].value, fields["n_params"].problem) == ("many", "no number")
    assert fields["n_tokens"].problem == ""


def test_questions_that_suit_a_table_come_first() -> None:
    from isoperf import datasets

    assert {one["name"] for one in all_questions()} >= set(BUNDLED)
    first = [one["name"] for one in questions_for(datasets.load("stdlib_lm"))]
    assert first.index("forecast") < first.index("pass_at_k")
    tries = questions_for(datasets.load("planted_attempts"))
    assert [one["name"] for one in tries].index("pass_at_k") < [one["name"] for one in tries].index("forecast")
    missing = next(one for one in tries if one["name"] == "forecast")["missing"]
    assert any("loss" in one for one in missing)
