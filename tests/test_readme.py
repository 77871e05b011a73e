"""Every command of README and CONTRIBUTING runs: `depthnets` for real (training one epoch), `make` dry."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import skimage

from depthnet_lib.cli import main
from depthnet_lib.images import write_image

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def commands(program: str) -> list[str]:
    """The lines of all code blocks that call a program, without comments."""
    blocks = [block for page in PAGES for block in re.findall(r"```\n(.*?)```", page.read_text(), re.S)]
    lines = [line.split("#")[0].strip().removeprefix(".venv/bin/") for block in blocks for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith(program + " ")})


@pytest.mark.parametrize("line", commands("depthnets"))
def test_depthnets_commands_run(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("me.jpg", "you.jpg", "photos/me.jpg"):
        write_image(tmp_path / name, skimage.data.astronaut())
    arguments = shlex.split(line)[1:]
    if arguments[0] == "train":
        arguments += ["--epochs", "1"]
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert not end.value.code
    if "--out" in arguments:
        assert any(Path(arguments[arguments.index("--out") + 1]).iterdir())


def test_make_targets_exist():
    targets = [line.split()[1] for line in commands("make")]
    assert {"run", "test"} <= set(targets)
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_python_commands_name_files_that_exist():
    for line in commands("python"):
        for word in shlex.split(line):
            if word.endswith((".py", ".ipynb", ".cfg")):
                assert (ROOT / word).is_file(), word


def test_links_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (ROOT / link).exists(), f"{page.name}: {link}"
