"""Table 1: keypoint error on pairs of faces of one person, all eight models, and the histogram of errors."""

import numpy as np
from matplotlib.figure import Figure

from ..datasets import KeypointSet
from ..datasets.tensors import as_faces, crop_box
from ..depth_model import DepthModel
from ..errors import InputError
from ..layouts import IBUG68
from ..metrics import interocular, ordered_pairs, pair_mse, predict_pairs
from ..models import MODELS
from . import Plate
from .frame import test_sets
from .tables import Table
from .trained import trained

DATA = ("anny-images", "muct")
CROP = 80  # pixels of the paper's face crop, whose square is the unit of its MSE
# model, what it is, its colour (Okabe and Ito's, told apart by everybody), the paper's MSE and MSE_norm on VGG-Face
ROWS = (
    ("affine2d", "1) 2D affine", "#000000", 1.562, 9.547),
    ("template", "2) average 3D face", "#999999", 0.724, 7.486),
    ("separate", "3) depth and affine separately", "#E69F00", 0.568, 6.292),
    ("separate-cnn", "4) the same with images", "#D55E00", 0.539, 6.115),
    ("two-step", "5) least squares on depths of 3", "#56B4E9", 0.400, 5.184),
    ("two-step-cnn", "6) least squares on depths of 4", "#0072B2", 0.399, 5.175),
    ("pinv", "7) through the pseudo-inverse", "#009E73", 0.357, 4.932),
    ("pinv-cnn", "8) the same with images", "#CC79A7", 0.349, 4.891),
    # the kit's own, see notebook 08
    ("factorization", "factorization, no learning", "#56B4E9", None, None),
    ("metric", "metric", "#D55E00", None, None),
    ("optimum", "best depth of each pair", "#000000", None, None),
)
PAIRED = ROWS[:8]  # the paper's
EDGES = np.geomspace(0.02, 200, 61)  # of the histogram, squared pixels


def make(id: str, data: tuple[str, ...]) -> Plate:
    """Errors on the test split of each set, of models trained on pairs of its training split."""
    sets, notes = test_sets(data)
    numbers = {"paper, VGG-Face": {row[0]: {"mse": row[3], "mse_norm": row[4]} for row in PAIRED}}
    for name, faces in sets.items():
        numbers[name] = {}
        for model, *_ in ROWS:
            try:
                numbers[name][model] = _entry(_trained(model, name, faces), faces)
            except InputError as error:
                notes.append(f"{model} on {name}: {error.reason}")
    notes += [
        "MSE in squared pixels of an 80-pixel face crop, mean over the 2 N coordinates and all pairs of one person",
        "MSE_norm: mean over keypoints of the distance to the target, in percent of its interocular distance",
    ]
    columns = [*sets, "paper, VGG-Face"]
    rows = [[label, *(_cell(numbers[c].get(model), key, c) for c in columns for key in ("mse", "mse_norm"))]
            for model, label, *_ in ROWS]  # fmt: skip
    groups = [(f"{c}, {numbers[c]['affine2d'].get('pairs', 43_940):,} pairs", 2) for c in columns]
    table = Table(["model", *["MSE", "MSE_norm"] * len(columns)], rows, groups)
    width, height = table.inches()
    figure = Figure(figsize=(width + 5.5, max(height, 3.6)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(width, 5.5))
    table.draw(left)
    first = next(iter(sets))
    _histogram(right, numbers[first], first)
    return Plate(numbers, figure, table.markdown(), notes)


def _trained(model: str, name: str, faces: KeypointSet) -> DepthModel:
    """Trained on the set's own pairs; the average face, and what learns from single faces, on anny where they fit."""
    if MODELS[model].needs_images and faces.image is None:
        raise InputError(name, "has no pictures", "nothing to do")
    if model == "template":
        return trained(model, n_keypoints=faces.xy.shape[1])
    if model in ("factorization", "metric"):  # they learn from faces, not from pairs
        known = faces.xy.shape[1] == IBUG68.n
        return trained(model, *(() if known else (name, "all")), n_keypoints=faces.xy.shape[1])
    return trained(model, name, "identity", n_keypoints=faces.xy.shape[1])


def _entry(model: DepthModel, data: KeypointSet) -> dict:
    """Mean MSE and MSE_norm over the pairs of one person, and the histogram of their MSE."""
    faces, pairs = as_faces(data, images=model.needs_images), ordered_pairs(data, "identity")
    side = crop_box(faces.xy)[1][..., 0, 0]
    squares, shares = [], []
    for rows, prediction in predict_pairs(model, faces, pairs, progress=True):
        x_t, x_n = faces.xy[rows[:, 1]], prediction.x_n
        squares.append(pair_mse(x_n, x_t) * (CROP / side[rows[:, 1]]) ** 2)
        shares.append((x_n - x_t).norm(dim=-1).mean(-1) / interocular(x_t, data.layout))
    mse, norm = (np.concatenate([part.numpy() for part in parts]).astype(float) for parts in (squares, shares))
    counts = np.histogram(mse.clip(EDGES[0], EDGES[-1]), EDGES)[0]
    return {"pairs": len(mse), "mse": mse.mean(), "mse_norm": 100 * norm.mean(), "histogram": counts.tolist()}


def _cell(entry: dict | None, key: str, column: str) -> str:
    return f"{entry[key]:.3f}" if entry else "" if column.startswith("paper") else "not trained"


def _histogram(axes, entries: dict, name: str) -> None:
    for model, label, colour, *_ in ROWS:
        if model in entries:
            share = np.array(entries[model]["histogram"]) / entries[model]["pairs"]
            ours = {"linestyle": "--"} if all(model != row[0] for row in PAIRED) else {}
            axes.stairs(100 * share, EDGES, color=colour, label=label, linewidth=1.3, **ours)
    axes.set(xscale="log", xlabel=f"MSE of a pair (px², {name})", ylabel="pairs (%)")
    axes.legend(fontsize=7, frameon=False)
    axes.grid(alpha=0.3)
