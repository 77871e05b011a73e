"""The embedded data: a parametric human head, people drawn from it, and the pictures that cameras take of them.

`depthnet_lib.heads.render` (which needs OpenGL) draws the pictures; everything here is NumPy alone.
"""

from .basis import HeadBasis, load_basis
from .camera import Cameras, cameras
from .sampler import Shots, sample_shots

__all__ = ["Cameras", "HeadBasis", "Shots", "cameras", "load_basis", "sample_shots"]
