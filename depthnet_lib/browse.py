"""Look at the faces of any data set: one at a time with their points, or a sheet of many. For notebooks and viewers.

Pictures whose licence keeps them out of notebooks are never drawn: their keypoints stand on an empty page instead.
"""

import io
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import torch
from IPython.display import Image as Picture
from IPython.display import display
from ipywidgets import Checkbox, Dropdown, HBox, Image, IntSlider, VBox
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image as Photo

from .affine import solve_similarity
from .datasets import SETS, KeypointSet, load
from .datasets.cards import CARDS
from .datasets.store import state
from .errors import InputError
from .heads import load_basis
from .metrics import mean_head
from .plots import draw_keypoints, show_picture

HIDDEN_COLOUR = "#d55e00"  # vermilion, told apart from the depth colours by every eye


def available() -> list[str]:
    """Names of the sets that load on this machine: the embedded ones and those that were brought."""
    return [name for name in SETS if state(CARDS[name]).partition(":")[0] in ("embedded", "present")]


def frontal_mean(faces: KeypointSet) -> np.ndarray:
    """(68, 3) mean head of a set with depth, turned to the front and scaled to the embedded head: centimetres.

    The generalised Procrustes mean of its faces, laid on the embedded basis' mean head by the best similarity.
    """
    mean = mean_head(torch.tensor(np.concatenate([faces.xy, faces.z[..., None]], -1), dtype=torch.float64))
    basis = load_basis()
    upright = torch.tensor(basis.points(basis.mean.astype(np.float64)))
    scale, rotation, shift = solve_similarity(mean, upright)
    return (scale * mean @ rotation.mT + shift).numpy()


def _picture(faces: KeypointSet, i: int) -> np.ndarray | None:
    """The picture of face i where it may be shown and, of a rendered head, where OpenGL can draw it."""
    try:
        return faces.picture(i)
    except InputError as error:
        if error.subject == "OpenGL":
            return None
        raise


def draw_face(axes: Axes, faces: KeypointSet, i: int, hidden: bool = True, depth: bool = True) -> None:
    """Face i of a set with its keypoints: over its picture where that may be shown, coloured by depth where it is
    known (bright is near), points that cannot be seen crossed out (or left away, without ``hidden``)."""
    picture = _picture(faces, i)
    side = max(picture.shape[:2]) if picture is not None else 1.0
    points = faces.xy[i] * side
    unseen = faces.hidden[i] if faces.hidden is not None else np.zeros(len(points), bool)
    known = ~(unseen & (points == 0).all(1))  # hand-made sets do not say where a hidden point would be
    if picture is not None:
        show_picture(axes, picture)
    else:
        low, high = points[known].min(0), points[known].max(0)
        centre, half = (low + high) / 2, 0.6 * (high - low).max()
        axes.set(xlim=(centre[0] - half, centre[0] + half), ylim=(centre[1] + half, centre[1] - half), aspect="equal")
        axes.set_axis_off()
    z = faces.z[i] if depth and faces.z is not None else None
    shown = known & (hidden | ~unseen)
    draw_keypoints(axes, np.where(shown[:, None], points, np.nan), z, size=9)
    if hidden:
        axes.scatter(*points[unseen & known].T, s=26, marker="x", color=HIDDEN_COLOUR, linewidths=0.9, zorder=3)
    pose = f", {faces.pose[i]}" if faces.pose is not None else ""
    person = f", person {faces.identity[i]}" if faces.identity is not None else ""
    axes.set_title(f"{faces.name} {i}{pose}{person}", fontsize=8)


@contextmanager
def needs_opengl():
    """For cells that draw heads: where there is no OpenGL they say so in one line, and the notebook goes on."""
    try:
        yield
    except InputError as error:
        print(error)


def show_photo(image: np.ndarray) -> None:
    """Show RGB uint8 (H, W, 3) in a notebook as a JPEG: a tenth of the bytes of a PNG in the committed file."""
    file = io.BytesIO()
    Photo.fromarray(image).save(file, "JPEG", quality=85)
    display(Picture(file.getvalue(), format="jpeg"))


def face_page(faces: KeypointSet, i: int, hidden: bool = True, depth: bool = True) -> bytes:
    """One face as a PNG: what the browser shows."""
    figure, file = Figure(figsize=(4.4, 4.7), layout="constrained"), io.BytesIO()
    draw_face(figure.subplots(), faces, i, hidden, depth)
    figure.savefig(file)
    return file.getvalue()


def face_browser(names: list[str] | None = None) -> HBox:
    """A widget that turns the pages: data set, face, hidden points, depth colours; ``names`` as in `available`."""
    read = lru_cache(lambda name: load(f"{name}:test"))
    name = Dropdown(options=names or available(), description="data set")
    number = IntSlider(0, max=len(read(name.value)) - 1, description="face")
    hidden, depth = Checkbox(True, description="hidden points"), Checkbox(True, description="depth colours")
    page = Image(format="png")

    def turn(*_):
        faces = read(name.value)
        number.max = len(faces) - 1  # lowers the number too where the new set is smaller
        page.value = face_page(faces, number.value, hidden.value, depth.value)

    for control in (name, number, hidden, depth):
        control.observe(turn, "value")
    turn()
    return HBox([page, VBox([name, number, hidden, depth])])
