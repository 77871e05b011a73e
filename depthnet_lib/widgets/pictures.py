"""Pictures that follow a slider."""

import io

import numpy as np
from PIL import Image


def png_bytes(image: np.ndarray) -> bytes:
    """A picture (H, W, 3 or 4) as a PNG, quickly compressed: for views that follow a slider."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
