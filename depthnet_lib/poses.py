"""Faces in rows of poses: pictures of rendered heads as targets, projections onto them (figures 1 and S2 to S5), and
how close a projection comes to the true picture of the same head."""

from dataclasses import dataclass, replace

import numpy as np
from skimage.metrics import structural_similarity

from .heads import sample_shots
from .heads.render import Pictures, render
from .layouts import layout_of
from .pipeline import PAPER_MODEL, Portrait, predict
from .warp import turned, warp
from .warp.hidden import hidden_mask
from .warp.mesh import keypoint_mesh
from .warp.uses import mirror_is_closer, mirrored, onto

YAWS = (-50, -33, -17, 0, 17, 33, 50)  # degrees


def row_of_poses(person: int, yaws: tuple[float, ...] = YAWS, pitch: float = 0.0, size: int = 160) -> Pictures:
    """One rendered person at rest in a row of poses under the same light, as in Multi-PIE; yaws in degrees."""
    shots = sample_shots(0, np.full(len(yaws), person), np.zeros(len(yaws), int), expressive=0)
    return render(replace(shots, angles=np.array([(yaw, pitch, 0) for yaw in yaws], float)), size)


def portrait_of(pictures: Pictures, index: int) -> Portrait:
    """A rendered picture with its true keypoints and depth, in pixels (centre of the top-left pixel at (0, 0))."""
    size = pictures.image.shape[1]
    return Portrait(pictures.image[index], size * pictures.xy[index] - 0.5, size * pictures.z[index])


def project(portrait: Portrait, targets: np.ndarray, size: int, model: str = PAPER_MODEL) -> list[np.ndarray]:
    """The face on each of the target keypoints (T, N, 2), in pixels of square pictures: RGBA (size, size, 4) each.

    Of the source and its mirror image the one closer in pose is used, as for figures S2 to S5; depth and affine come
    from a model, the mesh is the paper's.
    """
    chosen, z, m = _closer(portrait, targets, model)
    return [warp(image, x_s, *zm, size=(size, size)) for (image, x_s), *zm in zip(chosen, z, m, strict=True)]


def landed(portrait: Portrait, targets: np.ndarray, model: str = PAPER_MODEL) -> np.ndarray:
    """(T, N, 2): where the keypoints of `project`'s faces are, in the targets' pixels."""
    chosen, z, m = _closer(portrait, targets, model)
    return np.stack([turned(x_s, *zm)[:, :2] for (_, x_s), *zm in zip(chosen, z, m, strict=True)])


def _closer(portrait: Portrait, targets: np.ndarray, model: str) -> tuple[list, np.ndarray, np.ndarray]:
    """For each target (T, N, 2): the source's picture and keypoints or their mirror image, depth and affine."""
    layout = layout_of(len(portrait.x_s))
    pictures = (portrait.image, portrait.x_s), mirrored(portrait.image, portrait.x_s, layout)
    chosen = [pictures[mirror_is_closer(portrait.x_s, x_t, layout)] for x_t in targets]
    return chosen, *predict(model, np.stack([x_s for _, x_s in chosen]), targets)


@dataclass(frozen=True)
class Truth:
    """One projection beside the true picture: ``psnr`` in dB and ``ssim`` over the region that both pictures show,
    ``keypoints`` the mean distance of the projected keypoints from the target's, in pixels."""

    psnr: float
    ssim: float
    keypoints: float


def against_truth(source: Portrait, target: Portrait, models: tuple[str, ...]) -> dict[str, Truth]:
    """Project one picture of a head onto the keypoints of another picture of it, by each model, and compare.

    Both come with true depth (`portrait_of`), which the model "gt" uses. All models are compared over the same
    pixels: where the target shows its face mesh, the source saw that skin, and every projection has a pixel.
    """
    size = target.image.shape[:2]
    fits = {name: _fit(name, source, target) for name in models}
    warped = {name: warp(source.image, source.x_s, z, m, size=size) for name, (z, m) in fits.items()}
    m_true = onto(source.x_s, source.z, target.x_s)
    region = warp(target.image, target.x_s, target.z, np.eye(2, 4))[..., 3] > 0
    region &= ~hidden_mask(keypoint_mesh(source.x_s, source.z), m_true, size)
    region &= np.all([picture[..., 3] > 0 for picture in warped.values()], axis=0)
    scores = {}
    for name, (z, m) in fits.items():
        distance = np.linalg.norm(turned(source.x_s, z, m)[:, :2] - target.x_s, axis=1).mean()
        scores[name] = Truth(*similarity(warped[name][..., :3], target.image, region), float(distance))
    return scores


def similarity(picture: np.ndarray, truth: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """PSNR and SSIM over a region; outside it the pictures are made equal, so that no window sees a difference."""
    error = np.square(picture.astype(float) - truth)[region].mean()
    seen = np.where(region[..., None], picture, truth)
    _, each = structural_similarity(seen, truth, channel_axis=2, full=True)
    return float(10 * np.log10(255**2 / max(error, 1e-9))), float(each[region].mean())


def _fit(model: str, source: Portrait, target: Portrait) -> tuple[np.ndarray, np.ndarray]:
    if model == "gt":
        return source.z, onto(source.x_s, source.z, target.x_s)
    z, m = predict(model, source.x_s[None], target.x_s[None])
    return z[0], m[0]
