"""Where the faces of a photo are: square boxes, and the crop that a box cuts out.

Two detectors that come with dlib's weights, the quick one first: histograms of oriented gradients (frontal faces,
30 ms) and, only where that sees nothing, a small convolutional network (turned faces too, about a second).
"""

from functools import cache

import cv2
import numpy as np

QUICK_SIDE = 1024  # longer side, in pixels, of the picture that the quick search looks at first
FINE_SIDE, MOST_ENLARGED = 2048, 4.0  # and second: its smallest face is 80 pixels, so small ones are enlarged
SLOW_SIDE = 320  # of the network's: it takes a second for that, in proportion to the area
SURE = 0.1  # score asked of the quick search: texture begins to look like faces at 0, most faces have 0.5 to 2.5
SMALLEST = 40  # pixels; no face fits into a picture with a shorter side


def find_boxes(image: np.ndarray) -> np.ndarray:
    """(F, 4) boxes x0 y0 x1 y1 of the faces in RGB uint8 (H, W, 3), largest first; (0, 4) where there is none.

    In pixels, (0, 0) the centre of the top-left one. A box spans about from the brows to the chin and may reach past
    the picture's edge.
    """
    side = max(image.shape[:2])
    first, second = min(1.0, QUICK_SIDE / side), min(MOST_ENLARGED, FINE_SIDE / side)
    boxes = _search(image, first, _quick)
    if not len(boxes):
        boxes = _search(image, second, _quick)
    if not len(boxes):
        boxes = _search(image, min(MOST_ENLARGED, SLOW_SIDE / side), _slow)
    return boxes[np.argsort(boxes[:, 0] - boxes[:, 2], kind="stable")]


def crop(image: np.ndarray, box: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The square ``box`` of a picture as (size, size, ...) and the (2, 3) matrix from picture to crop coordinates.

    Beyond the picture's edge its last pixels are repeated.
    """
    x0, y0, x1, _ = box
    scale = size / (x1 - x0)
    matrix = np.array([[scale, 0, -0.5 - scale * x0], [0, scale, -0.5 - scale * y0]])
    picture, from_picture = image, matrix
    if scale < 1:  # linear interpolation alone would skip pixels
        picture, k = resize(image, scale)
        from_picture = np.array([[scale / k[0], 0, 0], [0, scale / k[1], 0]])
        from_picture[:, 2] = matrix[:, 2] - from_picture[:, :2] @ (k / 2 - 0.5)
    out = cv2.warpAffine(picture, from_picture, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out, matrix


def resize(image: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture scaled to whole pixels, and the factors (2,) of x and y that this amounts to."""
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=how), np.array(size) / (width, height)


def _search(image: np.ndarray, scale: float, detector) -> np.ndarray:
    picture, k = resize(image, scale)
    if min(picture.shape[:2]) < SMALLEST:
        return np.empty((0, 4))
    return (detector(picture) + 0.5) / np.tile(k, 2) - 0.5


def _quick(picture: np.ndarray) -> np.ndarray:
    rectangles, scores, _ = _models()[0].run(picture, 0, SURE)
    enough = max(scores, default=0.0) / 4  # beside a certain face, a doubtful one is none
    return _corners(r for r, score in zip(rectangles, scores, strict=True) if score > enough)


def _slow(picture: np.ndarray) -> np.ndarray:
    boxes = _corners(found.rect for found in _models()[1](picture))
    # The network's boxes are smaller and higher than the quick search's, for which the keypoints were trained:
    # by these amounts on the faces of the AFLW2000-3D and London samples that both find.
    width = boxes[:, 2:3] - boxes[:, :1]
    return boxes + width * [-0.025, 0.065, 0.025, 0.115]


def _corners(rectangles) -> np.ndarray:
    """dlib's rectangles, whose right and bottom are the last pixels inside, as outer corners."""
    corners = [(r.left() - 0.5, r.top() - 0.5, r.right() + 0.5, r.bottom() + 0.5) for r in rectangles]
    return np.array(corners, float).reshape(-1, 4)


@cache
def _models():
    import dlib
    import face_recognition_models as weights

    slow = dlib.cnn_face_detection_model_v1(weights.cnn_face_detector_model_location())
    return dlib.get_frontal_face_detector(), slow
