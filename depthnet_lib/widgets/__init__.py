"""Interactive parts of the notebooks: a pure function computes, a thin widget shows. Each has a static twin.

One module an explorer. To add one: its module here, its names below, its test in tests/test_widgets_NAME.py.
"""

from .affine import affine_picture, affine_widget
from .branches import branch_figure, branch_widget
from .depths import agreement, depths_figure, depths_widget
from .detectors import Hardship, detector_figure, detector_widget
from .explorer import Landing, explorer_widget, land_on, landing_figure
from .gauge import gauge_figure, gauge_widget
from .pictures import png_bytes
from .points import depth_view
from .profile import DepthProfile
from .repair import sheets_widget, wipe_widget, wiped
from .targets import TargetPicker, face_thumb
from .turn import turn_widget, turned_picture
from .upload import upload_widget

__all__ = [
    "DepthProfile",
    "Hardship",
    "Landing",
    "TargetPicker",
    "affine_picture",
    "affine_widget",
    "agreement",
    "branch_figure",
    "branch_widget",
    "depth_view",
    "depths_figure",
    "depths_widget",
    "detector_figure",
    "detector_widget",
    "explorer_widget",
    "face_thumb",
    "gauge_figure",
    "gauge_widget",
    "land_on",
    "landing_figure",
    "png_bytes",
    "sheets_widget",
    "turn_widget",
    "turned_picture",
    "upload_widget",
    "wipe_widget",
    "wiped",
]
