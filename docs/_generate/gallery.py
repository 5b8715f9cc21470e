"""The gallery: a card and a page for each example, with what was drawn of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from docs._generate.markdown import MADE, code
from docs._generate.pictures import Picture, drawn
from isoperf import laws
from isoperf.capability import JOBS, discover

__all__ = ["FOLDER", "SCRIPTS", "Example", "example", "pages"]

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
FOLDER = "gallery"
WIDE = "---\nhide: [toc]\n---\n\n"  # cards need the room
INTRODUCTION = """\
# Gallery

Every script in `examples/`, by the job it does, with the figures of its answer or the first lines it
prints. The tests run each of them. Figures are drawn by `Figure.svg()`, without scripts, for light and
dark pages: `isoperf.fit(runs).report().figures[0].save("loss.svg")` writes one to a file.

"""
TITLES = {"predict": "Predict", "scale": "Scale", "optimise": "Optimise", "tradeoff": "Trade off"}
OF_ROOM = {  # the job whose parts a room holds
    **dict.fromkeys(("fitting", "laws", "datasets"), "predict"),
    **dict.fromkeys(("testtime", "scale", "lab"), "scale"),
    **dict.fromkeys(("trials", "decide"), "optimise"),
    **dict.fromkeys(("evals", "frontier", "ledger"), "tradeoff"),
}
OF_EXAMPLE = {"action_groups": "optimise", "lipschitz_clip": "tradeoff", "repeated_data": "scale"}
FIRST = ("optimise", "scale", "tradeoff", "predict")  # many examples also fit or measure; that is not their subject
NAMES = {"ar": "AR", "html": "HTML", "chinchilla": "Chinchilla", "gadre": "Gadre"}
PREVIEW = 7
_LAW = re.compile(r"\blaws?=[(\[]?((?:[\"']\w+[\"'](?:,\s*)?)+)")
_CALL = re.compile(r"\bisoperf\.(\w+)\(")


@cache
def _jobs() -> dict[str, str]:
    """Return the job of every command."""
    return {name: entry.job for name, entry in discover().items()}


@cache
def _laws() -> frozenset[str]:
    return frozenset(laws.discover())


@dataclass(frozen=True)
class Example:
    """A script of the gallery.

    Attributes
    ----------
    summary, more : first line and rest of its docstring.
    commands, laws : those of its pages' methods and laws that it uses.
    modules : the parts of the package that it imports.
    """

    name: str
    summary: str
    more: str
    commands: tuple[str, ...]
    laws: tuple[str, ...]
    modules: tuple[str, ...]

    @property
    def title(self) -> str:
        """The file's name as words."""
        words = self.name.capitalize().split("_")
        return " ".join(NAMES.get(word.lower(), word) for word in words)

    @property
    def job(self) -> str:
        """The job of the commands it calls, else of the rooms that it imports from."""
        of_commands = [_jobs()[name] for name in self.commands]
        of_rooms = [OF_ROOM[room] for module in self.modules if (room := module.split(".")[1]) in OF_ROOM]
        found = {OF_EXAMPLE[self.name]} if self.name in OF_EXAMPLE else {*(of_commands or of_rooms)}
        return next((job for job in FIRST if job in found), "predict")


def example(script: Path) -> Example:
    """Read a script without running it."""
    source = script.read_text("utf-8")
    tree = ast.parse(source)
    summary, _, more = (ast.get_docstring(tree) or "").partition("\n")
    imported = list(_imports(tree))
    used = dict.fromkeys([*_CALL.findall(source), *(name for _, name in imported)])
    named = (word for group in _LAW.findall(source) for word in re.findall(r"\w+", group))
    modules = dict.fromkeys(module for module, _ in imported if module.count(".") > 1)
    return Example(
        script.stem,
        summary.strip(),
        more.strip(),
        tuple(name for name in used if name in _jobs()),
        tuple(name for name in dict.fromkeys(named) if name in _laws()),
        tuple(modules),
    )


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("isoperf"):
            yield from ((str(node.module), alias.name) for alias in node.names)


def pages(docs: Path) -> dict[str, str]:
    """Return the page of cards and each example's page."""
    found = [(example(script), drawn(docs / FOLDER, script.stem)) for script in SCRIPTS]
    jobs = ((job, [pair for pair in found if pair[0].job == job]) for job in JOBS)
    cards = "".join(_job(job, pairs) for job, pairs in jobs if pairs)
    own = {f"{FOLDER}/{one.name}.md": _page(one, picture) for one, picture in found}
    return {f"{FOLDER}/index.md": WIDE + MADE + INTRODUCTION + cards, **own}


def _job(job: str, pairs: list[tuple[Example, Picture]]) -> str:
    cards = "".join(_card(one, picture) for one, picture in pairs)
    return f'## {TITLES[job]}\n\n<div class="gallery" markdown>\n\n{cards}</div>\n\n'


def _card(one: Example, picture: Picture) -> str:
    """Return the first picture, or the first lines printed, over title, summary and links."""
    if picture.figures:
        top = f"[![{one.title}]({one.name}.svg){{ loading=lazy }}]({one.name}.md)"
    else:
        lines = picture.output.splitlines()[:PREVIEW]
        top = f"<pre>{escape(chr(10).join(lines))}</pre>"
    parts = (top, f"**[{one.title}]({one.name}.md)**", _escaped(one.summary), _links(one))
    text = "\n\n".join(part for part in parts if part)
    return f'<div class="card" markdown>\n\n{text}\n\n</div>\n\n'


def _links(one: Example) -> str:
    """Return links to the source and to the pages of what the script uses."""
    commands = [f"[`{name}`](../jobs/{name.replace('_', '-')}.md)" for name in one.commands]
    of_laws = [f"law [`{name}`](../laws/{name}.md)" for name in one.laws]
    source = f"[source]({one.name}.md#source)"
    return " · ".join([source, *commands, *of_laws])


def _page(one: Example, picture: Picture) -> str:
    told = "\n\n".join(filter(None, (_escaped(one.summary), _escaped(one.more))))
    uses = _links(one).partition(" · ")[2]
    modules = ", ".join(map(code, one.modules))
    facts = [f"Commands and laws: {uses}."] * bool(uses) + [f"Built from {modules}."] * bool(modules)
    images = "".join(f"![{one.title}, figure {n}]({one.name}{f'-{n}' * (n > 1)}.svg)\n\n" for n in _count(picture))
    printed = f"## What it prints\n\n~~~~text\n{picture.output}~~~~\n\n" if picture.output.strip() else ""
    source = f'## Source\n\n`examples/{one.name}.py`\n\n~~~~python\n--8<-- "examples/{one.name}.py"\n~~~~\n'
    return f"{MADE}# {one.title}\n\n{told}\n\n{' '.join(facts)}\n\n{images}{printed}{source}"


def _count(picture: Picture) -> range:
    return range(1, len(picture.figures) + 1)


def _escaped(text: str) -> str:
    """Return a docstring's prose as Markdown: double backticks are code, a lone ``*`` or ``_`` is itself."""
    return re.sub(r"(?<!`)`{2}(?!`)", "`", re.sub(r"(?<!\w)([*_])|([<])", r"\\\1\2", text))
