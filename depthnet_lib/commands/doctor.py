"""depthnets doctor"""

from collections.abc import Callable

from ..errors import InputError


def doctor() -> None:
    """Check this machine: one line a check, OK or MISSING and what to do. Exit code 2 if anything needed is missing.

    OpenGL and a GPU are not needed: the warp falls back to the CPU, training runs on it.
    """
    needed = {"Python": _python, "PyTorch": _torch, "OpenCV": _opencv, "keypoints": _dlib, "embedded heads": _heads,
              "weights": _weights, "notebooks": _notebooks, "cache folder": _cache}  # fmt: skip
    optional = {"OpenGL": _opengl, "rendering": _pyrender}
    missing = [name for name, check in needed.items() if not _report(name, check, "MISSING")]
    for name, check in optional.items():
        _report(name, check, "absent ")
    if missing:
        raise InputError("doctor", f"missing: {', '.join(missing)}", "see the lines above")


def _report(name: str, check: Callable[[], str], otherwise: str) -> bool:
    try:
        answer = check()
    except Exception as error:  # whatever keeps a part from loading is what the user must read
        print(f"{otherwise}  {name:<15} {' '.join(str(error).split())}")
        return False
    print(f"OK       {name:<15} {answer}")
    return True


def _python() -> str:
    import sys

    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise InputError(sys.version.split()[0], "not supported", "use Python 3.11 to 3.13")
    return sys.version.split()[0]


def _torch() -> str:
    import torch

    kinds = [kind for kind, found in (("cuda", torch.cuda), ("mps", torch.backends.mps)) if found.is_available()]
    return f"{torch.__version__}, trains on {kinds[0] if kinds else 'the CPU'}"


def _opencv() -> str:
    try:
        import cv2
    except ImportError as error:
        raise InputError("OpenCV", f"does not load ({error})", "apt-get install libgl1 libglib2.0-0") from None
    return cv2.__version__


def _dlib() -> str:
    import skimage

    from ..keypoints import find_face

    return f"{len(find_face(skimage.data.astronaut()).points)} points found on the astronaut"


def _heads() -> str:
    from ..heads import load_basis

    return f"{len(load_basis().triangles):,} triangles"


def _weights() -> str:
    from ..config import WEIGHTS
    from ..models import load_model
    from ..pipeline import METRIC_MODEL, PAPER_MODEL

    for name in (METRIC_MODEL, PAPER_MODEL):
        load_model(name)
    return ", ".join(sorted(path.stem for path in WEIGHTS.glob("*.safetensors")))


def _notebooks() -> str:
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("jupyterlab", "ipywidgets", "plotly", "pythreejs"))


def _cache() -> str:
    import os

    from ..config import data_dir

    folder = data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise InputError(folder, "cannot be written", "set DEPTHNETS_DATA to a folder that can")
    return str(folder)


def _opengl() -> str:
    from ..warp import open_backend

    return open_backend("gl").renderer


def _pyrender() -> str:
    from importlib.metadata import version

    import pyrender  # noqa: F401

    return f"pyrender {version('pyrender')}"
