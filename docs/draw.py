"""Draw the gallery: `python -m docs.draw` runs every example, or those named, and keeps what they show."""

from __future__ import annotations

import sys
from pathlib import Path

from docs._generate.gallery import FOLDER, SCRIPTS
from docs._generate.pictures import draw, write

DOCS = Path(__file__).parent


def main(names: list[str]) -> int:
    """Draw some examples, or all of them, and return 0; 2 where a name is none."""
    known = {script.stem: script for script in SCRIPTS}
    if unknown := sorted(set(names) - known.keys()):
        print(f"no example {', '.join(unknown)}. Known: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or known:
        picture = draw(known[name])
        write(DOCS / FOLDER, name, picture)
        print(f"{name}: {len(picture.figures)} figures, {sum(map(len, picture.figures)):,} bytes")
    kept = [path for path in (DOCS / FOLDER).glob("*.*") if path.suffix in (".svg", ".txt")]
    for path in kept:
        if path.stem.partition("-")[0] not in known:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
