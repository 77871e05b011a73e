"""Nothing that is read can run: no pickle, no eval, no shell; servers for this machine alone; pinned versions."""

import ast
import json
import re
from pathlib import Path

import pytest

from .test_house import ROOT, pins, tracked

CALLS = {
    "eval",
    "exec",
    "os.system",
    "os.popen",
    "torch.load",
    "extractall",
    "unpack_archive",
    "yaml.load",
    "tempfile.mktemp",
}
MODULES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}
# The catalogue of bad inputs makes pickles, to see them refused; functions of the committed notebooks are tested.
MAY = {"bad_inputs.py": "pickle", "notebook_cells.py": "exec"}


def sources() -> dict[str, str]:
    """Python of the project: modules, scripts, tests, and the cells of notebooks without their magics."""
    found = {p.relative_to(ROOT).as_posix(): p.read_text() for p in tracked() if p.suffix == ".py"}
    for path in (p for p in tracked() if p.suffix == ".ipynb"):
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        code = "\n".join("".join(cell["source"]) for cell in cells)
        found[path.name] = re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.M)
    return found


def complaints(name: str, code: str) -> list[str]:
    """Lines of a source that could let something run."""
    found, may = [], MAY.get(Path(name).name)
    for node in ast.walk(ast.parse(code)):
        imported = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if (MODULES - {may}) & {module.partition(".")[0] for module in imported}:
            found.append(f"{name}:{node.lineno} imports {imported}")
        if not isinstance(node, ast.Call):
            continue
        called, options = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
        if called in CALLS - {may} or called.rpartition(".")[2] in CALLS - {"eval", "exec"}:
            found.append(f"{name}:{node.lineno} calls {called}")
        if options.get("shell", "False") != "False":
            found.append(f"{name}:{node.lineno} starts a shell")
        if called.startswith("subprocess.") and node.args and isinstance(node.args[0], (ast.Constant, ast.JoinedStr)):
            found.append(f"{name}:{node.lineno} runs a string")
        if called in ("np.load", "numpy.load") and options.get("allow_pickle") != "False":
            found.append(f"{name}:{node.lineno} loads without allow_pickle=False")
    return found


def test_no_source_lets_anything_run():
    assert [line for name, code in sources().items() for line in complaints(name, code)] == []


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')",
        "import pickle",
        "from pickle import loads",
        "os.system(x)",
        "torch.load(p)",
        "np.load(p)",
        "np.load(p, allow_pickle=True)",
        "subprocess.run(x, shell=True)",
        "subprocess.run('ls')",
        "archive.extractall(p)",
    ],
)
def test_the_search_finds_what_it_looks_for(code):
    assert len(complaints("x.py", code)) == 1


def test_servers_listen_on_this_machine_alone_and_ask_for_a_token():
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if re.search(r"jupyter lab|voila ", line)]
    assert lines and all("ip=127.0.0.1" in line for line in lines)
    assert all("--token" in line for line in lines if "voila" in line)  # JupyterLab makes one by itself
    assert not any(re.search(r"token=|password=|allow.origin|disable_check", line) for line in lines)


def test_weights_are_safetensors():
    assert {p.suffix for p in tracked() if p.parent.name == "weights"} <= {".safetensors", ".json"}


def test_every_version_is_pinned_and_the_list_is_dated():
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    versions = [line for line in lock if line.strip() and not line.startswith("#")]
    assert len(pins(versions)) == len(versions) > 100
    assert re.search(r"\b20\d\d-\d\d-\d\d\b", lock[0])
