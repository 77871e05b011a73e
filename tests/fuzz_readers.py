"""Coverage-guided fuzzing of everything that reads a file that somebody brings.

    python -m tests.fuzz_readers --seconds 60          every reader for a minute each
    python -m tests.fuzz_readers --seconds 600 pts obj  two of them for ten

It needs atheris, which is not among the kit's dependencies: make an environment of its own for it. A reader may
answer with sound values or with an InputError of one line, nothing else: no other exception, no warning, no crash,
no second of thinking. What breaks that is left in --out as READER-crash-*; its bytes belong into `FOUND`
of test_fuzz_readers.py.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from depthnet_lib.checkpoints import load_tensors
from depthnet_lib.datasets import aflw2000, faw3d, ict, load_npz, london, muct, w300
from depthnet_lib.datasets.sources import Source
from depthnet_lib.errors import InputError
from depthnet_lib.images import decode_image
from depthnet_lib.keypoints import read_affine, read_depth, read_points
from depthnet_lib.warp.folder import read_triangles

FEW = {"VERTICES": 4, "SOLID_VERTICES": 3, "POLYGONS": 2, "SOLID_POLYGONS": 2}  # a scan small enough to be mutated
GOOD = b"1 2\n3 4\n5.5 6\n-7e0 8\n"


def by_path(suffix: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of files as one of bytes."""
    path = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)) / f"x{suffix}"

    def from_bytes(content: bytes) -> object:
        path.write_bytes(content)
        return read(path)

    return from_bytes


def by_source(name: str, parse: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """A parser of a data set, called as the data set calls it."""
    return by_path(Path(name).suffix, lambda path: Source(path).parse(path.name, parse))


def archive(path: Path) -> None:
    source = Source(path)
    for name in source.sizes:
        source.read(name)
    source.fingerprint()


def scan(content: bytes) -> list[np.ndarray]:
    before = {name: getattr(ict, name) for name in FEW}
    try:
        for name, value in FEW.items():
            setattr(ict, name, value)
        return [ict._vertices(content), ict._polygons(content)]
    finally:
        for name, value in before.items():
            setattr(ict, name, value)


def mat() -> bytes:
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, {"pt3d_68": np.ones((3, 68)), "Pose_Para": np.zeros((1, 7))}, do_compression=True)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("set/a.txt", b"1 2\n" * 9)
    return file.getvalue()


def png() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (5, 4), "red").save(file, "PNG")
    return file.getvalue()


PTS = b"version: 1\nn_points: 4\n{\n" + GOOD + b"}\n"
TEM = b"189\n" + b"10.5 20.25\n" * 189 + b"1\n0\n2\n0 1\n"
MUCT = b"name,tag," + b"x,y," * 76 + b"\n" + b"i000qa-fn,0000" + b",1,2" * 76 + b"\n"
OBJ = b"# a scan\nv 0 1 2\nv 3 4 5\nv 6 7 8\nv 9 9 9\nvt 0 0\nf 1/1 2/1 3/1 4/1\nf 1/1 2/1 3/1\n"
FACES = {
    "xy": np.linspace(0, 1, 24).reshape(3, 4, 2),
    "z": np.zeros((3, 4)),
    "pose": np.array(["left", "front", "right"]),
}
# name -> (what reads, a sound file to begin with)
READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "txt": (by_path(".txt", read_points), GOOD),
    "csv": (by_path(".csv", read_points), b"x,y\n" + GOOD.replace(b" ", b",")),
    "pts": (by_path(".pts", read_points), PTS),
    "json": (by_path(".json", read_points), b'{"points": [[1, 2], [3, 4], [5, 6], [7, 8.5]]}'),
    "depth": (by_path(".txt", read_depth), b"1\n2\n-3.5\n4e0\n"),
    "affine": (by_path(".txt", read_affine), b"1 0 0.5 3\n0 1 -2 4\n"),
    "triangles": (by_path(".csv", read_triangles), b"0,1,2\n2,1,3\n"),
    "300w": (by_source("x.pts", w300.read_pts), PTS),
    "3dfaw": (by_source("x.csv", faw3d.read_csv), b"x,y,z\n" + b"1,2,3\n" * 66),
    "muct": (by_source("x.csv", muct.read_rows), MUCT),
    "tem": (by_source("x.tem", london.read_tem), TEM),
    "mat": (by_source("x.mat", aflw2000.read_mat), mat()),
    "obj": (by_source("x.obj", scan), OBJ),
    "npz": (by_path(".npz", load_npz), npz(**FACES)),
    "zip": (by_path(".zip", archive), zipped()),
    "weights": (by_path(".safetensors", load_tensors), save({"a": torch.zeros(2)}, {"header": "{}"})),
    "picture": (lambda content: decode_image(content, "x.png"), png()),
}


def attempt(name: str, content: bytes) -> object | None:
    """What a reader makes of some bytes; None where it refused them as it should. Raises for anything else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            value = READERS[name][0](content)
        except InputError as error:
            assert str(error).isprintable() and error.remedy
            return None
    for array in value if isinstance(value, (tuple, list)) else [value]:
        if isinstance(array, np.ndarray) and array.dtype.kind == "f":
            assert np.isfinite(array).all(), "let something through that is not finite"
    return value


def fuzz(name: str, options: list[str]) -> None:
    """Run libFuzzer on a reader; does not return."""
    import atheris

    atheris.Setup(["fuzz", *options], lambda content: void(attempt(name, content)))
    atheris.Fuzz()


def void(_: object) -> None:
    """libFuzzer takes no answers."""


# Code is instrumented while it is imported, so the readers are imported inside.
_RUN = """import sys, atheris
with atheris.instrument_imports(include=["depthnet_lib", "scipy.io", "zipfile", "json"]):
    from tests.fuzz_readers import fuzz
fuzz(sys.argv[1], sys.argv[2:])"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", choices=[[], *READERS], help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each reader")
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"), help="where findings and corpora go")
    given = parser.parse_args()
    for name in given.readers or READERS:
        corpus = given.out / name
        corpus.mkdir(parents=True, exist_ok=True)
        (corpus / "sound").write_bytes(READERS[name][1])
        options = [str(corpus), f"-max_total_time={given.seconds}", f"-artifact_prefix={given.out}/{name}-"]
        options += ["-max_len=6000", "-timeout=10", "-rss_limit_mb=3000", "-print_final_stats=1", "-seed=1"]
        line = [sys.executable, "-c", _RUN, name, *options]
        ended = subprocess.run(line, capture_output=True, text=True)
        runs = [row.split()[-1] for row in ended.stderr.splitlines() if "number_of_executed_units" in row]
        print(f"{name:10s} {'FOUND' if ended.returncode else 'ok':6s} {runs[0] if runs else '?':>9s} runs", flush=True)
        if ended.returncode:
            print("\n".join(ended.stdout.splitlines()[-25:]))


if __name__ == "__main__":
    main()
