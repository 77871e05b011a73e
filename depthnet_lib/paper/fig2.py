"""Figure 2: predicted depth against true depth, every keypoint of every pair, as heat maps."""

import numpy as np
from matplotlib.figure import Figure

from ..affine import to_unit
from ..datasets import KeypointSet
from ..datasets.tensors import as_faces
from ..errors import InputError
from ..metrics import estimated_depths
from ..models import MODELS
from . import Plate
from .frame import test_sets
from .trained import trained

DATA = ("anny",)
SHOWN = {"pinv": "DepthNet", "pinv-gan": "DepthNet + GAN", "aign": "AIGN", "mofa": "MOFA-style"}
SHOWN |= {"metric": "metric (ours)"}  # needs no depth, see notebook 08
CELLS, REACH = 100, 3.0  # a heat map's cells a side; its axes go to so many standard deviations


def make(id: str, data: tuple[str, ...]) -> Plate:
    """A row of heat maps for each data set."""
    sets, notes = test_sets(data)
    figure = Figure(figsize=(3 * len(SHOWN), 3.3 * len(sets)), layout="constrained")
    grid = figure.subplots(len(sets), len(SHOWN), squeeze=False)
    numbers: dict = {}
    for row, (name, faces) in zip(grid, sets.items(), strict=True):
        if faces.z is None:
            raise InputError(name, "has no true depth", "choose another set")
        for axes, (model, label) in zip(row, SHOWN.items(), strict=True):
            if MODELS[model].needs_images and faces.image is None:
                axes.set_axis_off()
                continue
            counts, r = _heat_map(model, faces)
            numbers.setdefault(name, {})[model] = {"r": r, "counts": counts.tolist()}
            axes.imshow(np.log1p(counts.T), origin="lower", extent=(-REACH, REACH) * 2, cmap="magma")
            axes.set_title(f"{label}, {faces.name}: r = {r:.2f}", fontsize=9)
            axes.set(xlabel="true depth", ylabel="predicted depth")
    notes.append("each face's depth centred and divided by its spread in the picture; axes in standard deviations")
    return Plate(numbers, figure, notes=notes)


def _heat_map(model: str, data: KeypointSet) -> tuple[np.ndarray, float]:
    """(CELLS, CELLS) counts, true depth along the first axis, and the correlation over all points."""
    pairs, guess, true = estimated_depths(trained(model, *MODELS[model].trained_on), data)
    scale = to_unit(as_faces(data).xy)[2][pairs[:, 0], :, 0]
    true, guess = (depth.div(scale).flatten().double().numpy() for depth in (true, guess))
    true, guess = true / true.std(), guess / guess.std()
    counts = np.histogram2d(true, guess, CELLS, [(-REACH, REACH)] * 2)[0]
    return counts.astype(int), float(np.corrcoef(true, guess)[0, 1])
