"""Where hair begins: the height of the hairline around the mean head."""

import numpy as np

SKULL = np.array([0.0, -2.0, -3.0])  # middle of the skull in the mean head's coordinates, cm
# azimuth from the front in degrees -> y of the hairline: forehead, temple, sideburn, round the ear, nape
_AZIMUTH = (0, 20, 40, 52, 62, 70, 80, 92, 104, 118, 130, 150, 180)
_HEIGHT = (-7.6, -7.4, -6.7, -5.6, -3.4, -1.2, 0.3, -1.4, -0.8, 3.2, 5.6, 6.6, 6.8)


def azimuth(p: np.ndarray) -> np.ndarray:
    """Degrees from the front around the skull, negative to the picture's left, of places p (..., 3)."""
    return np.rad2deg(np.arctan2(p[..., 0] - SKULL[0], p[..., 2] - SKULL[2]))


def hairline_height(p: np.ndarray, lower: float) -> np.ndarray:
    """y (...,) of the hairline at the azimuth of places p (..., 3); ``lower`` cm further down the forehead if > 0."""
    around = np.abs(azimuth(p))
    return np.interp(around, _AZIMUTH, _HEIGHT) + lower * np.interp(around, (0, 45, 60), (1, 1, 0))
