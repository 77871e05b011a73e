"""The embedded data: a parametric human head, people drawn from it, and the pictures that cameras take of them."""

from .basis import HeadBasis, load_basis
from .camera import Cameras, cameras
from .sampler import Shots, sample_shots

__all__ = ["Cameras", "HeadBasis", "Shots", "cameras", "load_basis", "sample_shots"]
