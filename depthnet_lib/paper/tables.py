"""A table once, shown twice: as Markdown and drawn into a figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

LINE = "0.75"


@dataclass(frozen=True)
class Table:
    """``head`` one label a column, the first over the row labels; ``groups`` (label, number of columns) above them,
    covering all columns but the first; ``rows`` of strings, as many as ``head``."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    groups: Sequence[tuple[str, int]] = ()

    def markdown(self) -> str:
        """Markdown has no groups of columns: their labels go before the columns' own."""
        over = [f"{label}: " for label, count in self.groups for _ in range(count)] or [""] * (len(self.head) - 1)
        head = [self.head[0], *(o + h for o, h in zip(over, self.head[1:], strict=True))]
        lines = [head, ["---", *["---:"] * (len(head) - 1)], *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"

    def draw(self, axes: Axes, size: float = 9, left: int = 1) -> None:
        """Fill the axes: the ``left`` first columns of words left, numbers right, a rule under the head."""
        widths = self._widths()
        edges = [sum(widths[:i]) for i in range(len(widths) + 1)]
        top = len(self.rows) + 1
        axes.set(xlim=(0, edges[-1]), ylim=(-0.2, top + (1.2 if self.groups else 0.4)))
        axes.set_axis_off()
        for i, row in enumerate([self.head, *self.rows]):
            for j, cell in enumerate(row):
                x, align = (edges[j] + 0.3, "left") if j < left else (edges[j + 1] - 0.5, "right")
                axes.text(x, top - i - 0.5, cell, ha=align, va="center", fontsize=size)
        column = 1
        for label, count in self.groups:
            first, last = edges[column] + 0.6, edges[column + count] - 0.3
            axes.text((first + last) / 2, top + 0.55, label, ha="center", va="center", fontsize=size)
            axes.plot([first, last], [top + 0.1, top + 0.1], color=LINE, linewidth=0.8)
            column += count
        for y in (0, top - 1, top + (1.1 if self.groups else 0.1)):
            axes.plot([0, edges[-1]], [y, y], color="black", linewidth=0.8)

    def inches(self, size: float = 9) -> tuple[float, float]:
        """A figure size at which nothing overlaps."""
        return sum(self._widths()) * size * 0.0085, (len(self.rows) + 2.8) * size * 0.025

    def _widths(self) -> list[float]:
        """Of the columns in characters; those under a long label are widened to hold it."""
        widths = [max(len(c) for c in column) + 2.0 for column in zip(self.head, *self.rows, strict=True)]
        column = 1
        for label, count in self.groups:
            lack = max(0.0, len(label) + 3 - sum(widths[column : column + count]))
            for j in range(column, column + count):
                widths[j] += lack / count
            column += count
        return widths


def mean_std(values: Sequence[float], digits: int = 2) -> str:
    """ "59.69 ± 0.12"; without the spread where there is one value."""
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{mean:.{digits}f}"
    std = (sum((v - mean) ** 2 for v in values) / (len(values) - 1)) ** 0.5
    return f"{mean:.{digits}f} ± {std:.{digits}f}"
