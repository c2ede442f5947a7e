"""Tables of figures, as text and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows of cells under a title."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def text(self) -> str:
        widths = [max(len(row[i]) for row in [self.columns, *self.rows]) for i in range(len(self.columns))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in self._all()]
        return "\n".join([f"\n{self.title}", *(line.rstrip() for line in lines)])

    def markdown(self) -> str:
        head, *rows = [f"| {' | '.join(row)} |" for row in self._all()]
        return "\n".join([f"## {self.title}\n", head, f"|{' --- |' * len(self.columns)}", *rows, ""])

    def _all(self) -> list[tuple[str, ...]]:
        return [self.columns, *self.rows]
