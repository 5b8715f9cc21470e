"""Forms, citation, security policy and release steps say what is true of this repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
UNSAFE = {f"yaml.{name}" for name in ("unsafe_load", "full_load", "Loader", "CLoader", "FullLoader", "UnsafeLoader")}
KINDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
# Keys that the Citation File Format 1.2.0 requires, and those that it allows and we use.
REQUIRED = {"cff-version", "message", "title", "authors"}
ALLOWED = REQUIRED | {
    "type",
    "version",
    "license",
    "abstract",
    "keywords",
    "date-released",
    "doi",
    "url",
    "repository-code",
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_the_site_takes(path: Path) -> None:
    form = load(path)
    assert set(form) <= {"name", "description", "title", "labels", "assignees", "body"}
    assert form["name"] and form["description"] and form["body"]
    ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
    assert len(ids) == len(set(ids))
    labels = [part["attributes"]["label"] for part in form["body"] if part["type"] != "markdown"]
    assert len(labels) == len(set(labels))
    for part in form["body"]:
        assert part["type"] in KINDS and set(part) <= {"type", "id", "attributes", "validations"}
        if part["type"] == "checkboxes":
            assert all(set(option) <= {"label", "required"} for option in part["attributes"]["options"])
        else:
            assert set(part["attributes"]) <= {"label", "description", "placeholder", "value", "render", "options"}
            assert set(part.get("validations", {})) <= {"required"}


def test_there_is_a_form_for_each_reason_to_write() -> None:
    assert [path.stem for path in FORMS] == ["bug", "law", "question"]


def test_every_file_and_command_of_the_change_template_exists() -> None:
    text = (ROOT / ".github" / "pull_request_template.md").read_text("utf-8")
    for name in re.findall(r"`([\w/]+\.\w+)`", text):
        assert (ROOT / name).is_file() or (ROOT / f"{name.replace('.', '/')}.py").is_file(), name
    targets = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`make ([\w-]+)`", text + (ROOT / "docs" / "release.md").read_text("utf-8")):
        assert re.search(rf"^{target}:", targets, re.MULTILINE), f"make {target}"


def test_the_citation_has_the_version_and_licence_of_the_package() -> None:
    cited = load(ROOT / "CITATION.cff")
    assert REQUIRED <= set(cited) <= ALLOWED
    assert cited["cff-version"] == "1.2.0" and cited["type"] == "software"
    assert str(cited["version"]) == PROJECT["version"] and cited["license"] == PROJECT["license"]
    assert cited["authors"] == PROJECT["authors"]
    assert cited["title"].startswith("Isoperf: ") and len(set(cited["keywords"])) == len(cited["keywords"])


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first and first[1] == PROJECT["version"]


def test_no_reader_unpickles_or_evaluates() -> None:
    """What SECURITY.md promises of files: nothing in the rooms that read them can run what they hold."""
    source = ROOT / "src" / "isoperf"
    rooms = [
        source / name
        for name in ("readers", "datasets", "store", "cells.py", "intake.py", "expression.py", "frames.py")
    ]
    paths = [path for room in rooms for path in ([room] if room.is_file() else room.rglob("*.py"))]
    assert len(paths) > 40
    for path in paths:
        for used in _used(ast.parse(path.read_text("utf-8"))):
            assert used not in {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "eval", "exec"}, (
                f"{path.name}: {used}"
            )
            assert used not in UNSAFE, f"{path.name}: {used}"


def _used(tree: ast.AST) -> Iterator[str]:
    """Yield the packages imported, the bare names called, and what is taken from ``yaml``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "yaml":
            yield f"yaml.{node.attr}"


def test_that_check_finds_what_it_should() -> None:
    told = set(_used(ast.parse("import pickle\nfrom dill import loads\neval('1')\nyaml.load(f, yaml.Loader)")))
    assert {"pickle", "dill", "eval", "yaml.Loader"} <= told and told & UNSAFE


def test_the_studio_listens_on_loopback_by_default() -> None:
    studio = pytest.importorskip("isoperf.cli.commands.studio").studio
    (host,) = [option for option in studio.params if option.name == "host"]
    assert host.default == "127.0.0.1"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive, and the wheel from what it unpacks to, as the release steps say."""
    folder = tmp_path_factory.mktemp("release")
    _hatch(ROOT, "sdist", folder)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    _hatch(next((folder / "unpacked").iterdir()), "wheel", folder)
    return folder


def _hatch(place: Path, target: str, folder: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_source_archive_is_whole(built: Path) -> None:
    (place,) = (built / "unpacked").iterdir()
    assert place.name == f"isoperf-{PROJECT['version']}"
    names = ["CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md"]
    names += ["constraints.txt", "mkdocs.yml", "pyproject.toml", "docs/start.md", "examples", "tests/docs/pages.py"]
    assert not [name for name in names if not (place / name).exists()]
    assert not list(place.rglob("__pycache__"))


def test_the_wheel_built_from_it_holds_the_whole_package(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
        metadata = wheel.read(next(name for name in held if name.endswith("METADATA"))).decode()
    source = ROOT / "src"
    wanted = {path.relative_to(source).as_posix() for path in (source / "isoperf").rglob("*") if path.is_file()}
    wanted = {name for name in wanted if "__pycache__" not in name and "/." not in name}
    assert wanted <= held, f"missing: {sorted(wanted - held)}"
    assert f"\nVersion: {PROJECT['version']}\n" in metadata
    assert all(name.startswith(("isoperf/", "isoperf-")) for name in held), "tests or pages are in the wheel"
