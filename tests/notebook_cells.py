"""Notebooks as tests see them: their cells, and the functions that they define."""

import ast
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


def course_line(name: str) -> str:
    """The line under a notebook's title and at its end: where it stands in the course."""
    names = sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
    place = names.index(name)
    parts = [f"**{name[:2]}**"]
    if place > 0:
        parts.insert(0, f"[← {short_title(names[place - 1])}]({names[place - 1]})")
    if place < len(names) - 1:
        parts.append(f"[{short_title(names[place + 1])} →]({names[place + 1]})")
    return "*Course:* " + " · ".join(parts)


def short_title(name: str) -> str:
    """ "03 The pseudo-inverse" of a notebook that begins with "# 03 · The pseudo-inverse: ..."."""
    title = read(name).cells[0].source.splitlines()[0].removeprefix("# ")
    return title.split(":")[0].replace(" · ", " ")
