"""Several programs at once: one cache, one download, two OpenGL contexts, torchrun, Dask with a killed worker."""

import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import skimage

from depthnet_lib.cli import main
from depthnet_lib.datasets.download import download
from depthnet_lib.heads.album import Recipe, check_album
from depthnet_lib.images import read_image, write_image
from depthnet_lib.training import read_metrics
from depthnet_lib.warp.folder import list_faces
from depthnet_lib.workers import worker_pool

from .kill_harness import Server, warp_faces, whole
from .warp_cases import needs_opengl

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def together(*programs: str) -> list[str]:
    """Run Python programs at the same time; what each prints."""
    begun = [
        subprocess.Popen([sys.executable, "-c", program], env=ENVIRONMENT, stdout=-1, stderr=-1, text=True)
        for program in programs
    ]
    ended = [process.communicate() for process in begun]
    assert [process.returncode for process in begun] == [0] * len(begun), ended
    return [out for out, _ in ended]


DRAW = """
import sys, numpy as np
from pathlib import Path
from depthnet_lib.heads import album

def blank(job):
    print("drew")
    table = np.lib.format.open_memmap(job[1], "r+")
    table["shot"][job[2]] = 7
    return job[2]

album._draw_rows = blank
print(album.open_album(album.Recipe(1, 40, 8, 32), Path({folder!r}), workers=1)["shot"].sum())
"""


def test_two_programs_make_one_album(tmp_path):
    first, second = together(*[DRAW.format(folder=str(tmp_path))] * 2)
    drawn = [out.count("drew") for out in (first, second)]
    assert sorted(drawn) == [0, 5]  # one drew all of it, the other waited
    assert first.split()[-1] == second.split()[-1] == str(7 * 320)
    assert [p.name for p in tmp_path.iterdir()] == [Recipe(1, 40, 8, 32).name()]
    check_album(next(tmp_path.iterdir()))


def test_two_programs_get_one_file(tmp_path):
    server, sha256 = Server(), hashlib.sha256(Server.content).hexdigest()
    arguments = f"{server.url!r}, Path({str(tmp_path)!r}), {sha256!r}"
    get = f"from depthnet_lib.datasets.download import *; print(download({arguments}))"
    assert together(get, get) == [f"{tmp_path / 'set.zip'}\n"] * 2
    assert [p.name for p in tmp_path.iterdir()] == ["set.zip"] and server.asked == [0]
    assert download(server.url, tmp_path, sha256).read_bytes() == Server.content
    server.shutdown()


@needs_opengl
def test_two_programs_draw_with_opengl():
    draw = "from tests.warp_cases import *; from depthnet_lib.warp import *; x, z = face(60, 60)\n"
    draw += "print([warp(noise(60, 60), x, z, turn(x, z, i % 40), backend='gl').sum() for i in range(300)])"
    first, second = together(draw, draw)
    assert first == second


def losses(name: str, folder: Path, processes: int) -> list[float]:
    """The loss curve of a training job of the kill harness, in one process or under torchrun."""
    code = folder / "job.py"
    code.write_text(
        f"from tests.kill_harness import *; torch.set_num_threads(1); JOBS[{name!r}](Path({str(folder)!r}))"
    )
    one = [sys.executable, str(code)]
    two = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), str(code)]
    ended = subprocess.run(two if processes > 1 else one, env=ENVIRONMENT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return [row["loss"] for row in read_metrics(folder / "run")]


@pytest.mark.parametrize("name", ["rcn", "repair"])
def test_torchrun_trains_pictures_too(name, tmp_path):
    """Each process draws its own augmentation or keeps its own replay buffer, so the curves are alike, not equal."""
    for part in ("one", "two"):
        (tmp_path / part).mkdir()
    one, two = losses(name, tmp_path / "one", 1), losses(name, tmp_path / "two", 2)
    assert len(one) == len(two) and np.isfinite(two).all()
    np.testing.assert_allclose(two, one, rtol=0.5)
    whole(tmp_path / "two" / "run" / "weights.safetensors")


def test_a_pool_goes_with_its_parent(tmp_path):
    parent = "import sys, time; from depthnet_lib.workers import worker_pool\n"
    parent += "if __name__ == '__main__':\n    with worker_pool(2) as pool:\n        list(pool.map(print, 'ab'))\n"
    parent += "        print(*pool._processes, flush=True)\n        list(pool.map(time.sleep, [60] * 4))\n"
    (tmp_path / "parent.py").write_text(parent)
    process = subprocess.Popen([sys.executable, tmp_path / "parent.py"], env=ENVIRONMENT, stdout=-1, stderr=-2)
    while not (line := process.stdout.readline().split()) or not line[-1].isdigit():
        assert process.poll() is None
    process.kill()
    process.wait()
    for pid in line:
        for _ in range(200):
            if not _lives(int(pid)):
                break
            time.sleep(0.05)
        assert not _lives(int(pid))


def _lives(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else not os.kill(pid, 0)
        )
    except OSError:
        return False


def test_a_killed_worker_is_one_line():
    from depthnet_lib.errors import InputError

    with pytest.raises(InputError, match="worker process: was killed"), worker_pool(1) as pool:
        pool.submit(os._exit, 9).result()


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with LocalCluster(**options) as made:
        yield made


def killer(cluster, out: Path, after: int) -> threading.Thread:
    """Kills a worker of the cluster as soon as ``out`` holds so many files."""

    def kill() -> None:
        while len([p for p in out.rglob("*") if p.suffix in (".png", ".txt")]) < after:
            time.sleep(0.002)
        os.kill(next(iter(cluster.workers.values())).pid, 9)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


def command(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return end.value.code or 0


def test_dask_warps_every_face_once_though_a_worker_is_killed(cluster, tmp_path):
    warp_faces(tmp_path)
    out = tmp_path / "dask"
    thread = killer(cluster, out, 5)
    line = ["warp", "--dataset", tmp_path / "in", "--out", out, "--backend", "cpu", "--dask", cluster.scheduler_address]
    assert command(*line) == 0
    thread.join(10)
    assert not thread.is_alive()
    expected = [face.result for face in list_faces(tmp_path / "in", out)[0]]
    assert [p for p in sorted(out.iterdir()) if p.suffix != ".part"] == expected
    assert all((read_image(p) == read_image(tmp_path / "out" / p.name)).all() for p in expected)


def test_dask_finds_keypoints_though_a_worker_is_killed(cluster, tmp_path):
    for i in range(12):
        write_image(tmp_path / "in" / f"{i}.jpg", skimage.data.astronaut()[: 400 + 4 * i : 2, :400:2])
    out = tmp_path / "dask"
    thread = killer(cluster, out, 3)
    assert command("keypoints", tmp_path / "in", "--out", out, "--dask", cluster.scheduler_address) == 0
    thread.join(10)
    assert not thread.is_alive()
    assert sorted(p.stem for p in out.glob("*.txt")) == sorted(str(i) for i in range(12))
    for path in out.glob("*.txt"):
        assert np.loadtxt(path).shape == (68, 2)
