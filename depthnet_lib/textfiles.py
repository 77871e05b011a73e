"""Small text files of numbers: keypoints ("x y" a line), depth (one a line), affine (2 lines of 4), triangles."""

from pathlib import Path

import numpy as np

from .errors import InputError


def read_table(path: str | Path, columns: int, rows: int | None = None) -> np.ndarray:
    """(rows, columns) float64 from lines of numbers with blanks or commas between them; empty lines do not count.

    Raises InputError for a missing file, a line with something else, NaN or infinity, and another number of lines.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputError(path, "no such file", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read ({error})", f"give lines of {columns} numbers") from None
    table = []
    for number, line in enumerate(lines, 1):
        words = line.replace(",", " ").split()
        if not words:
            continue
        try:
            values = [float(word) for word in words]
        except ValueError:
            values = []
        if len(values) != columns:
            raise InputError(path, f"line {number} is {line.strip()[:40]!r}", f"{columns} numbers a line expected")
        if not np.isfinite(values).all():
            raise InputError(path, f"line {number} is not finite", "remove the NaN or infinite value")
        table.append(values)
    if not table or (rows is not None and len(table) != rows):
        wanted = f"{columns} numbers on each of {rows or 'several'} lines expected"
        raise InputError(path, f"{len(table)} lines of numbers", wanted)
    return np.array(table)


def write_table(path: str | Path, table: np.ndarray) -> None:
    """Write (rows, columns) or (rows,) numbers as `read_table` reads them, beside the name and then renamed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    np.savetxt(part, table, fmt="%.9g")
    part.replace(path)
