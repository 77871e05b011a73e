"""What repair is given: a warped face and the picture around it (supplement S.4).

Two pictures, six channels. Background synthesis and extreme poses: the frontalized face on black, and the source
picture without its inner face. Face swap: the warped face pasted onto the target, which is all that the paper gives,
Poisson blended, and the target without its inner face, so that what was pasted need not be guessed. Skin that the
photo hides, which the paper stretches from the outline, comes from the face's other half (`warp.hidden`).
"""

import cv2
import numpy as np


def face_hull(x_s: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) True inside the convex hull of keypoints (N, 2), in pixels."""
    mask = np.zeros(size, np.uint8)
    hull = cv2.convexHull(np.rint(x_s).astype(np.int32))
    return cv2.fillConvexPoly(mask, hull, 1).astype(bool)


def without_face(image: np.ndarray, x_s: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) with its inner face, the hull of the keypoints (N, 2), black."""
    return np.where(face_hull(x_s, image.shape[:2])[..., None], 0, image).astype(np.uint8)


def background_input(face: np.ndarray, image: np.ndarray, x_s: np.ndarray) -> np.ndarray:
    """(H, W, 6): the frontalized face, RGBA (H, W, 4), on black, then the source picture without its inner face."""
    on_black = np.where(face[..., 3:] > 0, face[..., :3], 0)
    return np.concatenate([on_black, without_face(image, x_s)], -1).astype(np.uint8)


def swap_input(pasted: np.ndarray, target: np.ndarray, x_t: np.ndarray) -> np.ndarray:
    """(H, W, 6): the target (H, W, 3) with the warped face pasted on, then the target without its inner face."""
    return np.concatenate([pasted, without_face(target, x_t)], -1)


def composite(x: np.ndarray) -> np.ndarray:
    """(..., H, W, 3): what stands for "unrepaired": the face of (..., H, W, 6) over its background, black where neither
    is; a swap's is its first picture."""
    face, rest = x[..., :3], x[..., -3:]
    return np.where(face.any(-1, keepdims=True), face, rest)
