"""Results that open elsewhere: textured meshes (.glb, .obj), turning pictures (.gif, .mp4), sheets of pictures."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import imageio.v3 as imageio
import numpy as np
import trimesh
from PIL import Image

from ..errors import InputError
from ..files import new_folder, writable
from ..images import SYNTHETIC, as_line


def export_mesh(path: str | Path, image: np.ndarray, x_s: np.ndarray, z: np.ndarray, triangles: np.ndarray) -> None:
    """Write a face as a textured mesh: .glb (one file), or .obj with its .mtl and texture beside it.

    image (H, W, 3) RGB uint8, keypoints x_s (N, 2) in its pixels, metric depth z (N,) in the same pixels, triangles
    (T, 3). The mesh is centred, its longest side is 2, y points up and the face looks along +z, as glTF has it. The
    texture is the part of the picture that the mesh covers. A .glb says in its asset's extras that it is synthetic.
    """
    path = Path(path)
    if path.suffix not in (".glb", ".obj"):
        raise InputError(path, f"unknown mesh suffix {path.suffix!r}", "use .glb or .obj")
    mesh = _textured_mesh(path.stem, mesh_arrays(image, x_s, z, triangles))
    with writable(path), new_folder(path.parent) as folder:
        obj = {"mtl_name": path.stem + ".mtl"}
        glb = {"tree_postprocessor": lambda tree: tree["asset"].update(extras=SYNTHETIC)}
        mesh.export(folder / path.name, **(obj if path.suffix == ".obj" else glb))
        for part in sorted(folder.iterdir(), key=lambda p: p.name == path.name):  # the mesh itself comes last
            part.replace(path.with_name(part.name))


@dataclass(frozen=True)
class MeshArrays:
    """A textured face as 3D programs want it: y up, looking along +z, centred, its longest side 2."""

    points: np.ndarray  # (N, 3)
    uv: np.ndarray  # (N, 2) in [0, 1], v upwards
    triangles: np.ndarray  # (T, 3), anticlockwise seen from outside
    texture: np.ndarray  # RGB uint8: the part of the picture that the mesh covers


def mesh_arrays(image: np.ndarray, x_s: np.ndarray, z: np.ndarray, triangles: np.ndarray) -> MeshArrays:
    """Picture axes (x right, y down, z toward the viewer) to those of 3D programs; arguments as in `export_mesh`."""
    x_s, z = np.asarray(x_s, float), np.asarray(z, float)
    limit = np.array(image.shape[1::-1])
    low = np.clip(np.floor(x_s.min(0)).astype(int) - 2, 0, limit - 1)
    high = np.clip(np.ceil(x_s.max(0)).astype(int) + 3, low + 1, limit)
    texture = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
    u, v = ((x_s - low + 0.5) / (high - low)).T
    points = np.column_stack([x_s, z]) * [1, -1, 1]
    points = points - (points.max(0) + points.min(0)) / 2
    points *= 2 / max(np.ptp(points, 0).max(), np.finfo(float).tiny)
    # Flipping y turns the triangles over.
    return MeshArrays(points, np.column_stack([u, 1 - v]), triangles[:, ::-1], texture)


def _textured_mesh(name: str, arrays: MeshArrays) -> trimesh.Trimesh:
    material = trimesh.visual.material.PBRMaterial(
        name=name,
        baseColorTexture=Image.fromarray(arrays.texture),
        baseColorFactor=[255] * 4,
        metallicFactor=0.0,
        roughnessFactor=1.0,
        doubleSided=True,
    )
    visual = trimesh.visual.TextureVisuals(uv=arrays.uv, material=material)
    return trimesh.Trimesh(arrays.points, arrays.triangles, visual=visual, process=False)


def write_animation(
    path: str | Path, frames: list[np.ndarray], seconds: float = 0.06, text: dict[str, str] | None = None
) -> None:
    """Write pictures (H, W, 3) RGB uint8 as an endless .gif or as an .mp4, each shown for ``seconds``; ``text`` becomes
    the comment of a .gif."""
    path = Path(path)
    if path.suffix not in (".gif", ".mp4"):
        raise InputError(path, f"unknown animation suffix {path.suffix!r}", "use .gif or .mp4")
    with writable(path), new_folder(path.parent) as folder:  # both writers look at the suffix
        part = folder / path.name
        if path.suffix == ".gif":
            comment = {"comment": as_line(text)} if text else {}
            imageio.imwrite(part, np.stack(frames), duration=round(seconds * 1000), loop=0, **comment)
        else:
            height, width = (side // 2 * 2 for side in frames[0].shape[:2])  # the codec takes even sides only
            video = cv2.VideoWriter(str(part), cv2.VideoWriter_fourcc(*"mp4v"), 1 / seconds, (width, height))
            if not video.isOpened():
                raise InputError(path, "this OpenCV cannot write MP4", "write a .gif")
            for frame in frames:
                video.write(np.ascontiguousarray(frame[:height, :width, ::-1]))
            video.release()
        part.replace(path)


def there_and_back(frames: list[np.ndarray]) -> list[np.ndarray]:
    """Frames of a sweep so that an endless animation swings instead of jumping."""
    return frames + frames[-2:0:-1]


def sheet(rows: list[list[np.ndarray]], gap: int = 4) -> np.ndarray:
    """One RGB picture of pictures in rows, on white; each is scaled to the height of the first, its width kept."""
    height = rows[0][0].shape[0]
    strips = []
    for row in rows:
        tiles = [on_white(tile) for tile in row]
        tiles = [t if len(t) == height else _scaled(t, height / len(t)) for t in tiles]
        strips.append(cv2.hconcat([np.pad(t, ((gap, 0), (gap, 0), (0, 0)), constant_values=255) for t in tiles]))
    width = max(strip.shape[1] for strip in strips)
    strips = [np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0)), constant_values=255) for s in strips]
    return np.pad(cv2.vconcat(strips), ((0, gap), (0, gap), (0, 0)), constant_values=255)


def on_white(picture: np.ndarray) -> np.ndarray:
    """RGB of an RGB or RGBA picture, the transparent part white."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3:] / 255
    return np.rint(picture[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _scaled(picture: np.ndarray, factor: float) -> np.ndarray:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=method)
