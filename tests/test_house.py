"""The project's own files agree with each other and stay within their bounds."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]


def pins(lines) -> dict[str, str]:
    found = (re.match(r"[\s-]*([\w.-]+)(?:\[\w+\])?==([\w.]+)", line) for line in lines)
    return {m[1].lower().replace("_", "-"): m[2] for m in found if m}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_environment_yml_has_the_pins_of_the_lock():
    lock = pins((ROOT / "requirements.lock").read_text().splitlines())
    conda = pins((ROOT / "environment.yml").read_text().splitlines())
    wanted = {re.match(r"[\w.-]+", r)[0].lower() for r in REQUIREMENTS}
    assert set(conda) == wanted
    assert conda == {name: lock[name] for name in wanted}


def test_every_dependency_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    lines = [line for line in text.splitlines() if re.match(r'\s+"[\w\[\]-]+>=', line)]
    assert len(lines) == len(REQUIREMENTS)
    assert [line for line in lines if not re.search(r'",\s+# \w.{9,}', line)] == []


def test_the_packages_of_the_mission_are_used():
    names = ["torch", "numpy", "matplotlib", "ipywidgets", "plotly", "pythreejs", "pyrender", "cv2"]
    code = "\n".join(p.read_text() for p in tracked() if p.suffix == ".py" and "tests" not in p.parts)
    assert [name for name in names if not re.search(rf"\b(import|from) {name}\b", code)] == []


def test_sizes():
    sizes = {p: p.stat().st_size for p in tracked()}
    assert max(sizes.values()) < 20_000_000
    assert sum(sizes.values()) < 100_000_000


def test_what_was_made_names_no_folder_of_the_machine_that_made_it():
    made = [p for p in tracked() if p.suffix in (".json", ".md", ".ipynb", ".csv")]
    assert [p.name for p in made if re.search(r"/(home|root|work|Users)/[\w.-]+/", p.read_text())] == []


def test_modules_stay_readable():
    long = {p.name: n for p in (ROOT / "depthnet_lib").rglob("*.py") if (n := len(p.read_text().splitlines())) > 330}
    assert long == {}


def test_ci_calls_the_test_command_of_the_readme():
    assert "make test" in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("\nmake test")
