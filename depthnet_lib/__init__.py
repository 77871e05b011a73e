"""DepthNets kit: facial keypoints -> depth without depth labels -> affine -> warp -> repair."""

import os

# Both are read once, when OpenGL is loaded, so they are set before any other module of the kit.
os.environ.setdefault("PYOPENGL_PLATFORM", "egl")  # headless drawing, no X server needed
os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa's software rasteriser: threads cost more than they bring here

__version__ = "0.1.0"
