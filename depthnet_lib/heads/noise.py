"""Smooth random fields, drawn once and then cut and turned: the stuff of skin, hair, cloth and backgrounds."""

from functools import lru_cache

import cv2
import numpy as np

_BANK = 1024


@lru_cache(maxsize=1)
def _bank() -> dict[str, np.ndarray]:
    """Periodic fields (1024, 1024) of zero mean and unit deviation: fine grain, medium mottle, fractal clouds."""
    spectrum = np.fft.rfft2(np.random.default_rng(0).standard_normal((_BANK, _BANK)))
    frequency = np.hypot(np.fft.fftfreq(_BANK)[:, None], np.fft.rfftfreq(_BANK))
    spectrum[0, 0] = 0

    def smooth(sigma: float) -> np.ndarray:
        blurred = np.fft.irfft2(spectrum * np.exp(-2 * (np.pi * sigma * frequency) ** 2))
        return (blurred / blurred.std()).astype(np.float32)

    clouds = sum(amplitude * smooth(sigma) for amplitude, sigma in ((0.3, 2), (0.5, 6), (0.8, 16), (1.2, 40)))
    return {"grain": smooth(0.7), "mottle": smooth(5), "clouds": clouds / clouds.std()}


def field(rng: np.random.Generator, kind: str, height: int, width: int, scale: float = 1.0) -> np.ndarray:
    """(height, width) float32 piece of a field ("grain", "mottle" or "clouds"), its features ``scale`` times as big."""
    source = _bank()[kind]
    h, w = (min(int(np.ceil(side / scale)), _BANK) for side in (height, width))
    y, x = rng.integers(0, _BANK, 2)
    rows, columns = (y + np.arange(h)) % _BANK, (x + np.arange(w)) % _BANK
    piece = source[rows][:, columns]
    if (h, w) != (height, width):
        piece = cv2.resize(piece, (width, height), interpolation=cv2.INTER_LINEAR)
    return piece
