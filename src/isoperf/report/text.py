"""A report drawn for a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.measure import Measurement
from rich.table import Column as GridColumn
from rich.table import Table as Grid
from rich.text import Text

from isoperf.estimate import Estimate, Status
from isoperf.report.blocks import Block, Caveat, Cell, Column, Facts, Heading, Prose, Table
from isoperf.report.cells import cell_text, clean, notes
from isoperf.report.figure import Figure
from isoperf.report.markup import paragraphs, spans
from isoperf.report.sketch import sketch

if TYPE_CHECKING:
    from isoperf.report.document import Report

__all__ = ["as_text", "draw"]

_MEASURE = 88
_STYLES = {"plain": "", "code": "cyan", "bold": "bold"}


def as_text(report: Report, width: int | None, color: bool) -> str:
    """Draw into a string."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
    )
    with console.capture() as capture:
        _draw(report, console)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def draw(report: Report, console: Console | None) -> None:
    """Draw on a console; one that cannot show every character gets ``?`` for it, not an error."""
    console = console or Console()
    if not console.options.ascii_only:
        _draw(report, console)
        return
    plain = Console(file=io.StringIO(), width=console.width, color_system=None, legacy_windows=False)
    with plain.capture() as capture:
        _draw(report, plain, figures=False)
    console.file.write(capture.get().encode("ascii", "replace").decode("ascii"))


def _draw(report: Report, console: Console, figures: bool = True) -> None:
    console.print(Text(clean(report.title), style="bold"))
    console.print()
    for block in report.blocks:
        if isinstance(block, Figure) and not figures:
            console.print(Text(f"figure: {clean(block.title)} (in the HTML report)"))
        else:
            console.print(_block(block, console))
        console.print()
    if report.provenance:
        console.print(_facts("Provenance", report.provenance))


def _block(block: Block, console: Console) -> RenderableType:
    match block:
        case Heading():
            return Text(clean(block.text), style="bold underline" if block.level <= 2 else "bold")
        case Prose():
            return _paragraphs(block.text)
        case Caveat():
            return _caveat(block)
        case Facts():
            return _facts(block.title, dict(block.items))
        case Table():
            return _table(block, console)
        case Figure():
            return _figure(block, console)


def _marked(text: str) -> Text:
    return Text.assemble(*((span.text, _STYLES[span.style]) for span in spans(text)))


def _paragraphs(text: str) -> RenderableType:
    lines: list[RenderableType] = []
    for paragraph in paragraphs(text):
        lines.extend(([Text()] if lines else []) + [_marked(paragraph)])
    return Constrain(Group(*lines), _MEASURE)


def _caveat(caveat: Caveat) -> RenderableType:
    style = "bold yellow" if caveat.kind == "warning" else "bold"
    grid = Grid.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(max_width=_MEASURE)
    grid.add_row(Text(f"{caveat.kind}:", style=style), _paragraphs(caveat.text))
    return grid


def _facts(title: str, items: Mapping[str, str]) -> RenderableType:
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(style="dim", max_width=28)
    grid.add_column(overflow="fold")
    for key, value in items.items():
        grid.add_row(Text(clean(key)), Text(clean(value)))
    return Group(Text(clean(title), style="bold"), grid) if title else grid


def _table(table: Table, console: Console) -> RenderableType:
    below = (Text(note, style="dim") for note in notes(table))
    return Group(Text(clean(table.title), style="bold"), _body(table, console), *below)


def _body(table: Table, console: Console) -> RenderableType:
    """Choose the first form that fits: one line a row, intervals below values, one record a row."""
    unlimited = console.options.update_width(10_000)
    for stacked in (False, True):
        grid = _grid(table, stacked)
        need = Measurement.get(console, unlimited, grid)
        if console.width >= need.maximum:
            return grid
        if stacked and console.width >= need.minimum:
            _narrow(grid, console.width, need)
            return grid
    return _records(table)


def _narrow(grid: Grid, width: int, need: Measurement) -> None:
    """Give every column its longest word and the first columns what is left, for rich would cut the last."""
    left = width - need.minimum
    wider = need.maximum - need.minimum
    for column in grid.columns:
        least = column.min_width or 1
        whole = max(least, *(cell_len(line) for text in _texts(column) for line in text.split("\n")))
        more = min(whole - least, left, wider)
        column.width = least + more
        left -= more


def _texts(column: GridColumn) -> list[str]:
    return [text.plain for text in (column.header, *column.cells) if isinstance(text, Text)]


def _grid(table: Table, stacked: bool) -> Grid:
    grid = Grid(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        header_style="bold",
        leading=int(stacked and any(_interval(cell) for row in table.rows for cell in row)),
    )
    for index, column in enumerate(table.headers):
        cells = [_cell(row[index], column, stacked).plain for row in table.rows]
        unbroken = [line for cell in cells for line in (cell.split("\n") if table.right(index) else cell.split())]
        least = max(map(cell_len, [*clean(column.title).split(), *unbroken]), default=1)
        justify: Literal["left", "right"] = "right" if table.right(index) else "left"
        grid.add_column(_header(column), justify=justify, min_width=least)
    for row in table.rows:
        grid.add_row(*(_cell(cell, column, stacked) for cell, column in zip(row, table.headers, strict=True)))
    return grid


def _interval(cell: Cell) -> bool:
    return isinstance(cell, Estimate) and cell.low is not None


def _records(table: Table) -> RenderableType:
    """Draw each row as a list of its cells, for a table that is wider than the terminal."""
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(style="dim", max_width=28)
    grid.add_column(overflow="fold")
    for number, row in enumerate(table.rows):
        if number:
            grid.add_row("", "")
        for column, cell in zip(table.headers, row, strict=True):
            grid.add_row(_header(column), _cell(cell, column))
    return grid


def _header(column: Column) -> Text:
    return Text(clean(column.title))


def _cell(cell: Cell, column: Column, stacked: bool = False) -> Text:
    weak = isinstance(cell, Estimate) and cell.status is not Status.OK
    text = cell_text(cell, column)
    if stacked and isinstance(cell, Estimate):
        text = text.replace(" [", "\n[").replace(f" ({cell.status.value})", f"\n{cell.status.value}")
    return Text(text, style="yellow" if weak else "", overflow="fold")


def _figure(figure: Figure, console: Console) -> RenderableType:
    drawn = sketch(figure, min(console.width, 78)) if figure.sketched else []
    title = Text(clean(figure.title), style="bold")
    if not drawn:
        return Text.assemble(("figure: ", "dim"), title, (" (in the HTML report)", "dim"))
    lines = [Text.assemble(*((piece.text, piece.style) for piece in line), no_wrap=True) for line in drawn]
    caption = [_paragraphs(figure.caption)] if figure.caption else []
    return Group(title, *lines, *caption)
