import json

import cv2
import numpy as np
import pytest
import trimesh
from PIL import Image

from depthnet_lib.errors import InputError
from depthnet_lib.images import SYNTHETIC
from depthnet_lib.layouts import IBUG68
from depthnet_lib.warp.export import export_mesh, sheet, there_and_back, write_animation

from .warp_cases import face, noise


@pytest.mark.parametrize("suffix", [".glb", ".obj"])
def test_mesh_opens_again_with_its_texture_in_place(tmp_path, suffix):
    image = noise(90, 130)
    x_s, z = face(90, 130)
    path = tmp_path / "sub" / ("head" + suffix)
    export_mesh(path, image, x_s, z, IBUG68.triangles)
    mesh = trimesh.load(path, force="mesh", process=False)
    assert mesh.faces.shape == IBUG68.triangles.shape
    assert np.isclose(np.ptp(mesh.vertices, 0).max(), 2)
    assert mesh.vertices[8, 1] < mesh.vertices[27, 1]  # the chin is below the nose
    assert mesh.vertices[30, 2] > mesh.vertices[0, 2]  # the nose is in front
    assert (mesh.face_normals[:, 2] > 0).mean() > 0.95  # and the outside is where the viewer is
    material = mesh.visual.material
    texture = np.asarray(getattr(material, "baseColorTexture", None) or material.image)[..., :3]
    height, width = texture.shape[:2]
    at = np.round(mesh.visual.uv * [width, -height] + [-0.5, height - 0.5]).astype(int)
    nearest = np.round(x_s).astype(int)
    assert (texture[at[:, 1], at[:, 0]] == image[nearest[:, 1], nearest[:, 0]]).all()
    assert sorted(p.name for p in path.parent.iterdir()) == (
        ["head.glb"] if suffix == ".glb" else ["head.mtl", "head.obj", "head.png"]
    )


def test_mesh_of_keypoints_outside_the_picture(tmp_path):
    x_s, z = face(90, 130)
    export_mesh(tmp_path / "a.glb", noise(40, 50), x_s * 2 - 60, z, IBUG68.triangles)
    data = (tmp_path / "a.glb").read_bytes()
    header = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    assert header["asset"]["extras"] == SYNTHETIC
    assert trimesh.load(tmp_path / "a.glb", force="mesh").visual.material.baseColorTexture.size == (50, 40)


def test_animations_have_their_frames(tmp_path):
    frames = there_and_back([np.full((31, 45, 3), value, np.uint8) for value in (0, 80, 160, 240)])
    assert [int(frame[0, 0, 0]) for frame in frames] == [0, 80, 160, 240, 160, 80]
    write_animation(tmp_path / "a.gif", frames, 0.1)
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"], gif.info["loop"]) == (6, (45, 31), 100, 0)
    write_animation(tmp_path / "a.mp4", frames)
    video = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert abs(int(video.read()[1][5, 5, 0]) - 0) < 12
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.gif", "a.mp4"]


def test_sheet_lays_pictures_out_on_white():
    clear = np.zeros((10, 20, 4), np.uint8)
    picture = sheet([[clear, np.zeros((5, 5, 3), np.uint8)], [np.zeros((10, 10, 3), np.uint8)]], gap=2)
    assert picture.shape == (2 + 10 + 2 + 10 + 2, 2 + 20 + 2 + 10 + 2, 3)
    assert (picture[2:12, 2:22] == 255).all()
    assert (picture[2:12, 24:34] == 0).all()
    assert (picture[14:24, 2:12] == 0).all()
    assert (picture[14:24, 12:] == 255).all()


def test_unknown_suffixes(tmp_path):
    with pytest.raises(InputError, match="mesh suffix"):
        export_mesh(tmp_path / "a.stl", noise(9, 9), *face(9, 9), IBUG68.triangles)
    with pytest.raises(InputError, match="animation suffix"):
        write_animation(tmp_path / "a.avi", [noise(9, 9)])
