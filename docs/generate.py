"""Regenerate the pages made from the code: `python -m docs.generate`, or `--check` to only compare."""

from __future__ import annotations

import sys
from pathlib import Path

from docs._generate import architecture, cli, columns, errors, gallery, laws, methods, unlisted

DOCS = Path(__file__).parent
MAKERS = (
    architecture.pages,
    cli.pages,
    columns.pages,
    errors.pages,
    gallery.pages,
    laws.pages,
    methods.pages,
    unlisted.pages,
)
OWNED = ("laws", "gallery")
"""Folders whose every page is generated: a page there that no law or example asks for is stale."""


def wanted() -> dict[Path, str]:
    """Return every generated page by its place."""
    return {DOCS / name: text for make in MAKERS for name, text in make(DOCS).items()}


def stale(pages: dict[Path, str]) -> list[Path]:
    """Return the places whose content is missing, old, or no longer wanted."""
    changed = [path for path, text in pages.items() if not path.is_file() or _read(path) != text]
    owned = (path for folder in OWNED for path in sorted((DOCS / folder).glob("*.md")))
    return changed + [path for path in owned if path not in pages]


def main(arguments: list[str]) -> int:
    """Write what is stale; with ``--check`` only name it and return 1 if there is any."""
    pages = wanted()
    found = stale(pages)
    if "--check" in arguments:
        for path in found:
            print(f"stale: {path.relative_to(DOCS.parent)}; run python -m docs.generate")
        return int(bool(found))
    for path in found:
        _update(path, pages.get(path))
        print(f"changed: {path.relative_to(DOCS.parent)}")
    print(f"{len(pages)} generated pages, {len(found)} changed")
    return 0


def _update(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
