"""Kill everything that takes long, at random moments, and let it go on: do the numbers come out the same?

    python -m tests.kill_harness --kills 20
    python -m tests.kill_harness --kills 5 depth album

Each job runs once undisturbed. Then it is begun in a new folder, killed with SIGKILL after a random part of the time
that it took, begun again, killed again, and so on, until as many kills are done as were asked for; where it ends in
between, the next folder is begun. After every kill each file that has its final name must be whole, and every job
that ends must leave what the undisturbed one left.

Jobs run in forked copies of this process, so that kills hit the work and not the import of PyTorch.
"""

import argparse
import csv
import functools
import hashlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

from depthnet_lib import repair_sets, repair_training
from depthnet_lib.checkpoints import load_tensors
from depthnet_lib.datasets.download import download
from depthnet_lib.experiments import train_depth_model
from depthnet_lib.heads import album
from depthnet_lib.images import write_image
from depthnet_lib.keypoints import write_affine, write_depth, write_points
from depthnet_lib.layouts import IBUG68
from depthnet_lib.models import MODELS, recipe_of
from depthnet_lib.paper import MANIFEST, Plate, frame, trained
from depthnet_lib.rcn_training import train_rcn
from depthnet_lib.repair.cyclegan import CycleGan
from depthnet_lib.repair.losses import Weights
from depthnet_lib.repair.networks import Config
from depthnet_lib.training import Run
from depthnet_lib.warp import turn
from depthnet_lib.warp.folder import warp_folder

from .conftest import _noise_picture, toy_faces, toy_repair_set

# --- jobs: functions of a folder, which do their work there or go on with it ------------------------------------------


def run_in(folder: Path, epochs: int) -> Run:
    """Checkpoints as often as can be, so that many kills come while one is written."""
    return Run(folder / "run", epochs, resume=True, checkpoint_seconds=0.02, progress=False)


def train(name: str, epochs: int, folder: Path) -> None:
    faces, recipe = toy_faces(96, shots=4), replace(recipe_of(name), batch_size=16)
    if MODELS[name].needs_images:
        faces, recipe = faces[:12], replace(recipe, hidden=(24, 16, 8), batch_size=12)
    train_depth_model(name, faces, recipe, run_in(folder, epochs), "identity" if MODELS[name].needs_images else "all")


def train_detector(folder: Path) -> None:
    train_rcn(toy_faces(16), run_in(folder, 4), 8)


def train_repair(folder: Path) -> None:
    repair_training.CycleGanTask.batches_per_epoch = 6
    config, data = Config(size=16, width=4, strides=(2, 2, 2), blocks=1, patch_layers=1, blend=True), toy_repair_set(6)
    gan = CycleGan(6, config).reset(torch.Generator().manual_seed(0))
    settings = repair_training.Settings(2, 2e-4, Weights(keep=1.0))
    repair_training.train_gan("background", gan, data, data, run_in(folder, 6), settings)


def draw_album(folder: Path) -> None:
    album._CHUNK = 4
    album.open_album(album.Recipe(first=7, people=12, shots=2, size=32), folder, workers=2)


def draw_repair_set(folder: Path) -> None:
    repair_sets.PEOPLE, repair_sets._CHUNK = {"train": range(8)}, 2
    os.environ["DEPTHNETS_DATA"] = str(folder)
    repair_sets.load_repair_set("background", "heads:train", 32, processes=2)


def fetch(folder: Path) -> None:
    download(SERVER.url, folder, hashlib.sha256(SERVER.content).hexdigest())


def warp_faces(folder: Path) -> None:
    x_s, z = IBUG68.template * 18 + 20, -9 * (IBUG68.template**2).sum(1)
    faces = folder / "in"
    for i in range(60):
        if not (faces / "affine" / f"{i:03d}.txt").is_file():
            write_image(faces / "source" / f"{i:03d}.png", _noise_picture(i))
            write_points(faces / "keypoints" / f"{i:03d}.txt", x_s)
            write_depth(faces / "depth" / f"{i:03d}.txt", z)
            write_affine(faces / "affine" / f"{i:03d}.txt", turn(x_s, z, i))
    warp_folder(faces, folder / "out", "cpu", processes=2, resume=True)


def make_figure(folder: Path) -> None:
    """A figure that needs a model which nobody has trained yet."""
    os.environ["DEPTHNETS_DATA"] = str(folder / "home")
    trained.recipe_of = lambda name: replace(recipe_of(name), epochs=6, batch_size=16)
    trained.load = lambda name: toy_faces(96)
    module = types.SimpleNamespace(DATA=("toy",), make=plate)
    sys.modules["depthnet_lib.paper.toy"], MANIFEST["toy"] = module, ("toy", "A figure for the harness")
    status = frame.produce("toy", out=folder / "figures")
    assert status.stem, status.reason


def plate(id: str, data: tuple[str, ...]) -> Plate:
    values = [float(p.detach().sum()) for p in trained.trained("pinv", "toy").parameters()]
    figure = Figure(figsize=(6, 4), layout="constrained")
    figure.subplots().plot(values)
    return Plate({"sums": values}, figure)


JOBS: dict[str, Callable[[Path], None]] = {
    "depth": functools.partial(train, "pinv", 40),
    "gan": functools.partial(train, "pinv-gan", 20),
    "cnn": functools.partial(train, "pinv-cnn", 6),
    "metric": functools.partial(train, "metric", 20),
    "rcn": train_detector,
    "repair": train_repair,
    "album": draw_album,
    "repair-set": draw_repair_set,
    "download": fetch,
    "warp": warp_faces,
    "figure": make_figure,
}
if "metric" not in MODELS:
    del JOBS["metric"]


