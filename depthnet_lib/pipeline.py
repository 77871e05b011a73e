"""The whole way of a photo: face and keypoints -> depth -> turn or warp. What demo, viewers and notebooks call."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch

from .heads import load_basis
from .images import read_image
from .keypoints import find_face
from .keypoints.boxes import crop
from .layouts import layout_of
from .models import DepthModel, Faces, load_model
from .repair.apply import generator, repair
from .repair.inputs import background_input, swap_input
from .warp import turn, turned, warp
from .warp.hidden import fill_from_mirror, hidden_mask
from .warp.mesh import make_mesh
from .warp.surroundings import surroundings
from .warp.uses import frontal, mirror_is_closer, mirrored, paste

METRIC_MODEL = "factorization"  # whose depth is metric: good for turning by an angle
PAPER_MODEL = "pinv"  # whose depth is known up to a gauge: good for warping onto target keypoints
PORTRAIT_SIZE = 384  # pixels
EXTREME = 45.0  # degrees of yaw: beyond, one half of the face is not in the photo
MARGIN = 1.9  # side of the crop over the larger side of the keypoints' bounding box


@dataclass(frozen=True)
class Portrait:
    """A face cropped out of a photo: image RGB uint8 (S, S, 3), keypoints x_s (N, 2) and metric depth z (N,), both
    in pixels of the crop."""

    image: np.ndarray
    x_s: np.ndarray
    z: np.ndarray


def read_portrait(photo: str | Path | np.ndarray, detector: str = "dlib", size: int = PORTRAIT_SIZE) -> Portrait:
    """The largest face of a photo (file, or RGB uint8 (H, W, 3)), cropped to a useful size however small it is.

    Raises InputError for a file that is no picture and for a photo without a face.
    """
    if isinstance(photo, np.ndarray):
        return make_portrait(photo, find_face(photo, detector).points, size)
    image = read_image(photo)
    return make_portrait(image, find_face(image, detector, name=photo).points, size)


def make_portrait(image: np.ndarray, points: np.ndarray, size: int = PORTRAIT_SIZE) -> Portrait:
    """A portrait from a picture (H, W, 3) whose keypoints (N, 2) are known."""
    picture, matrix = crop(image, _head_box(points), size)
    x_s = points @ matrix[:, :2].T + matrix[:, 2]
    return Portrait(picture, x_s, metric_depth(x_s))


def metric_depth(x_s: np.ndarray) -> np.ndarray:
    """z (..., N) of keypoints (..., N, 2), in their unit, true to a turned head up to noise: no tilt, no free scale."""
    faces = np.atleast_3d(x_s).reshape(-1, *x_s.shape[-2:])
    return predict(METRIC_MODEL, faces, faces)[0].reshape(x_s.shape[:-1])


def predict(model: str | DepthModel, sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depth z (B, N) and affine m (B, 2, 4) of sources onto targets (B, N, 2), both in pixels or any other unit."""
    if isinstance(model, str):
        model = _model(model, sources.shape[-2])
    with torch.inference_mode():
        source, target = (model.encode(Faces(torch.from_numpy(np.array(x)).float())) for x in (sources, targets))
        prediction = model(source, target)
    return prediction.z.double().numpy(), prediction.m.double().numpy()


def turn_portrait(portrait: Portrait, yaw: float = 0.0, pitch: float = 0.0, depth_scale: float = 1.0) -> np.ndarray:
    """The face turned by angles in degrees on the spot: RGBA uint8 (S, S, 4), transparent off the face."""
    z = depth_scale * portrait.z
    return warp(portrait.image, portrait.x_s, z, turn(portrait.x_s, z, yaw, pitch))


def warp_portrait(portrait: Portrait, targets: np.ndarray, model: str = PAPER_MODEL) -> list[np.ndarray]:
    """The face on each of the target keypoints (T, N, 2), in pixels of the crop, by depth and affine of a model."""
    z, m = predict(model, np.broadcast_to(portrait.x_s, targets.shape), targets)
    return [warp(portrait.image, portrait.x_s, z[t], m[t]) for t in range(len(targets))]


@dataclass(frozen=True)
class Warped:
    """A warped face RGBA (H, W, 4), and ``hidden`` (H, W): where it shows skin that its photo did not, filled from the
    other half of the face or stretched. That is what repair works on."""

    face: np.ndarray
    hidden: np.ndarray


def warp_mesh(portrait: Portrait, m: np.ndarray, size: tuple[int, int], mesh: str, fill: bool) -> Warped:
    """A face moved by m (2, 4) into a picture of size (height, width), on a mesh of `warp.mesh.MESHES`."""
    surface = make_mesh(mesh, portrait.x_s, portrait.z)
    if fill:
        face = fill_from_mirror(portrait.image, surface, m, size)
    else:
        face = warp(portrait.image, surface.points, surface.depth, m, surface.triangles, size)
    return Warped(face, hidden_mask(surface, m, size))


