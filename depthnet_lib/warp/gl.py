"""The warp through OpenGL, without a window: one context, its buffers kept from face to face."""

import ctypes
import sys
import threading
from functools import cache

import numpy as np

from . import cpu

_HEADLESS = {"backend": "egl"} if sys.platform.startswith("linux") else {}

_VERTEX = """#version 330
uniform vec2 size;
in vec3 position;  // x and y in target pixels; z from -1 (far) to 1 (near)
in vec2 source;    // in source pixels
out vec2 at;
void main() {
    at = source;
    gl_Position = vec4(2.0 * (position.xy + 0.5) / size - 1.0, -position.z, 1.0);
}"""

# Bilinear by hand: texture units round their weights to 8 bits, and their half-pixel bookkeeping is not needed.
_FRAGMENT = """#version 330
uniform sampler2D picture;
in vec2 at;
out vec4 colour;
void main() {
    ivec2 last = textureSize(picture, 0) - 1;
    vec2 low = floor(at), share = at - low;
    ivec2 a = clamp(ivec2(low), ivec2(0), last), b = clamp(ivec2(low) + 1, ivec2(0), last);
    vec3 top = mix(texelFetch(picture, a, 0).rgb, texelFetch(picture, ivec2(b.x, a.y), 0).rgb, share.x);
    vec3 bottom = mix(texelFetch(picture, ivec2(a.x, b.y), 0).rgb, texelFetch(picture, b, 0).rgb, share.x);
    colour = vec4(mix(top, bottom, share.y), 1.0);
}"""


class NoOpenGL(RuntimeError):
    """There is no OpenGL here, or its context is gone."""


class OpenGL:
    """An off-screen OpenGL context that draws textured triangles.

    The context is current only while it draws: other users of OpenGL in the process (pyrender) are left alone, and
    any thread may draw, one at a time. Pictures longer than ``limit`` pixels are left to the CPU. Row 0 of its
    framebuffer is row 0 of the picture.
    """

    def __init__(self):
        try:
            import moderngl

            self._context = moderngl.create_context(standalone=True, require=330, **_HEADLESS)
        except Exception as error:  # whatever is missing: library, display, driver, version
            raise NoOpenGL(" ".join(str(error).split()) or type(error).__name__) from None
        self._lock = threading.Lock()
        with self._context:
            self._handle = _current_context()
            self.renderer = self._context.info["GL_RENDERER"]  # its name, for people
            self._program = self._context.program(_VERTEX, _FRAGMENT)
            self._context.depth_func = "<="  # of equal depths the later triangle wins, as without depth test
            self.limit = min(self._context.info[key] for key in ("GL_MAX_TEXTURE_SIZE", "GL_MAX_RENDERBUFFER_SIZE"))
        self._texture = self._target = self._vertices = self._mesh = None
        self._vertex_bytes = 0

    def draw(
        self,
        image: np.ndarray,
        xyz: np.ndarray,
        source: np.ndarray,
        triangles: np.ndarray,
        size: tuple[int, int],
        depth_test: bool = True,
    ) -> np.ndarray:
        """RGBA uint8 (H, W, 4); the arguments are those of `depthnet_lib.warp.draw`. Raises NoOpenGL when lost."""
        if max(*image.shape, *size) > self.limit:
            return cpu.draw(image, xyz, source, triangles, size, depth_test)
        vertices = np.empty((triangles.size, 5), np.float32)
        near, far = xyz[:, 2].max(), xyz[:, 2].min()
        depth = (xyz[:, 2] - (near + far) / 2) / max(near - far, np.finfo(float).tiny) * 1.99
        vertices[:, :2], vertices[:, 2] = xyz[triangles.ravel(), :2], depth[triangles.ravel()]
        vertices[:, 3:] = source[triangles.ravel()]
        out = np.empty((*size, 4), np.uint8)
        try:
            with self._lock, self._context as context:
                if _current_context() != self._handle:
                    raise RuntimeError("another part of the process ended the context")
                self._prepare(image.shape[:2], size, vertices.nbytes)
                self._texture.write(np.ascontiguousarray(image), alignment=1)
                self._vertices.write(vertices)
                self._texture.use(0)
                self._target.use()
                self._target.clear()
                context.enable_only(context.DEPTH_TEST if depth_test else context.NOTHING)
                self._mesh.render(vertices=len(vertices))
                self._target.read_into(out, components=4, alignment=1)
                if context.error != "GL_NO_ERROR":
                    raise RuntimeError("the context is lost")
        except Exception as error:  # the arrays were checked before: whatever fails here is OpenGL
            raise NoOpenGL(f"drawing failed: {error}") from error
        return out

    def close(self) -> None:
        """Give the context back, with everything in it."""
        with self._lock:
            self._context.release()

    def _prepare(self, picture: tuple[int, int], size: tuple[int, int], vertex_bytes: int) -> None:
        """Keep texture, target and vertex buffer of the last face; make new ones only when sizes change."""
        context = self._context
        if self._texture is None or self._texture.size != picture[::-1]:
            if self._texture is not None:
                self._texture.release()
            self._texture = context.texture(picture[::-1], 3, alignment=1)
        if self._target is None or self._target.size != size[::-1]:
            if self._target is not None:
                self._target.release()
            colour, depth = context.renderbuffer(size[::-1], 4), context.depth_renderbuffer(size[::-1])
            self._target = context.framebuffer([colour], depth)
            self._program["size"].value = size[::-1]
        if self._vertex_bytes < vertex_bytes:
            if self._mesh is not None:
                self._mesh.release()
                self._vertices.release()
            self._vertices = context.buffer(reserve=vertex_bytes, dynamic=True)
            self._mesh = context.vertex_array(self._program, [(self._vertices, "3f 2f", "position", "source")])
            self._vertex_bytes = vertex_bytes


def _current_context() -> int | None:
    """Handle of the context that is current in this thread; None where OpenGL does not come through EGL.

    Making a context current fails in silence once somebody has ended its display, as pyrender does with each of its
    renderers; without this check the face would be drawn in a stranger's context.
    """
    return _egl().eglGetCurrentContext() if _HEADLESS else None


@cache
def _egl() -> ctypes.CDLL:
    library = ctypes.CDLL("libEGL.so.1")
    library.eglGetCurrentContext.restype = ctypes.c_void_p
    return library
