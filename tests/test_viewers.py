import numpy as np
import pytest

from depthnet_lib.layouts import IBUG68
from depthnet_lib.viewers import vertex_colours, view_head
from depthnet_lib.warp.export import mesh_arrays
from depthnet_lib.warp.mesh import dense_mesh

from .warp_cases import face, noise


def test_vertex_colours_are_the_pictures_at_the_points():
    image = noise(90, 130)
    x_s, z = face(90, 130)
    x_s = np.rint(x_s)
    x, y = x_s.astype(int).T
    assert (vertex_colours(mesh_arrays(image, x_s, z, IBUG68.triangles)) == image[y, x]).all()


@pytest.mark.parametrize("library", ["pythreejs", "plotly"])
def test_depth_slider_scales_the_mesh_and_its_keypoints(library):
    mesh = dense_mesh(*face(90, 130))
    widget = view_head(noise(90, 130), mesh, library=library)
    view, controls = widget.children
    if library == "pythreejs":
        head = view.scene.children[0]
        skin, dots = head.children
        assert skin.geometry.attributes["position"].array.shape == (len(mesh.points), 3)
        assert dots.geometry.attributes["position"].array.shape == (68, 3)
        slider, shown = controls.children
        slider.value, shown.value = 0.5, False
        assert head.scale == (1, 1, 0.5)
        assert not dots.visible
    else:
        before = [np.array(trace.z) for trace in view.data]
        controls.value = 0.5
        assert len(before[1]) == 68
        assert all(np.allclose(trace.z, old / 2) for trace, old in zip(view.data, before, strict=True))
