"""Pictures that follow a slider."""

import io
from collections.abc import Callable

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

DPI = 80  # of figures that follow a slider


def png_bytes(image: np.ndarray) -> bytes:
    """A picture (H, W, 3 or 4) as a PNG, quickly compressed: for views that follow a slider."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def figure_bytes(figure: Figure) -> bytes:
    """A figure as a PNG, for views that follow a slider."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return buffer.getvalue()


class LiveFigure:
    """A figure as a PNG again and again, in a fraction of the time: what stays is drawn once.

    ``empty`` has its axes, limits and labels; ``fill(figure, ...)`` puts titles and whatever else changes into them.
    """

    def __init__(self, empty: Figure, fill: Callable[..., None]):
        self.figure, self.fill, self.still = empty, fill, None
        empty.set_dpi(DPI)
        self.canvas = FigureCanvasAgg(empty)

    def png(self, *args, **kwargs) -> bytes:
        """The figure, filled with these arguments of ``fill``."""
        before = {artist for axes in self.figure.axes for artist in axes.get_children()}
        self.fill(self.figure, *args, **kwargs)
        filled = [a for axes in self.figure.axes for a in axes.get_children() if a not in before]
        filled.sort(key=lambda artist: artist.zorder)
        if self.still is None:
            self._draw_still(filled)
        self.canvas.restore_region(self.still)
        for artist in (*filled, *(axes.title for axes in self.figure.axes)):
            self.figure.draw_artist(artist)
        for artist in filled:
            artist.remove()
        return png_bytes(np.asarray(self.canvas.buffer_rgba())[..., :3])

    def _draw_still(self, filled: list) -> None:
        """Layout is made with everything in place and then kept; the picture without what is filled in is taken."""
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")
        titles = [axes.title for axes in self.figure.axes]
        for artist in filled:
            artist.set_visible(False)
        for title in titles:
            title.set_alpha(0)  # matplotlib places invisible titles elsewhere
        self.canvas.draw()
        self.still = self.canvas.copy_from_bbox(self.figure.bbox)
        for artist in filled:
            artist.set_visible(True)
        for title in titles:
            title.set_alpha(None)
