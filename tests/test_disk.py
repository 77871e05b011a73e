"""A full disk and a read-only folder: exit code 2, one line that says so, and what was there before stays whole."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OWN_MOUNTS = ["unshare", "-rm"]  # a namespace of its own, in which anybody may mount
TRIAL = """
import contextlib, io, json, os, subprocess, sys
from pathlib import Path

from depthnet_lib.cli import main
from depthnet_lib.datasets import save_npz
from depthnet_lib.datasets.download import download
from depthnet_lib.errors import InputError
from depthnet_lib.heads.album import Recipe, open_album
from tests.bad_inputs import FACE_FILES, PNG, TRIO, WARP, zipped
from tests.conftest import toy_faces
from tests.kill_harness import Server

place, disk, how = Path(sys.argv[1]), Path(sys.argv[1]) / "disk", sys.argv[2]
disk.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=True)
os.environ["DEPTHNETS_DATA"] = str(disk / "home")
os.chdir(place)
for name, content in {**FACE_FILES, **PNG, "w.zip": zipped(TRIO)}.items():
    Path(name).write_bytes(content)
save_npz(toy_faces(24, n_keypoints=10), Path("t.npz"))
server = Server()
SIX = "train pinv --data t.npz --out disk/run --epochs 6"

def command(line):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(line.split())
        except SystemExit as end:
            return end.code or 0, err.getvalue()

def library(call):
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        try:
            call()
        except InputError as error:
            return 2, err.getvalue() + f"depthnets: {error}\\n"
    return 0, err.getvalue()

TRIALS = {
    "train": lambda: command(SIX.replace("6", "9") + " --resume"),
    "train anew": lambda: command(SIX.replace("run", "other")),
    "warp": lambda: command(WARP.format("p.png").replace("out.png", "disk/out.png")),
    "warp anew": lambda: command(WARP.format("p.png").replace("out.png", "disk/new/out.png")),
    "depth": lambda: command("depth --source k.txt --target k.txt --out disk/depths --model affine2d"),
    "scores": lambda: command("evaluate affine2d --data t.npz --json disk/scores.json"),
    "get": lambda: command("data get 300w --from w.zip"),
    "download": lambda: library(lambda: download(server.url, disk / "home")),
    "album": lambda: library(lambda: open_album(Recipe(1, 400, 4, 64), disk / "home", 1)),
}
assert command(SIX) [0] == 0
assert TRIALS["warp"]()[0] == TRIALS["depth"]()[0] == TRIALS["scores"]()[0] == 0
if how == "full":
    with contextlib.suppress(OSError), open(disk / "ballast", "wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096:
            pass
else:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
snapshot = lambda: {str(p): p.read_bytes().hex() for p in disk.rglob("*") if p.is_file() and "tfevents" not in p.name}
before = snapshot()
results = {name: trial() for name, trial in TRIALS.items()}
after = snapshot()
kept = {k: after.get(k) == v for k, v in before.items()}
new = {k: len(v) // 2 for k, v in after.items() if k not in before}
sys.__stdout__.write(json.dumps({"results": results, "lost": [k for k, v in kept.items() if not v], "new": new}))
"""


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_disk_that_takes_no_more_is_one_line_and_loses_nothing(how, tmp_path):
    if not sys.platform.startswith("linux") or subprocess.run([*OWN_MOUNTS, "true"], capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    line = [*OWN_MOUNTS, sys.executable, "-c", TRIAL, str(tmp_path), how]
    ended = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    for name, (code, error) in found["results"].items():
        last = error.rstrip("\n").splitlines()[-1]
        assert code == 2 and last.startswith("depthnets: ") and last.count("; ") >= 1, (name, error)
        assert ("No space left" if how == "full" else "Read-only") in last, (name, last)
        assert "Traceback" not in error, (name, error)
    assert found["lost"] == []
    left = {Path(name).name for name in found["new"]}  # a download and an album go on when there is space
    assert {name for name in left if not re.fullmatch(r"(set\.zip|anny-.*\.npy)\.part", name)} == set()
