"""Pictures that follow a slider."""

import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image


def png_bytes(image: np.ndarray) -> bytes:
    """A picture (H, W, 3 or 4) as a PNG, quickly compressed: for views that follow a slider."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def figure_bytes(figure: Figure) -> bytes:
    """A figure as a PNG, for views that follow a slider."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()
