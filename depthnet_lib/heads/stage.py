"""The stage: one OpenGL context of pyrender in which a head, its hair and its glasses are drawn again and again.

Buffers are refilled, not rebuilt: pyrender has no public way to move vertices, so the positions are written into its
vertex buffers directly. Its shaders are replaced by ours (``shaders/``), which know skin, hair and eyes.
"""

import os
from pathlib import Path

import numpy as np

os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")  # one software-OpenGL thread a process: several processes share the cores
if not hasattr(np, "infty"):
    np.infty = np.inf  # noqa: NPY201 -- pyrender 0.1.45 asks for it

import pyrender
from OpenGL import GL
from pyrender.constants import GLTF, RenderFlags
from pyrender.shader_program import ShaderProgramCache

from .photo import Light


def _single_sample(target: int, samples: int, *rest) -> None:
    """pyrender always asks for four samples a pixel; drawing at twice the size and averaging is better and faster."""
    GL.glRenderbufferStorageMultisample(target, 0, *rest)


pyrender.renderer.glRenderbufferStorageMultisample = _single_sample
SHADERS = Path(__file__).with_name("shaders")
NEAR, FAR = 10.0, 400.0  # cm
TO_GL = np.array([1.0, -1.0, 1.0])  # picture axes to OpenGL's: y up


class Piece:
    """One mesh of fixed triangles and texture places, with one texture."""

    def __init__(self, triangles: np.ndarray, uv: np.ndarray, kind: np.ndarray, two_sided: bool = False):
        n, uv = len(uv), uv * [1, -1] + [0, 1]  # pyrender turns pictures upside down
        self.uv_kind = np.concatenate([uv, kind], 1).astype(np.float32)
        sampler = pyrender.Sampler(magFilter=GLTF.LINEAR, minFilter=GLTF.LINEAR_MIPMAP_LINEAR)
        self.texture = pyrender.Texture(
            source=np.full((4, 4, 4), 255, np.uint8), source_channels="RGBA", sampler=sampler
        )
        material = pyrender.MetallicRoughnessMaterial(baseColorTexture=self.texture, doubleSided=two_sided)
        self.primitive = pyrender.Primitive(
            positions=np.zeros((n, 3), np.float32),
            normals=np.zeros((n, 3), np.float32),
            texcoord_0=uv.astype(np.float32),
            color_0=kind.astype(np.float32),
            indices=triangles.astype(np.uint32),
            material=material,
        )
        self.mesh = pyrender.Mesh([self.primitive])

    def move(self, positions: np.ndarray, normals: np.ndarray) -> None:
        """Refill the vertex buffer from picture axes; the context must be current."""
        data = np.concatenate([positions * TO_GL, normals * TO_GL, self.uv_kind], 1).astype(np.float32)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self.primitive._buffers[0])
        GL.glBufferSubData(GL.GL_ARRAY_BUFFER, 0, data.nbytes, data)

    def dress(self, image: np.ndarray) -> None:
        """Replace the texture by an RGBA image (H, W, 4); the context must be current."""
        self.texture._remove_from_context()
        self.texture.source = image
        self.texture._add_to_context()


class _Numbered(pyrender.Node):
    """A node of the scene that sets keep by its number.

    pyrender keeps nodes in sets, else by their address in memory: in one process the lights would be added up in
    another order than in the next, and now and then a pixel come out one level brighter.
    """

    def __init__(self, number: int, **content):
        super().__init__(**content)
        self.number = number

    def __hash__(self) -> int:
        return self.number


class Stage:
    """A square window and the pieces on it. Keep one a process: deleting one breaks the others."""

    def __init__(self, pieces: dict[str, Piece]):
        self.pieces = pieces
        self.scene = pyrender.Scene(bg_color=[0.0, 0.0, 0.0, 0.0])
        for number, piece in enumerate(pieces.values()):
            self.scene.add_node(_Numbered(number, mesh=piece.mesh))
        self.camera = pyrender.IntrinsicsCamera(1.0, 1.0, 0.0, 0.0, NEAR, FAR)
        self.camera_node = self.scene.add(self.camera)
        self.window = pyrender.OffscreenRenderer(64, 64)
        self.window._renderer._program_cache = ShaderProgramCache(str(SHADERS))
        self.shoot(100.0, np.zeros(2), 30.0, [], 1.0)  # the first drawing makes the buffers

    @property
    def size(self) -> int:
        """Pixels along the window's side; may be changed."""
        return self.window.viewport_width

    @size.setter
    def size(self, pixels: int) -> None:
        self.window.viewport_width = self.window.viewport_height = pixels

    def current(self) -> None:
        """Make this stage's context current, before pieces are moved or dressed."""
        self.window._platform.make_current()

    def shoot(
        self, distance: float, corner: np.ndarray, side: float, lights: list[Light], ambient: np.ndarray | float
    ) -> tuple[np.ndarray, np.ndarray]:
        """RGBA uint8 (S, S, 4), colours multiplied by alpha, and distance from the camera's plane (S, S), 0 = nothing.

        The camera stands ``distance`` cm before the origin; the picture is the square of ``side`` cm at ``corner`` of
        the plane z = 0.
        """
        c, focal = self.camera, distance / side * self.size
        c.fx = c.fy = focal
        c.cx, c.cy = -corner / side * self.size
        pose = np.eye(4)
        pose[2, 3] = distance
        self.scene.set_pose(self.camera_node, pose)
        for node in list(self.scene.light_nodes):
            self.scene.remove_node(node)
        for number, light in enumerate(lights):
            pose = np.eye(4)
            pose[:3, 2] = light.toward * TO_GL / np.linalg.norm(light.toward)
            strength = float(light.power.max())
            colour = (light.power / strength).astype(float)
            shining = pyrender.DirectionalLight(color=colour, intensity=strength)
            self.scene.add_node(_Numbered(number, light=shining, matrix=pose))
        self.scene.ambient_light = np.broadcast_to(np.asarray(ambient, float), 3).copy()
        return self.window.render(self.scene, flags=RenderFlags.RGBA)
