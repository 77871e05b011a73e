"""What repair is worth on the side that a photo does not show: a sweep of poses against the same person rendered there.

Supplement S.4.3 and figure S8: a face from an extreme pose is frontalized, repaired, and turned on. Rendered heads tell
how the person looks in each of those poses.
"""

import numpy as np
from skimage.metrics import structural_similarity

from .pipeline import METRIC_MODEL, Portrait, frontal_affine, frontalize, repair_frontal, warp_portrait
from .repair_sets import Scenes
from .warp import turned
from .warp.hidden import hidden_mask
from .warp.mesh import make_mesh
from .warp.uses import onto


def sweep_scores(scenes: Scenes, yaws: np.ndarray) -> dict:
    """Turn each face to each yaw (T,) in degrees, from its frontalized picture before and after repair.

    Compared with the person rendered at that yaw, where the warp of the source itself shows skin that the source does
    not (`hidden_mask`). Returns lists of T values "yaw", "ssim_before", "ssim_after", "psnr_before", "psnr_after" and
    the "mean" of each; every hidden pixel counts alike.
    """
    fronts = [(unrepaired_front(face), repair_frontal(face)[0]) for face in scenes.faces]
    table = []
    for yaw in yaws:
        truth = scenes.facing([yaw, 0, 0])
        rows = [_errors(*row) for row in zip(scenes.faces, fronts, truth.pictures, truth.x_s, strict=True)]
        ssim, squared = np.concatenate(rows, -1).mean(-1)
        psnr = 10 * np.log10(255**2 / squared)
        table.append([yaw, *ssim, *psnr])
    names = ["yaw", "ssim_before", "ssim_after", "psnr_before", "psnr_after"]
    found = {name: np.round(column, 4).tolist() for name, column in zip(names, np.transpose(table), strict=True)}
    return found | {"mean": {name: float(np.mean(found[name])) for name in names[1:]}}


def unrepaired_front(portrait: Portrait) -> Portrait:
    """The frontalized face on black, warped the paper's way, as a portrait that can be turned again."""
    points = turned(portrait.x_s, portrait.z, frontal_affine(portrait.x_s, portrait.z))
    face = frontalize(portrait, "keypoints", fill=False).face
    return Portrait(np.where(face[..., 3:] > 0, face[..., :3], 0), points[:, :2], points[:, 2])


def _errors(source: Portrait, fronts: tuple[Portrait, ...], truth: np.ndarray, x_t: np.ndarray) -> np.ndarray:
    """(2, F, P): SSIM and squared error of the F fronts turned onto x_t (N, 2), at the P hidden pixels."""
    mesh = make_mesh("keypoints", source.x_s, source.z)
    hidden = hidden_mask(mesh, onto(source.x_s, source.z, x_t), truth.shape[:2])
    faces = [warp_portrait(front, x_t[None], METRIC_MODEL)[0] for front in fronts]
    hidden &= np.all([face[..., 3] > 0 for face in faces], 0)
    made = [
        np.where(face[..., 3:] > 0, face[..., :3], truth) for face in faces
    ]  # of what is off the face, none is judged
    ssim = [structural_similarity(picture, truth, channel_axis=2, full=True)[1][hidden].mean(-1) for picture in made]
    squared = [np.square(picture[hidden] - truth[hidden].astype(float)).mean(-1) for picture in made]
    return np.stack([ssim, squared])
