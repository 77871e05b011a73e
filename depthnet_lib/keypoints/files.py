"""Keypoints, depths and affines as small text files that people and other programs can read.

| suffix | contents |
|---|---|
| .txt | a line "x y" a point, in pixels, (0, 0) the centre of the top-left pixel: what `depthnets keypoints` writes |
| .pts | 300-W's: "version: 1", "n_points: N", then the lines between braces, counted from (1, 1) as in Matlab |
| .csv | a line "x,y" a point, with or without a line of names |
| .json | a list of [x, y], or an object with that list under "points" |
"""

import json
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files import write_bytes
from ..layouts import FARTHEST

FEWEST = 4  # an affine needs as many points
MATLAB_ORIGIN = 1.0
_REMEDY = {
    ".txt": 'write a line "x y" for each point, with a blank between',
    ".pts": "write version, n_points and the lines of points between braces, as in 300-W",
    ".csv": 'write a line "x,y" for each point',
    ".json": 'write a list of [x, y], or {"points": [...]}',
}


def read_points(path: str | Path, count: int | None = None) -> np.ndarray:
    """(N, 2) float64 keypoints in pixels. Raises InputError unless they are finite and ``count``, if given, many."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _REMEDY:
        raise InputError(path, f"unknown keypoint suffix {path.suffix!r}", f"use one of: {', '.join(_REMEDY)}")
    text = _text(path)
    if suffix == ".json":
        points = _table(path, _json_rows(path, text), 2, _REMEDY[suffix])
    elif suffix == ".csv":
        rows = [[cell.strip().strip('"') for cell in line.split(",")] for line in _lines(text)]
        has_names = bool(rows) and not any(map(_is_number, rows[0]))
        points = _table(path, rows[has_names:], 2, _REMEDY[suffix])
    elif suffix == ".pts":
        points = _table(path, _pts_rows(path, text), 2, _REMEDY[suffix]) - MATLAB_ORIGIN
    else:
        points = read_table(path, 2, _REMEDY[suffix])
    _check_count(path, len(points), count, "points")
    if not np.ptp(points, 0).any():
        raise InputError(path, "has all its points in one place", "give the keypoints of a face")
    return points


def read_depth(path: str | Path, count: int | None = None) -> np.ndarray:
    """(N,) float64 depths, one a line, in pixels toward the viewer. Raises InputError as `read_points`."""
    depth = read_table(path, 1, "write one depth a line, a line for each keypoint")[:, 0]
    _check_count(path, len(depth), count, "depths")
    return depth


def read_affine(path: str | Path) -> np.ndarray:
    """(2, 4) float64 affine m: lines "m1 m2 m3 tx" and "m4 m5 m6 ty" of equation 1."""
    remedy = 'write two lines, "m1 m2 m3 tx" and "m4 m5 m6 ty"'
    affine = read_table(path, 4, remedy)
    if len(affine) != 2:
        raise InputError(path, f"{len(affine)} lines where 2 were expected", remedy)
    return affine


def read_table(path: str | Path, columns: int, remedy: str) -> np.ndarray:
    """(rows, columns) finite float64 from lines of numbers with blanks or commas between; empty lines do not count."""
    rows = [line.replace(",", " ").split() for line in _lines(_text(Path(path)))]
    return _table(path, rows, columns, remedy)


def write_points(path: str | Path, points: np.ndarray) -> None:
    """Write (N, 2) keypoints in the format of the suffix; `read_points` returns them to nine digits."""
    path = Path(path)
    suffix = path.suffix.lower()
    points = np.asarray(points, float)
    if suffix == ".txt":
        text = _rows_text(points, " ")
    elif suffix == ".pts":
        text = f"version: 1\nn_points: {len(points)}\n{{\n{_rows_text(points + MATLAB_ORIGIN, ' ')}}}\n"
    elif suffix == ".csv":
        text = "x,y\n" + _rows_text(points, ",")
    elif suffix == ".json":
        text = '{"points": [\n' + ",\n".join(f"[{x:.9g}, {y:.9g}]" for x, y in points) + "\n]}\n"
    else:
        raise InputError(path, f"unknown keypoint suffix {path.suffix!r}", f"use one of: {', '.join(_REMEDY)}")
    write_bytes(path, text.encode())


def write_depth(path: str | Path, depth: np.ndarray) -> None:
    """Write (N,) depths, one a line."""
    write_bytes(path, _rows_text(np.asarray(depth, float)[:, None], " ").encode())


def write_affine(path: str | Path, m: np.ndarray) -> None:
    """Write a (2, 4) affine as two lines of four."""
    write_bytes(path, _rows_text(np.asarray(m, float), " ").encode())


def _text(path: Path) -> str:
    if not path.is_file():
        raise InputError(path, "no such file", "check the path")
    try:
        return path.read_text(encoding="utf-8-sig")  # editors on Windows put a byte-order mark before the first number
    except (OSError, UnicodeError) as error:
        raise InputError(path, f"not a text file ({type(error).__name__})", "save it as plain UTF-8 text") from None


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _json_rows(path: Path, text: str) -> list:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(path, f"not JSON ({error})", _REMEDY[".json"]) from None
    rows = rows.get("points") if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise InputError(path, "has no list of points", _REMEDY[".json"])
    return rows


def _pts_rows(path: Path, text: str) -> list[list[str]]:
    head, brace, rest = text.partition("{")
    body, end, _ = rest.partition("}")
    if not (brace and end):
        raise InputError(path, "has no { ... } around its points", _REMEDY[".pts"])
    rows = [line.split() for line in _lines(body)]
    for key, _, value in (line.partition(":") for line in _lines(head)):
        if key.strip() == "n_points" and value.strip() != str(len(rows)):
            raise InputError(path, f"says n_points: {value.strip()} but has {len(rows)}", "give the whole file")
    return rows


def _table(path: str | Path, rows: list[list], columns: int, remedy: str) -> np.ndarray:
    """Rows of cells as finite float64 (rows, columns)."""
    for i, row in enumerate(rows, 1):
        if len(row) != columns or not all(map(_is_number, row)):
            shown = " ".join(map(str, row))
            shown = shown if len(shown) <= 40 else shown[:37] + "..."
            wanted = "one number" if columns == 1 else f"{columns} numbers"
            raise InputError(path, f"row {i} is {shown!r} where {wanted} were expected", remedy)
    table = np.array(rows, np.float64).reshape(-1, columns)
    if not len(table):
        raise InputError(path, "is empty", remedy)
    if not np.isfinite(table).all():
        bad = 1 + int(np.argwhere(~np.isfinite(table))[0, 0])
        raise InputError(path, f"row {bad} has a NaN or infinite value", "remove or repair it")
    if np.abs(table).max() > FARTHEST:
        bad = 1 + int(np.argwhere(np.abs(table) > FARTHEST)[0, 0])
        raise InputError(path, f"row {bad} lies beyond every picture", "give pixels")
    return table


def _is_number(cell) -> bool:
    if isinstance(cell, bool):
        return False
    try:
        float(cell)
    except (TypeError, ValueError, OverflowError):
        return False
    return not (isinstance(cell, str) and "_" in cell)  # Python alone reads 1_000


def _check_count(path: str | Path, found: int, count: int | None, what: str) -> None:
    if count is not None and found != count:
        raise InputError(path, f"{found} {what} where {count} were expected", "give files of the same face and layout")
    if found < FEWEST:
        raise InputError(path, f"{found} {what}, and an affine needs at least {FEWEST}", "give more points")


def _rows_text(rows: np.ndarray, separator: str) -> str:
    return "".join(separator.join(f"{value:.9g}" for value in row) + "\n" for row in rows)
