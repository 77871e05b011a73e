"""Figures 3 and S1: some faces, and the depth that each model estimates for them, in 3D and coloured by depth."""

import numpy as np
import torch
from matplotlib.figure import Figure

from ..affine import to_unit
from ..datasets import KeypointSet
from ..datasets.base import POSES
from ..datasets.tensors import as_faces
from ..depth_model import encode_all
from ..errors import InputError
from ..layouts import layout_of
from ..models import MODELS
from ..plots import DEPTH_COLOURS
from . import Plate
from .frame import test_sets
from .trained import trained

DATA = ("anny",)
SHOWN = {"gt": "ground truth", "pinv": "DepthNet", "pinv-gan": "DepthNet + GAN", "aign": "AIGN", "mofa": "MOFA-style"}
SHOWN |= {"metric": "metric (ours)"}  # needs no depth, see notebook 08
ROWS = {"fig3": 4, "figS1": 9}


def make(id: str, data: tuple[str, ...]) -> Plate:
    """Rows of faces from the set's poses in turn; DepthNet maps each onto the next one."""
    sets, notes = test_sets(data[:1])
    ((name, faces),) = sets.items()
    if faces.z is None or faces.image is None or not faces.shareable:
        raise InputError(name, "has no depth, or no pictures that may be shown", "choose another set")
    faces = faces[_choose(faces, ROWS[id], skip=0 if id == "fig3" else ROWS["fig3"])]
    shapes = {label: _shapes(model, faces) for model, label in SHOWN.items()}
    figure = Figure(figsize=(2.1 * (1 + len(SHOWN)), 2.1 * len(faces)), layout="constrained")
    for i in range(len(faces)):
        axes = figure.add_subplot(len(faces), 1 + len(SHOWN), 1 + i * (1 + len(SHOWN)))
        axes.imshow(faces.image(i))
        axes.set_axis_off()
        for j, (label, points) in enumerate(shapes.items()):
            axes = figure.add_subplot(len(faces), 1 + len(SHOWN), 2 + j + i * (1 + len(SHOWN)), projection="3d")
            _draw(axes, points[i], shapes["ground truth"][i])
            if i == 0:
                axes.set_title(label, fontsize=9)
                axes.text2D(0.05, 0.02, "depth →", transform=axes.transAxes, fontsize=6, rotation=-20)
    notes.append("unit-spread keypoints; the scale of DepthNet's depth is free and made the true one")
    return Plate({label: np.round(points, 4).tolist() for label, points in shapes.items()}, figure, notes=notes)


def _choose(faces: KeypointSet, count: int, skip: int) -> list[int]:
    """Faces of different people, left, front and right in turn."""
    rows = []
    for i in range(skip, skip + count):
        same = np.flatnonzero(faces.pose == POSES[i % 3]) if faces.pose is not None else np.arange(len(faces))
        rows.append(int(same[(5 * i) % len(same)]))
    return rows


def _shapes(model: str, data: KeypointSet) -> np.ndarray:
    """(M, N, 3) centred unit-spread points with estimated depth, each face mapped onto the next."""
    net = trained(model, *MODELS[model].trained_on)
    with torch.inference_mode():
        faces = encode_all(net, as_faces(data, images=net.needs_images))
        z = net(faces, faces[torch.arange(len(data)).roll(-1)]).z
        unit, _, scale = to_unit(faces.xy)
        z = (z - z.mean(-1, keepdim=True)) / scale[..., 0]
        if model == "pinv":  # its gauge has no scale
            true = as_faces(data).z / scale[..., 0]
            z = z * true.std(-1, keepdim=True) / z.std(-1, keepdim=True)
    return torch.cat([unit, z[..., None]], -1).numpy()


def _draw(axes, points: np.ndarray, like: np.ndarray) -> None:
    """Points seen half from the side: depth goes to the right and toward the viewer."""
    x, y, z = points.T
    for line in layout_of(len(points)).lines:
        rows = list(line)
        axes.plot(z[rows], x[rows], -y[rows], color="0.7", linewidth=0.6)
    near = like[:, 2]
    axes.scatter(z, x, -y, c=z, cmap=DEPTH_COLOURS, vmin=near.min(), vmax=near.max(), s=5, depthshade=False)
    axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), zlim=(-1.6, 1.6), xticks=[], yticks=[], zticks=[])
    axes.set_box_aspect((1, 1, 1), zoom=1.25)
    axes.view_init(elev=12, azim=-35)
