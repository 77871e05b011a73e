"""What repair is given: a warped face and the picture around it (supplement S.4).

Two pictures, six channels: the composite, and of it that part alone which is known, on black. Background synthesis and
extreme poses: the frontalized face in the source picture, bent to fit around it (`warp.surroundings`; the paper leaves
it as it was), and the face and the wall. Face swap: the warped face Poisson blended onto the target, where the paper
pastes it, and the target without its inner face. Skin that the photo hides, which the paper stretches from the outline,
comes from the face's other half (`warp.hidden`).
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


def laid(face: np.ndarray, around: np.ndarray) -> np.ndarray:
    """The face, RGBA (H, W, 4), laid over a picture (H, W, 3) as it is. Over the source picture `without_face`, this is
    the paper's own composite."""
    return np.where(face[..., 3:] > 0, face[..., :3], around).astype(np.uint8)


def background_input(face: np.ndarray, around: np.ndarray, wall: np.ndarray) -> np.ndarray:
    """(H, W, 6): the frontalized face, RGBA (H, W, 4), in its surroundings (H, W, 3), then the face and the wall, where
    (H, W) is True, alone."""
    return np.concatenate([laid(face, around), laid(face, np.where(wall[..., None], around, 0))], -1)


def swap_input(pasted: np.ndarray, target: np.ndarray, x_t: np.ndarray) -> np.ndarray:
    """(H, W, 6): the target (H, W, 3) with the warped face pasted on, then the target without its inner face."""
    return np.concatenate([pasted, without_face(target, x_t)], -1)


def composite(x: np.ndarray) -> np.ndarray:
    """(..., H, W, 3): what stands for "unrepaired" in x (..., H, W, 6)."""
    return x[..., :3]
