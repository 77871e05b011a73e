"""README and CONTRIBUTING: every command runs (`depthnets` for real, training one epoch; `make` dry), every link leads
somewhere, and what they say of notebooks and numbers is what those say."""

import importlib.util
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import skimage
import yaml

from depthnet_lib.cli import main
from depthnet_lib.config import FIGURES
from depthnet_lib.images import write_image
from depthnet_lib.paper.summary import BLOCK, summary

from .notebook_cells import NOTEBOOKS, read
from .test_datasets_gated import faw

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def lines() -> list[str]:
    """The commands of all code blocks in their order, without comments."""
    blocks = [block for page in PAGES for block in re.findall(r"```\n(.*?)```", page.read_text(), re.S)]
    return [line.split("#")[0].strip().removeprefix(".venv/bin/") for block in blocks for line in block.splitlines()]


def commands(program: str) -> list[str]:
    return list(dict.fromkeys(line for line in lines() if line.startswith(program + " ")))


def test_depthnets_commands_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path / "cache"))
    for name in ("me.jpg", "you.jpg", "photos/me.jpg"):
        write_image(tmp_path / name, skimage.data.astronaut())
    faw(tmp_path / "3dfaw")
    for line in commands("depthnets"):
        arguments = shlex.split(line)[1:]
        if arguments[0] == "train":
            arguments += ["--epochs", "1"]
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert not end.value.code, line
        if "--out" in arguments:
            out = Path(arguments[arguments.index("--out") + 1])
            assert out.is_file() or any(out.iterdir())


def test_make_targets_exist():
    targets = [line.split()[1] for line in commands("make")]
    assert {"run", "test", "lab", "app", "figures"} <= set(targets)
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_python_commands_name_files_that_exist():
    for line in commands("python") + commands(".venv-fuzz/bin/python"):
        words = shlex.split(line)
        if words[1] == "-m":
            assert importlib.util.find_spec(words[2]), words[2]
        for word in shlex.split(line):
            if word.endswith((".py", ".ipynb", ".cfg")):
                assert (ROOT / word).is_file(), word


def test_commands_in_the_text_are_known():
    for words in re.findall(r"`(make|depthnets) (\w+)", README):
        assert any(line.startswith(" ".join(words)) for line in lines()), words


def test_links_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (ROOT / link).exists(), f"{page.name}: {link}"


def test_the_table_of_notebooks_is_whole():
    """One row a notebook, in order; the minutes are those of its header."""
    rows = re.findall(r"^\| \[[^]]*\]\(notebooks/(\d\d_\w+\.ipynb)\) \|.*\| (\d+) \|$", README, re.M)
    assert [name for name, _ in rows] == sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
    for name, minutes in rows:
        assert re.search(rf"\*\*Time\.\*\* (about )?{minutes} min", read(name).cells[0].source), name


def test_the_numbers_are_those_of_the_committed_tables():
    assert BLOCK.search(README)[0] == summary(FIGURES)


def test_the_paper_is_cited_alike():
    entry = re.search(r"```bibtex\n(.*?)```", README, re.S)[1]
    assert "Unsupervised Depth Estimation, 3D Face Rotation and Replacement" in entry and "2018" in entry
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["references"][0]["title"] in entry


def test_contributing_is_one_page():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 80
