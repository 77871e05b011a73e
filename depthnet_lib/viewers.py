"""Heads to turn with the mouse in a notebook: pythreejs where it works, else plotly. The views only show what
`warp.export.mesh_arrays` computes."""

import base64
import io

import numpy as np
import trimesh
from PIL import Image

from .warp.cpu import bilinear
from .warp.export import MeshArrays, mesh_arrays
from .warp.mesh import Mesh

SIZE = 420  # pixels of a view, both ways
_DOTS = "#0072b2"  # blue of the colour-blind-safe palette of Okabe and Ito


def view_head(image: np.ndarray, mesh: Mesh, keypoints: int = 68, library: str = "auto"):
    """A widget of the textured mesh with its keypoints, axes, a light and a slider that scales depth.

    image (H, W, 3) RGB uint8; mesh in its pixels (`warp.mesh.make_mesh`), of which the first ``keypoints`` points are
    marked: 0 for a full head, whose points are others. library: "pythreejs", "plotly", or "auto" for the first that
    is installed.
    """
    arrays = mesh_arrays(image, mesh.points, mesh.depth, mesh.triangles)
    if library == "auto":
        library = "pythreejs" if _is_installed("pythreejs") else "plotly"
    return {"pythreejs": _with_pythreejs, "plotly": _with_plotly}[library](arrays, keypoints)


def vertex_colours(arrays: MeshArrays) -> np.ndarray:
    """(N, 3) uint8: the texture's colour at each point, for views that cannot show textures."""
    height, width = arrays.texture.shape[:2]
    return bilinear(arrays.texture, arrays.uv * [width, -height] + [-0.5, height - 0.5])


def _marks(arrays: MeshArrays, keypoints: int) -> np.ndarray:
    """(K, 3): the keypoints, a little in front of the skin that would cover half of each dot."""
    return np.add(arrays.points[:keypoints], [0, 0, 0.01])


def _with_pythreejs(arrays: MeshArrays, keypoints: int):
    import ipywidgets
    import pythreejs as three

    normals = trimesh.Trimesh(arrays.points, arrays.triangles, process=False).vertex_normals
    attributes = {
        "position": three.BufferAttribute(arrays.points.astype(np.float32)),
        "normal": three.BufferAttribute(normals.astype(np.float32)),
        "uv": three.BufferAttribute(arrays.uv.astype(np.float32)),
        "index": three.BufferAttribute(arrays.triangles.astype(np.uint32).ravel(), normalized=False),
    }
    surface = three.BufferGeometry(attributes=attributes)
    material = three.MeshStandardMaterial(
        map=three.ImageTexture(imageUri=_data_uri(arrays.texture)), side="DoubleSide", roughness=1.0, metalness=0.0
    )
    dots = three.BufferGeometry(
        attributes={"position": three.BufferAttribute(_marks(arrays, keypoints).astype(np.float32))}
    )
    points = three.Points(dots, three.PointsMaterial(color=_DOTS, size=0.035))
    head = three.Group(children=[three.Mesh(surface, material), points])
    camera = three.PerspectiveCamera(position=[0, 0, 5], fov=30, aspect=1)
    camera.add(three.DirectionalLight("#ffffff", intensity=0.35, position=[1, 1.5, 2]))
    scene = three.Scene(
        children=[head, camera, three.AmbientLight("#ffffff", intensity=0.75), three.AxesHelper(1.2)],
        background="#ffffff",
    )
    view = three.Renderer(scene, camera, [three.OrbitControls(camera)], width=SIZE, height=SIZE, antialias=True)
    slider = ipywidgets.FloatSlider(1.0, min=0.0, max=2.0, step=0.05, description="depth scale")
    shown = ipywidgets.Checkbox(True, description="keypoints")
    slider.observe(lambda change: setattr(head, "scale", (1, 1, max(change.new, 1e-3))), "value")
    shown.observe(lambda change: setattr(points, "visible", change.new), "value")
    return ipywidgets.VBox([view, ipywidgets.HBox([slider, shown])])


def _with_plotly(arrays: MeshArrays, keypoints: int):
    import ipywidgets
    import plotly.graph_objects as go

    x, y, z = arrays.points.T
    i, j, k = arrays.triangles.T
    light = {"ambient": 0.75, "diffuse": 0.35, "specular": 0.0}
    skin = go.Mesh3d(x=x, y=y, z=z, i=i, j=j, k=k, vertexcolor=vertex_colours(arrays), lighting=light, hoverinfo="skip")
    marked = _marks(arrays, keypoints)
    names = [str(n) for n in range(len(marked))]
    style = {"size": 2.5, "color": _DOTS}
    dots = go.Scatter3d(x=marked[:, 0], y=marked[:, 1], z=marked[:, 2], mode="markers", marker=style, text=names)
    camera = {"up": {"x": 0, "y": 1, "z": 0}, "eye": {"x": 0, "y": 0, "z": 2}, "projection": {"type": "orthographic"}}
    figure = go.FigureWidget(data=[skin, dots])
    figure.update_layout(
        scene={"aspectmode": "data", "camera": camera}, width=SIZE, height=SIZE, margin=dict.fromkeys("lrtb", 0)
    )
    slider = ipywidgets.FloatSlider(1.0, min=0.0, max=2.0, step=0.05, description="depth scale")

    def rescale(change) -> None:
        with figure.batch_update():
            figure.data[0].z, figure.data[1].z = change.new * z, change.new * marked[:, 2]

    slider.observe(rescale, "value")
    return ipywidgets.VBox([figure, slider])


def _data_uri(picture: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _is_installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
