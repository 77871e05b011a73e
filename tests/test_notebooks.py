"""The committed notebooks: small, whole, clean, and the functions in their cells do what they say.

That their outputs come again is nbval's part of `make test`.
"""

import re
from pathlib import Path

import pytest

from .notebook_cells import COURSE, NOTEBOOKS, course_line, read

ALL = sorted(str(path.relative_to(NOTEBOOKS)) for path in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_ch" not in str(path))
MACHINE = re.compile(r"(?<![\w.])/(home|root|tmp|work|Users|usr|var|opt)/")
VIEW = "application/vnd.jupyter.widget-view+json"


def outputs(name: str) -> list:
    return [output for cell in read(name).cells if cell.cell_type == "code" for output in cell.outputs]


@pytest.mark.parametrize("name", ALL)
def test_small_and_clean(name):
    path, book = NOTEBOOKS / name, read(name)
    assert path.stat().st_size < 2_000_000
    assert "widgets" not in book.metadata  # no saved state
    kinds = {(output.output_type, output.get("name")) for output in outputs(name)}
    assert not kinds & {("error", None), ("stream", "stderr")}
    texts = [cell.source for cell in book.cells]
    texts += [output.text for output in outputs(name) if output.output_type == "stream"]
    texts += [v for o in outputs(name) for k, v in o.get("data", {}).items() if k.startswith("text/")]
    assert [text for text in texts if MACHINE.search(text)] == []


@pytest.mark.parametrize("name", ALL)
def test_executed_once_in_order(name):
    counts = [cell.execution_count for cell in read(name).cells if cell.cell_type == "code" and cell.source.strip()]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("name", ALL)
def test_cells_are_short(name):
    cells = [cell.source for cell in read(name).cells if cell.cell_type == "code"]
    assert max(len(source.splitlines()) for source in cells) <= 28
    assert len(cells) <= 20


@pytest.mark.parametrize("name", [name for name in ALL if "/" not in name])
def test_header_footer_and_exercise(name):
    """Goal, section, time and data first; a recap and the next notebook last; the exercise solved in solutions/."""
    texts = [cell.source for cell in read(name).cells if cell.cell_type == "markdown"]
    for word in ("**Goal.**", "**Paper.**", "**Time.**", "**Data.**"):
        assert word in texts[0], word
    assert "## Exercise" in "\n".join(texts) and (NOTEBOOKS / "solutions" / name).is_file()
    assert "Recap" in texts[-1]
    lines = texts[0].splitlines()
    assert lines[0].startswith(f"# {name[:2]} · ")
    assert lines[2] == texts[-1].splitlines()[-1] == course_line(name)


@pytest.mark.parametrize("name", ALL)
def test_links_lead_somewhere(name):
    for cell in read(name).cells:
        if cell.cell_type == "markdown":
            for link in re.findall(r"\]\((?!https?:|#|attachment:|data:)([^)#\s]+)", cell.source):
                assert ((NOTEBOOKS / name).parent / link).exists() or Path(link).name in COURSE, link


@pytest.mark.parametrize("name", ALL)
def test_widgets_have_a_picture_beside_them(name):
    """A page of GitHub or of paper shows no widget: somewhere in the notebook is a still picture."""
    data = [output.get("data", {}) for output in outputs(name)]
    if any(VIEW in d for d in data):
        assert any(kind.startswith("image/") for d in data for kind in d)
