"""What every law must keep, whoever wrote it."""

from __future__ import annotations

import doctest
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from types import SimpleNamespace

import numpy as np
import pytest

from isoperf.errors import LawError
from isoperf.laws import Law, discover, get
from isoperf.laws.base import Floats
from isoperf.testing import check_broadcasting, check_finite, check_gradient, check_linear
from tests.conformance.planted import PLANTED

LAWS = sorted(discover())
Check = Callable[[Law, Mapping[str, float], Mapping[str, Floats]], None]

every_law = pytest.mark.parametrize("law", [get(name) for name in LAWS], ids=LAWS)


def _truth(law: Law) -> Floats:
    """(1, p) planted values."""
    return np.array([[PLANTED[law.name].values[name] for name in law.names]])


def _inputs(law: Law) -> tuple[Floats, ...]:
    return tuple(PLANTED[law.name].inputs[name] for name in law.inputs)


def _evaluate(law: Law, theta: Floats, inputs: tuple[Floats, ...]) -> Floats:
    p = SimpleNamespace(**{name: theta[:, j : j + 1] for j, name in enumerate(law.names)})
    return np.asarray(np.broadcast_to(law.formula(p, *inputs), (len(theta), len(inputs[0]))))


def test_every_law_has_planted_values() -> None:
    assert set(PLANTED) == set(LAWS)


@every_law
def test_planted_values_name_every_parameter_and_input_and_lie_inside_the_bounds(law: Law) -> None:
    planted = PLANTED[law.name]
    assert set(planted.values) == set(law.names)
    assert set(planted.inputs) == set(law.inputs)
    assert 40 <= len(next(iter(planted.inputs.values()))) <= 200
    for param in law.params:
        low, high = param.bounds
        assert low < planted.values[param.name] < high
        assert low <= param.start[0] < param.start[1] <= high
        assert not param.log or (param.start[0] > 0 and planted.values[param.name] > 0)


@every_law
def test_names_and_symbols_are_unique(law: Law) -> None:
    for words in (law.names, [param.symbol for param in law.params], law.inputs):
        assert all(words)
        assert len(set(words)) == len(words)
    assert law.output not in law.inputs


@every_law
def test_docstring_has_formula_columns_advice_and_references(law: Law) -> None:
    text = inspect.getdoc(type(law)) or ""
    for wanted in (".. math::", "\nInputs\n-", "\nOutput\n-", "\nReferences\n-", "\nExamples\n-"):
        assert wanted in text, wanted
    assert re.search(r"\bUse\b.*\bNot\b", text, re.DOTALL), "says when to use it and when not"
    columns = text[text.index("\nInputs\n") : text.index("\nReferences\n")]
    for name in (*law.inputs, law.output):
        assert re.search(rf"^{name} : \(n,\) array", columns, re.MULTILINE), name
    year = law.reference.authors.rpartition(" ")[2]
    assert year in text


@every_law
def test_examples_run(law: Law) -> None:
    found = doctest.DocTestFinder(recurse=False).find(
        type(law), law.name, globs={**vars(sys.modules[type(law).__module__])}
    )
    results = doctest.DocTestRunner().run(found[0])
    assert results.attempted > 0
    assert results.failed == 0


@every_law
@pytest.mark.parametrize("check", [check_broadcasting, check_gradient, check_linear], ids=lambda check: check.__name__)
def test_public_checks_of_shape_gradient_and_linearity(law: Law, check: Check) -> None:
    check(law, PLANTED[law.name].values, PLANTED[law.name].inputs)


@every_law
def test_output_and_gradient_are_finite_at_extreme_inputs(law: Law) -> None:
    check_finite(law, PLANTED[law.name].values)


@every_law
def test_start_intervals_are_usable_and_follow_the_units_of_the_input(law: Law) -> None:
    inputs = PLANTED[law.name].inputs
    output = _evaluate(law, _truth(law), _inputs(law))[0]
    kinds = {param.name: param for param in law.params}
    for name, (low, high) in law.starts(inputs, output).items():
        param = kinds[name]
        assert not param.linear, "a linear parameter's start is solved for, never searched"
        assert param.bounds[0] <= low < high <= param.bounds[1]
        assert low <= PLANTED[law.name].values[name] <= high
    in_other_units = {name: 1e9 * values for name, values in inputs.items()}
    for name, interval in law.starts(in_other_units, output).items():
        assert interval != law.starts(inputs, output)[name]


@every_law
def test_predict_names_what_is_missing_or_unknown(law: Law) -> None:
    values, inputs = dict(PLANTED[law.name].values), dict(PLANTED[law.name].inputs)
    for name in law.names:
        fewer = {key: value for key, value in values.items() if key != name}
        with pytest.raises(LawError, match=rf"missing parameters \['{name}'\]"):
            law.predict(fewer, **inputs)
    for name in law.inputs:
        given = {key: value for key, value in inputs.items() if key != name}
        with pytest.raises(LawError, match=rf"missing inputs \['{name}'\]"):
            law.predict(values, **given)
    with pytest.raises(LawError, match=r"unknown parameters \['nonsense'\]"):
        law.predict({**values, "nonsense": 1.0}, **inputs)
    with pytest.raises(LawError, match=r"unknown inputs \['nonsense'\]"):
        law.predict(values, **inputs, nonsense=np.ones(3))


@every_law
def test_scalars_give_a_float_and_arrays_an_array(law: Law) -> None:
    values, inputs = PLANTED[law.name].values, PLANTED[law.name].inputs
    first = {name: float(column[0]) for name, column in inputs.items()}
    one, all_rows = law.predict(values, **first), law.predict(values, **inputs)
    assert isinstance(one, float)
    assert all_rows.shape == next(iter(inputs.values())).shape
    assert one == pytest.approx(all_rows[0], rel=1e-13)
