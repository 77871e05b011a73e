"""Notebooks as tests see them: their cells, the functions that they define, their places in the course.

`python -m tests.notebook_cells` writes the line that links each notebook to its neighbours.
"""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / name, 4)


def code(name: str) -> list[str]:
    """Sources of a notebook's code cells."""
    return [cell.source for cell in read(name).cells if cell.cell_type == "code"]


def definitions(name: str, **given) -> SimpleNamespace:
    """A notebook's imports, constants in capitals, functions and classes, without running anything else.

    ``given``: what its functions take from the cells around them.
    """
    kept = []
    for source in code(name):
        for node in ast.parse(_without_magic(source)).body:
            constant = isinstance(node, ast.Assign) and all(
                isinstance(target, ast.Name) and target.id.isupper() and len(target.id) > 1 for target in node.targets
            )
            if constant or isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
                kept.append(node)
    space = dict(given)
    exec(compile(ast.Module(kept, []), name, "exec"), space)
    return SimpleNamespace(**space)


def defined(name: str) -> set[str]:
    """Names of the functions and classes that a notebook's cells define."""
    nodes = (node for source in code(name) for node in ast.parse(_without_magic(source)).body)
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _without_magic(source: str) -> str:
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())


COURSE = {
    "00_tour.ipynb": "00 Tour",
    "01_faces_and_data.ipynb": "01 Faces and data",
    "02_keypoints.ipynb": "02 Keypoints",
    "03_pinv.ipynb": "03 The pseudo-inverse",
    "04_depth_and_affine.ipynb": "04 Depth and affine",
    "05_depthcorr.ipynb": "05 DepthCorr",
    "06_opengl_warp.ipynb": "06 The warp",
    "07_cyclegan_repair.ipynb": "07 Repair",
    "08_beyond_the_paper.ipynb": "08 Beyond the paper",
}


def course_line(name: str) -> str:
    """The line under a notebook's title and at its end: where it stands in the course."""
    names = list(COURSE)
    before, after = names[: names.index(name)][-1:], names[names.index(name) + 1 :][:1]
    parts = [f"[← {COURSE[n]}]({n})" for n in before] + [f"**{name[:2]}**"] + [f"[{COURSE[n]} →]({n})" for n in after]
    return "*Course:* " + " · ".join(parts)


def write_course_lines() -> None:
    """Put the line into every notebook; no cell that runs is touched."""
    for name in COURSE:
        if not (NOTEBOOKS / name).is_file():
            continue
        book = read(name)
        texts = [cell for cell in book.cells if cell.cell_type == "markdown"]
        for cell in (texts[0], texts[-1]):
            cell.source = re.sub(r"\n*^\*Course:\*.*$", "", cell.source, flags=re.M).rstrip()
        title, _, rest = texts[0].source.partition("\n")
        texts[0].source = f"{title}\n\n{course_line(name)}\n\n{rest.lstrip()}"
        texts[-1].source += f"\n\n{course_line(name)}"
        nbformat.write(book, NOTEBOOKS / name)


if __name__ == "__main__":
    write_course_lines()
