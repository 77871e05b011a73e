"""How far found keypoints are from true ones, and a detector's record on a set of photos."""

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from ..layouts import IBUG68
from .boxes import find_boxes
from .detect import Detector, points_in

ALL = tuple(range(68))


def nme(found: np.ndarray, true: np.ndarray, ids: Sequence[int] = ALL) -> np.ndarray:
    """(M,) normalised mean error: distances of (M, N, 2) points, averaged over N, by the distance of the eye centres.

    ``ids`` (N,) are the points' iBUG numbers. Of a head in profile that distance nearly vanishes in the picture:
    there use `nme_box`.
    """
    right, left = (true[:, np.isin(ids, group)].mean(1) for group in IBUG68.eyes)
    return _mean_error(found, true) / np.linalg.norm(right - left, axis=1)


def nme_box(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """(M,) the same by the root of the area of the true points' bounding box, as AFLW2000-3D is scored."""
    return _mean_error(found, true) / np.sqrt(np.ptp(true, axis=1).prod(1))


def detect_all(pictures: Sequence[np.ndarray], detectors: Sequence[str | Detector]) -> np.ndarray:
    """(D, M, 68, 2) points that each detector finds in the same boxes; NaN where no face was found.

    Of several faces the one nearest to the picture's middle is taken.
    """
    found = np.full((len(detectors), len(pictures), 68, 2), np.nan)
    for i, picture in enumerate(tqdm(pictures, "finding faces", unit="photo", delay=2)):
        boxes = find_boxes(picture)
        if len(boxes):
            middle = np.array(picture.shape[1::-1]) / 2
            away = np.linalg.norm((boxes[:, :2] + boxes[:, 2:]) / 2 - middle, axis=1)
            for d, detector in enumerate(detectors):
                found[d, i] = points_in(picture, boxes[away.argmin()][None], detector)[0]
    return found


def summary(found: np.ndarray, true: np.ndarray, ids: Sequence[int] = ALL, pose: np.ndarray | None = None) -> dict:
    """Scores of points (M, 68, 2), NaN where there are none, against (M, N, 2) of iBUG numbers ``ids``, in percent.

    With ``pose`` (M,) of "left", "front", "right" also the mean NME of frontal and of turned faces.
    """
    seen = np.isfinite(found).all((1, 2))
    found, true = found[seen][:, list(ids)], true[seen]
    eyes, box = 100 * nme(found, true, ids), 100 * nme_box(found, true)
    groups = {} if pose is None else {"frontal": pose[seen] == "front", "turned": pose[seen] != "front"}
    return {
        "photos": len(seen),
        "found": int(seen.sum()),
        "nme": {"mean": float(eyes.mean()), "median": float(np.median(eyes))},
        "nme_by_pose": {name: float(eyes[group].mean()) for name, group in groups.items() if group.any()},
        "nme_box": {"mean": float(box.mean()), "median": float(np.median(box))},
        "above_10_percent": int((eyes > 10).sum()),
    }


def _mean_error(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.linalg.norm(found - true, axis=2).mean(1)
