"""dlib's 68-point predictor: regression trees trained on photos (iBUG 300-W), the weights inside a wheel."""

from functools import cache

import numpy as np

from .boxes import crop

BOX_SIZE = 256  # pixels that the box measures when its points are read


def points(image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(F, 68, 2) iBUG points, in pixels, of the faces of RGB uint8 (H, W, 3) in ``boxes`` (F, 4).

    dlib answers in whole pixels; read on a crop in which every box measures 256 they are fractions of a small
    face's pixels, and a large face costs no more than a small one.
    """
    import dlib

    inside = dlib.rectangle(BOX_SIZE // 2, BOX_SIZE // 2, 3 * BOX_SIZE // 2 - 1, 3 * BOX_SIZE // 2 - 1)
    found = np.empty((len(boxes), 68, 2))
    for face, box in zip(found, boxes, strict=True):
        half = (box[2:] - box[:2]) / 2
        picture, matrix = crop(image, box + np.concatenate([-half, half]), 2 * BOX_SIZE)
        parts = _predictor()(picture, inside).parts()
        face[:] = ([(p.x, p.y) for p in parts] - matrix[:, 2]) / matrix[0, 0]
    return found


@cache
def _predictor():
    import dlib
    import face_recognition_models as weights

    return dlib.shape_predictor(weights.pose_predictor_model_location())