def frontalize(portrait: Portrait, mesh: str = "dense", fill: bool = True) -> Warped:
    """The face turned to the viewer, its size kept: as the mean embedded head looks at us (section 3.3)."""
    return warp_mesh(portrait, frontal_affine(portrait.x_s, portrait.z), portrait.image.shape[:2], mesh, fill)


def frontal_affine(x_s: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The affine m (2, 4) that turns keypoints (N, 2) with metric depth (N,) to the viewer."""
    basis = load_basis()
    return frontal(x_s, z, basis.landmarks(np.zeros(len(basis.identity)), np.zeros(len(basis.actions))))


def swap_face(
    source: Portrait,
    target: np.ndarray,
    x_t: np.ndarray,
    model: str = METRIC_MODEL,
    mesh: str = "dense",
    fill: bool = True,
    blend: str = "poisson",
) -> tuple[np.ndarray, Warped]:
    """The source's face on the target's geometry, pasted into the target picture (section 3.3, figure 5).

    target (H, W, 3), its keypoints x_t (N, 2). Of the source and its mirror image the one closer in pose is taken
    (supplement S.3). blend: one of `warp.uses.BLENDS`. Returns the picture (H, W, 3), and the warped face alone.
    """
    image, x_s = source.image, source.x_s
    layout = layout_of(len(x_s))
    if mirror_is_closer(x_s, x_t, layout):
        image, x_s = mirrored(image, x_s, layout)
    z, m = predict(model, x_s[None], x_t[None])
    warped = warp_mesh(Portrait(image, x_s, z[0]), m[0], target.shape[:2], mesh, fill)
    return paste(target, warped.face, blend), warped


def repair_frontal(portrait: Portrait) -> tuple[Portrait, np.ndarray]:
    """The face turned to the viewer with hair and background (figure 4; beyond 45 degrees as in figure S8).

    Returns a portrait of its own, which can be turned again, and the share (S, S) of each pixel that was painted.
    """
    m = frontal_affine(portrait.x_s, portrait.z)
    face, around = frontalize(portrait, "keypoints").face, surroundings(portrait.image, portrait.x_s, portrait.z, m)
    net = generator("extreme" if abs(turned_by(m)) > EXTREME else "background")
    picture, painted = repair(net, background_input(face, *around))
    points = turned(portrait.x_s, portrait.z, m)
    return Portrait(picture, points[:, :2], points[:, 2]), painted


def repair_swap(source: Portrait, target: np.ndarray, x_t: np.ndarray) -> np.ndarray:
    """The source's face on the target's geometry, Poisson blended, then repaired (figure 5): RGB like target.

    target (H, W, 3), its keypoints x_t (N, 2). The network sees the head's surroundings alone; what it made fades into
    the photo at the border of that square.
    """
    box = _head_box(x_t)
    size = int(np.clip(box[2] - box[0], 64, 2048))  # the photo's own pixels, as far as a machine can bear
    picture, matrix = crop(target, box, size)
    x_t = x_t @ matrix[:, :2].T + matrix[:, 2]
    pasted, _ = swap_face(source, picture, x_t, mesh="keypoints")
    repaired, _ = repair(generator("swap"), swap_input(pasted, picture, x_t))
    fade = np.minimum(1, (0.5 - np.abs(np.linspace(-0.5, 0.5, size))) / 0.1)
    layers = np.dstack([repaired, np.minimum(fade, fade[:, None])]).astype(np.float32)
    back = cv2.warpAffine(layers, cv2.invertAffineTransform(matrix), target.shape[1::-1])
    return np.rint(back[..., :3] * back[..., 3:] + target * (1 - back[..., 3:])).astype(np.uint8)


def turned_by(m: np.ndarray) -> float:
    """Degrees of yaw that a frontalizing affine m (2, 4) takes back; positive: the nose was to the right."""
    a, b = m[:, :3]
    return -float(np.rad2deg(np.arctan2(a[2], np.cross(a, b)[2])))


def place(targets: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Faces (..., N, 2) of any unit moved and scaled to where the face `like` (N, 2) is, their pose kept.

    The height between eyes and mouth region sets the scale: unlike the width it does not shrink with yaw.
    """
    height = lambda x: np.ptp(x[..., 1], axis=-1)[..., None, None]  # noqa: E731
    centred = targets - targets.mean(-2, keepdims=True)
    return centred * height(like) / height(targets) + like.mean(-2)


def _head_box(points: np.ndarray) -> np.ndarray:
    """(4,) the square x0 y0 x1 y1 around keypoints (N, 2) that a portrait shows."""
    low, high = points.min(0), points.max(0)
    half, centre = MARGIN * (high - low).max() / 2, (low + high) / 2
    return np.concatenate([centre - half, centre + half])


@cache
def _model(name: str, n_keypoints: int) -> DepthModel:
    return load_model(name, n_keypoints)
