"""Figures 4, 5, S6, S7 and S8: background synthesis, face swap and extreme poses, on rendered heads.

Rows are people whom no training saw. The paper's columns, and where rendered heads know it, the true answer last.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure

from ..errors import InputError
from ..pipeline import METRIC_MODEL, frontalize, repair_frontal, repair_swap, warp_portrait
from ..plots import draw_keypoints
from ..repair.inputs import composite
from ..repair.scores import distances
from ..repair_sets import HEADS, PEOPLE, YAW, background_row, draw_scenes, swap_row
from ..repair_sweep import sweep_scores
from ..warp.export import on_white
from . import Plate

DATA = (HEADS,)
ROWS = 8
SIZE = 192  # pixels of a picture; the networks paint at 64
SWEEP = np.linspace(-45, 45, 7)  # degrees of yaw of the faces whose pose is taken
FIRST = {"fig4": 0, "figS6": ROWS, "fig5": 0, "figS7": ROWS, "figS8": 0}  # of the held-out people of `repair_sets`


def make(id: str, data: tuple[str, ...]) -> Plate:
    """The figure with its rows' scores; InputError for other data than rendered heads."""
    if tuple(data) != DATA:
        raise InputError(", ".join(data), "has no true answers", f"these figures are made on {HEADS}")
    makers = {"fig4": _background, "figS6": _background, "fig5": _swap, "figS7": _swap, "figS8": _extreme}
    return makers[id](FIRST[id])


def _background(first: int) -> Plate:
    """Source, keypoints, DepthNet's face, with the background as it was and bent, repaired, true answer."""
    scenes = draw_scenes(_people(first), YAW["background"], scenes=1, size=SIZE)
    titles = ["source", "keypoints", "DepthNet (DN)", "DN + background", "background bent", "repaired", "true answer"]
    figure, axes = _grid(titles)
    rows = []
    for row, portrait, answer, person in zip(
        axes, scenes.faces, scenes.answers().pictures, _people(first), strict=True
    ):
        x, place, plain = background_row(portrait)
        versions = {"before": plain, "closed_form": composite(x), "after": repair_frontal(portrait)[0].image}
        _show(row, [portrait.image, portrait.image, on_white(np.dstack([plain, place])), *versions.values(), answer])
        draw_keypoints(row[1], portrait.x_s, lines=False, size=3)
        rows.append({"person": int(person)} | _distances(versions, answer, place > 0))
    return Plate({"rows": rows, "mean": _mean(rows)}, figure, notes=[_NOTE, "ssim, psnr (dB) to the true answer"])


def _swap(first: int) -> Plate:
    """Source, target, warp to target as the paper pastes it, Poisson blended, repaired."""
    sources = draw_scenes(_people(first), YAW["swap"], scenes=1, size=SIZE)
    targets = draw_scenes(_people(first + 1), YAW["swap"], scenes=2, size=SIZE)
    figure, axes = _grid(["source", "target", "warp to target", "Poisson blended", "repaired"])
    rows = []
    for row, person, source, target in zip(axes, _people(first), sources.faces, targets.faces[1::2], strict=True):
        x, place, plain = swap_row(source, target)
        repaired = repair_swap(source, target.image, target.x_s)
        _show(row, [source.image, target.image, plain, composite(x), repaired])
        versions = {"before": plain, "closed_form": composite(x), "after": repaired}
        colours = {f"colour_{name}": _colour(p, target.image, place > 0) for name, p in versions.items()}
        rows.append({"person": int(person)} | colours)
    note = "colour: distance of the face's mean colour from that of the target's own face, CIE Lab (delta E)"
    return Plate({"rows": rows, "mean": _mean(rows)}, figure, notes=[_NOTE, note])


def _extreme(first: int) -> Plate:
    """In pairs of rows: another person in the poses that are taken; source, frontalized, repaired, re-projected."""
    scenes = draw_scenes(_people(first), YAW["extreme"], scenes=1, size=SIZE)
    others = draw_scenes(_people(first + ROWS), YAW["extreme"], scenes=1, size=SIZE)
    poses = [others.facing([yaw, 0, 0]) for yaw in SWEEP]
    figure, axes = _grid(["source", "frontalized", "repaired", *(f"{yaw:+.0f}°" for yaw in SWEEP)], 2 * ROWS)
    for i, portrait in enumerate(scenes.faces):
        front, _ = repair_frontal(portrait)
        sweep = warp_portrait(front, np.stack([pose.x_s[i] for pose in poses]), METRIC_MODEL)
        face = frontalize(portrait, "keypoints", fill=False).face
        _show(axes[2 * i], [None, None, None, *(pose.pictures[i] for pose in poses)])
        _show(axes[2 * i + 1], [portrait.image, on_white(face), front.image, *map(on_white, sweep)])
    numbers = sweep_scores(scenes, SWEEP)
    note = "ssim, psnr (dB) on the side that the source does not show, to the same person rendered in that pose"
    return Plate(numbers, figure, notes=[_NOTE, note])


_NOTE = f"held-out rendered heads, drawn at {SIZE} pixels; the networks saw 64"


def _distances(versions: dict[str, np.ndarray], answer: np.ndarray, inside: np.ndarray) -> dict[str, float]:
    scores = {}
    for name, picture in versions.items():
        found = distances(picture[None], answer[None], inside[None])
        for region in ("whole", "inside"):
            scores |= {f"{measure}_{region}_{name}": found[region][measure] for measure in ("ssim", "psnr")}
    return scores


def _colour(picture: np.ndarray, target: np.ndarray, inside: np.ndarray) -> float:
    means = [cv2.cvtColor(p.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[inside].mean(0) for p in (picture, target)]
    return float(np.linalg.norm(means[0] - means[1]))


def _mean(rows: list[dict]) -> dict[str, float]:
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0] if key != "person"}


def _people(first: int) -> np.ndarray:
    return np.take(PEOPLE["test"], np.arange(first, first + ROWS), mode="wrap")


def _grid(titles: list[str], rows: int = ROWS) -> tuple[Figure, np.ndarray]:
    figure = Figure(figsize=(1.3 * len(titles), 1.3 * rows + 0.2), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01, hspace=0.01)
    axes = figure.subplots(rows, len(titles), squeeze=False)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    return figure, axes


def _show(row: np.ndarray, pictures: list[np.ndarray | None]) -> None:
    for ax, picture in zip(row, pictures, strict=True):
        ax.set_axis_off()
        if picture is not None:
            ax.imshow(picture)
