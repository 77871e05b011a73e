"""Interactive parts of the notebooks: a pure function computes, a thin widget shows. Each has a static twin.

One module an explorer. To add one: its module here, its names below, its test in tests/test_widgets_NAME.py.
"""

from .affine import affine_picture, affine_widget
from .pictures import png_bytes
from .points import depth_view
from .turn import turn_widget, turned_picture
from .upload import upload_widget

__all__ = [
    "affine_picture",
    "affine_widget",
    "depth_view",
    "png_bytes",
    "turn_widget",
    "turned_picture",
    "upload_widget",
]
