"""What the warp is used for: onto another face's keypoints, frontal, pasted into another picture."""

import cv2
import numpy as np
import torch

from ..affine import solve_affine, solve_similarity
from ..errors import InputError
from ..layouts import Layout

BLENDS = ("poisson", "feather", "plain")


def onto(x_s: np.ndarray, z: np.ndarray, x_t: np.ndarray) -> np.ndarray:
    """The affine m (2, 4) that brings a face to another face's keypoints x_t (N, 2), in closed form (equation 3)."""
    return solve_affine(*(torch.as_tensor(np.asarray(a, float)) for a in (x_s, z, x_t))).numpy()


def frontal(x_s: np.ndarray, z: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The affine m (2, 4) that turns a face to the viewer, its size and its centre kept.

    x_s (N, 2), metric depth z (N,) in the same pixels; reference (N, 3): a frontal face in any unit, such as the mean
    of the embedded heads. The rotation is that of the best similarity between the two (Procrustes).
    """
    points = np.column_stack([x_s, z])
    _, rotation, _ = solve_similarity(torch.as_tensor(points), torch.as_tensor(np.asarray(reference, float)))
    linear = rotation.numpy()[:2]
    centre = points.mean(0)
    return np.column_stack([linear, centre[:2] - linear @ centre])


def mirrored(image: np.ndarray, x_s: np.ndarray, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """The picture flipped left to right, and its keypoints, each under its partner's number.

    Depth needs no more than the numbers: ``z[list(layout.mirror)]``.
    """
    flipped = np.add(_flipped(x_s, layout), [image.shape[1] - 1, 0])
    return np.ascontiguousarray(image[:, ::-1]), flipped


def mirror_is_closer(x_s: np.ndarray, x_t: np.ndarray, layout: Layout) -> bool:
    """Whether the mirror image of the source is closer to the target's pose (supplement S.3, figures S2 to S5).

    Both are compared with the target after the best similarity in the plane, so that size, place and roll do not
    count.
    """
    flipped = _flipped(x_s, layout)
    both = torch.as_tensor(np.stack([x_s, flipped]).astype(float))
    target = torch.as_tensor(np.asarray(x_t, float))
    scale, rotation, shift = solve_similarity(both, target)
    placed = scale[:, None, None] * both @ rotation.mT + shift[:, None]
    own, other = (placed - target).square().sum((1, 2)).tolist()
    return other < own


def _flipped(x_s: np.ndarray, layout: Layout) -> np.ndarray:
    if not layout.mirror:
        raise InputError(layout.name, "has no mirror pairs", "use 66 or 68 points")
    return x_s[list(layout.mirror)] * [-1, 1]


def paste(background: np.ndarray, face: np.ndarray, blend: str = "poisson") -> np.ndarray:
    """RGB (H, W, 3): a warped face, RGBA (H, W, 4), laid into a picture of the same size.

    "plain" replaces the pixels of the mesh, as the paper does before repair; "feather" fits the face's mean colour
    and contrast to what it covers and fades its border; "poisson" keeps its gradients and takes the colours of the
    border from the background (OpenCV's seamlessClone).
    """
    if blend not in BLENDS:
        raise InputError(blend, "unknown blend", "use one of: " + ", ".join(BLENDS))
    if background.shape[:2] != face.shape[:2]:
        raise InputError("paste", f"face {face.shape[:2]} on a picture {background.shape[:2]}", "warp to its size")
    mask = face[..., 3] > 0
    if not mask.any():
        return background.copy()
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # all the work is inside the face's box
    result = background.copy()
    blenders = {"poisson": _poisson, "feather": _feather, "plain": lambda under, over, mask: over * 1}
    blended = blenders[blend](background[part], face[part][..., :3], mask[part])
    result[part] = np.where(mask[part][..., None], blended, background[part])
    return result


def _feather(under: np.ndarray, over: np.ndarray, mask: np.ndarray) -> np.ndarray:
    over = _matched(over, under, mask)
    distance = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    share = np.clip(distance / (0.08 * np.sqrt(mask.sum())), 0, 1)[..., None]
    return np.rint(over * share + under * (1 - share)).astype(np.uint8)


def _matched(over: np.ndarray, under: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Colours of ``over`` with the mean and, within a factor of 1.5, the contrast of ``under``, channel by channel
    in CIE Lab (Reinhard and others, 2001)."""
    lab, goal = (cv2.cvtColor(p.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for p in (over, under))
    for c in range(3):
        own, wanted = lab[..., c][mask], goal[..., c][mask]
        contrast = np.clip(wanted.std() / max(own.std(), 1e-3), 1 / 1.5, 1.5)
        lab[..., c] = (lab[..., c] - own.mean()) * contrast + wanted.mean()
    return np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1) * 255)


def _poisson(under: np.ndarray, over: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """seamlessClone wants a border around the mask, and finds the place by the centre of the mask's box."""
    pad = 2
    padded = [np.pad(p, ((pad, pad), (pad, pad), (0, 0)), mode="edge") for p in (over, under)]
    inside = np.pad(mask.astype(np.uint8) * 255, pad)
    # Outside the mesh the face is black: its own border colour there, lest the black leak in through the gradients.
    black = np.pad(~mask, pad, constant_values=True).astype(np.uint8)
    padded[0] = cv2.inpaint(
        padded[0], cv2.bitwise_and(black, cv2.dilate(inside, np.ones((5, 5))) // 255), 3, cv2.INPAINT_NS
    )
    centre = (inside.shape[1] // 2, inside.shape[0] // 2)
    return cv2.seamlessClone(padded[0], padded[1], inside, centre, cv2.NORMAL_CLONE)[pad:-pad, pad:-pad]
