"""Speed beside plain references, measured in one run: `python -m benchmarks [NAME...]`."""

import time
from collections.abc import Callable


def rate(work: Callable[[], object], units: int, seconds: float = 3.0) -> float:
    """Units of work a second; the best of several calls, so that other programs on the machine count little."""
    work()  # caches and lazy initialisation
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until or best == float("inf"):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return units / best


def print_table(title: str, rows: list[tuple[str, ...]]) -> None:
    """Rows of strings, the first one the header, in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"\n{title}")
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        print("  " + "   ".join(cells))