class Server(ThreadingHTTPServer):
    """Serves some megabytes slowly, and from any byte on."""

    daemon_threads = True
    content = np.random.default_rng(0).bytes(3_000_000)
    asked: list[int]  # the first byte of each request

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            self.server.asked.append(start)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(Server.content) - start))
            self.end_headers()
            for at in range(start, len(Server.content), 100_000):
                self.wfile.write(Server.content[at : at + 100_000])
                time.sleep(0.01)

        def handle_error(self, *_):
            pass

        log_message = handle_error

    def handle_error(self, *_):
        """Whoever was killed does not listen any more."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}/set.zip"
        threading.Thread(target=self.serve_forever, daemon=True).start()


# --- what must hold ---------------------------------------------------------------------------------------------------


def whole(path: Path) -> None:
    """Raises where a file is cut."""
    content = path.read_bytes()
    if path.suffix == ".safetensors":
        load_tensors(path)
    elif path.suffix == ".json":
        json.loads(content)
    elif path.suffix == ".csv":
        assert len({len(row) for row in csv.reader(content.decode().splitlines())}) == 1
    elif path.suffix in (".png", ".jpg"):
        Image.open(path).load()
    elif path.suffix == ".npy":
        table = np.load(path, mmap_mode="r", allow_pickle=False)
        if path.name.startswith("anny-"):
            album.check_album(path)
        assert len(content) >= table.nbytes
    elif path.suffix == ".pdf":
        assert content.rstrip().endswith(b"%%EOF")
    elif path.suffix == ".txt":
        assert content.endswith(b"\n")
    elif path.suffix == ".zip":
        assert content == Server.content
    else:
        raise AssertionError(f"{path.name}: no such file was expected")


def final(folder: Path) -> list[Path]:
    """Files with their final names; logs of TensorBoard grow in place, for ever."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.endswith((".part", ".lock")))
    return [p for p in files if "tfevents" not in p.name and not any(".making-" in part for part in p.parts)]


def outcome(folder: Path) -> dict[str, object]:
    """What must be the same: all bytes, but of training logs the losses to six digits, and of records no times."""
    found: dict[str, object] = {}
    for path in final(folder):
        name = str(path.relative_to(folder))
        if path.name == "metrics.csv":
            rows = list(csv.DictReader(path.read_text().splitlines()))
            found[name] = [(row["epoch"], row["step"], f"{float(row['loss']):.5g}") for row in rows]
        elif path.name == "weights.json":
            record = json.loads(path.read_text())
            found[name] = {k: v for k, v in record.items() if k not in ("seconds", "loss")}
        elif path.name not in ("checkpoint.safetensors", "loss.png"):  # they hold times, and unrounded losses
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


# --- killing ----------------------------------------------------------------------------------------------------------


def begin(job: Callable[[Path], None], folder: Path) -> int:
    """Fork a copy of this process that does the job; its process id, which is its group's too."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        quiet = os.open(folder / "output.part", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        job(folder)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def ended(pid: int, folder: Path, seconds: float) -> bool:
    """Wait for the end of a job, at most so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            assert status == 0, f"failed: {(folder / 'output.part').read_text()[-1500:]}"
            return True
        time.sleep(0.002)
    return False


def torture(name: str, kills: int, rng: np.random.Generator) -> str:
    """Kill a job so many times; a line about it. Raises AssertionError where something does not hold."""
    job = JOBS[name]
    with tempfile.TemporaryDirectory(prefix=f"kill-{name}-") as place:
        fresh = (Path(place) / str(i) for i in range(10**6))
        folder = next(fresh)
        folder.mkdir()
        started = time.monotonic()
        assert ended(begin(job, folder), folder, 600), "did not end"
        seconds, wanted = time.monotonic() - started, outcome(folder)
        done, rounds, folder = 0, 0, None
        while done < kills or folder:
            if not folder:
                (folder := next(fresh)).mkdir()
            pid = begin(job, folder)
            if done < kills and not ended(pid, folder, rng.uniform(0, seconds)):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                done += 1
            elif done < kills or ended(pid, folder, 600):
                got = outcome(folder)
                other = [k for k in sorted(got.keys() | wanted.keys()) if got.get(k) != wanted.get(k)]
                assert not other, f"other results: {', '.join(other)}: {got.get(other[0])} for {wanted.get(other[0])}"
                rounds, folder = rounds + 1, None
                continue
            for path in final(folder):
                whole(path)
    return f"{done} kills, {rounds} runs ended with the same {len(wanted)} files as the one of {seconds:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"of {', '.join(JOBS)}; default: all")
    parser.add_argument("--kills", type=int, default=20, help="of each job")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if unknown := set(given.jobs) - set(JOBS):
        parser.error(f"unknown: {', '.join(unknown)}")
    torch.set_num_threads(1)
    failed = 0
    for name in given.jobs or JOBS:
        try:
            print(f"{name:12s} ok      {torture(name, given.kills, np.random.default_rng(given.seed))}", flush=True)
        except Exception as error:
            failed += 1
            print(f"{name:12s} BROKEN  {type(error).__name__}: {error}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    SERVER = Server()
    main()
