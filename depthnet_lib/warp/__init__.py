"""The warp (section 2.1, step 5): the source's pixels on a keypoint mesh, moved by depth and affine.

>>> from depthnet_lib.warp import turn, warp
>>> rgba = warp(image, x_s, z, turn(x_s, z, yaw=20))  # doctest: +SKIP
"""

from .drawing import draw, open_backend, warp, warp_many
from .geometry import turn, turned

__all__ = ["draw", "open_backend", "turn", "turned", "warp", "warp_many"]
