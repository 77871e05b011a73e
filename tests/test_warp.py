import numpy as np
import pytest

from depthnet_lib.errors import InputError
from depthnet_lib.layouts import IBUG68
from depthnet_lib.warp import cpu, draw, open_backend, turn, turned, warp, warp_many

from .warp_cases import BACKENDS, face, has_opengl, needs_opengl, noise

IDENTITY = np.eye(2, 4)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [(80, 80), (128, 128), (61, 97), (301, 33)])
def test_identity_is_exact(backend, size):
    x_s, z = face(*size)
    image = noise(*size)
    for points in (x_s, np.rint(x_s)):  # whole pixels put outline edges through pixel centres
        result = warp(image, points, z, IDENTITY, backend=backend)
        inside = result[..., 3] == 255
        assert inside.sum() > 0.25 * min(size) ** 2
        assert (result[inside][:, :3] == image[inside]).all()
        assert (result[~inside] == 0).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_top_and_left_edges_belong_to_a_triangle(backend):
    square = np.array([[2, 3, 0], [8, 3, 0], [8, 9, 0], [2, 9, 0]], float)
    alpha = draw(noise(12, 12), square, square[:, :2], np.array([[0, 1, 2], [0, 2, 3]]), backend=backend)[..., 3]
    rows, columns = np.nonzero(alpha)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 8, 2, 7)
    assert len(rows) == 36


def test_triangle_map_by_hand():
    points = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0]], float)
    owner = cpu.triangle_map(points, np.array([[0, 2, 1]]), (5, 5))
    expected = np.array([[0, 0, 0, 0, -1], [0, 0, 0, -1, -1], [0, 0, -1, -1, -1], [0, -1, -1, -1, -1], [-1] * 5])
    assert (owner == expected).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_bilinear_between_pixels_and_beyond_the_border(backend):
    image = np.zeros((2, 2, 3), np.uint8)
    image[0, 1] = 100, 0, 0
    image[1, 0] = 0, 200, 0
    square = np.array([[-0.5, -0.5, 0], [3.5, -0.5, 0], [3.5, 0.5, 0], [-0.5, 0.5, 0]], float)
    source = np.array([[-0.75, 0.25], [1.75, 0.25], [1.75, 0.25], [-0.75, 0.25]])
    row = draw(image, square, source, np.array([[0, 1, 2], [0, 2, 3]]), (1, 4), backend=backend)[0]
    # samples at x = -0.4375, 0.1875, 0.8125, 1.4375; y = 0.25 weighs the upper row by 3/4
    assert row[:, 0].tolist() == [0, 14, 61, 75]
    assert row[:, 1].tolist() == [50, 41, 9, 0]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("near_first", [True, False])
def test_the_nearest_triangle_shows_and_without_depth_test_the_last(backend, near_first):
    near, far = (1.0, 0.0) if near_first else (0.0, 1.0)
    one = np.array([[-1, -1], [9, -1], [-1, 9]])
    xyz = np.r_[np.c_[one, [near] * 3], np.c_[one, [far] * 3]]
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, 4:] = 255
    source = np.r_[np.full((3, 2), 1.0), np.full((3, 2), 6.0)]  # the first triangle is black, the second white
    triangles = np.array([[0, 1, 2], [3, 4, 5]])
    assert draw(image, xyz, source, triangles, backend=backend)[2, 2, 0] == (0 if near_first else 255)
    assert draw(image, xyz, source, triangles, depth_test=False, backend=backend)[2, 2, 0] == 255


@pytest.mark.parametrize("backend", BACKENDS)
def test_turned_nose_hides_the_cheek_behind_it(backend):
    """A roof seen from the left: its ridge covers the right slope, whose colour must not show in front."""
    x_s = np.array([[10, 5], [10, 35], [20, 5], [20, 35], [30, 5], [30, 35]], float)
    z = np.array([0, 0, 12, 12, 0, 0], float)
    triangles = np.array([[2, 4, 5], [2, 5, 3], [0, 2, 3], [0, 3, 1]])
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, :20] = 200
    for order in (triangles, triangles[::-1]):
        right = warp(image, x_s, z, turn(x_s, z, yaw=70), order, backend=backend)
        visible = right[right[..., 3] > 0][:, 0]
        assert (visible > 150).mean() > 0.9


@needs_opengl
def test_backends_agree_on_random_affines_and_depths():
    """1,000 faces, folded ones included: equal within 1 away from edges of the visible triangles."""
    rng = np.random.default_rng(3)
    size = (60, 71)
    disagreeing_outline = folded = 0
    for number in range(1000):
        image = noise(*size, seed=number)
        x_s, z = face(*size)
        x_s = x_s + rng.normal(0, 1.5, x_s.shape)
        z = z * rng.uniform(0, 2) + rng.normal(0, rng.choice([0, 1, 10]), 68)
        linear = np.eye(2, 3) + rng.normal(0, rng.choice([0.1, 0.5, 1.0]), (2, 3))
        m = np.column_stack([linear, [size[1] / 2, size[0] / 2] - linear @ np.append(x_s.mean(0), z.mean())])
        gl, plain = (warp(image, x_s, z, m, backend=name).astype(int) for name in ("gl", "cpu"))
        owner = cpu.triangle_map(turned(x_s, z, m), IBUG68.triangles, size)
        inner = owner[1:-1, 1:-1]
        same = np.all([owner[i : i + 58, j : j + 69] == inner for i in range(3) for j in range(3)], axis=0)
        assert np.abs(gl - plain)[1:-1, 1:-1][same].max(initial=0) <= 1
        disagreeing_outline += (gl[..., 3] != plain[..., 3]).sum()
        folded += len(np.unique(owner)) < 80
    assert disagreeing_outline < 50  # of some 1.5 million pixels
    assert folded > 100  # hides a quarter of its triangles


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_faces_are_warped_as_one_by_one(backend):
    images = np.stack([noise(40, 50, seed) for seed in range(3)])
    x_s, z = face(40, 50)
    m = np.stack([turn(x_s, z, yaw) for yaw in (-30, 0, 30)])
    points = np.stack([x_s, x_s + 1, x_s + 2])
    many = warp_many(images, points, z, m, backend=backend)
    assert (many == [warp(images[i], points[i], z, m[i], backend=backend) for i in range(3)]).all()
    sweep = warp_many(images[0], x_s, z, m, backend=backend)
    assert (sweep == [warp(images[0], x_s, z, row, backend=backend) for row in m]).all()
    for wrong in ((images, points[:2], z, m), (images[0], x_s, z, m[0])):
        with pytest.raises(InputError, match="same number of faces"):
            warp_many(*wrong, backend=backend)


def test_turn_keeps_the_centre_and_follows_the_sign_conventions():
    x_s, z = face(100, 100)
    for angles in ((30, 0, 0), (0, 20, 0), (10, -20, 30)):
        moved = turned(x_s, z, turn(x_s, z, *angles))[:, :2]
        assert np.allclose(moved.mean(0), x_s.mean(0))
    right, down, clockwise = (turn(x_s, z, **{angle: 20})[:, :3] for angle in ("yaw", "pitch", "roll"))
    nose = np.array([0.0, 0.0, 1.0])
    assert (right @ nose)[0] > 0
    assert (down @ nose)[1] > 0
    assert (clockwise @ [1, 0, 0])[1] > 0
    rows = turn(x_s, z, 50, 20, 10, scale=2)[:, :3]
    assert np.allclose(rows @ rows.T, 4 * np.eye(2))


def test_order_of_overlaps_does_not_depend_on_the_gauge_of_depth():
    """z -> a z + b x + c y + e with m adjusted: the same picture, the same nearest triangles."""
    x_s, z = face(90, 90)
    m = turn(x_s, z, 65, 20)
    a, b, c, e = 3.0, 0.7, -0.4, 12.0
    other = a * z + b * x_s[:, 0] + c * x_s[:, 1] + e
    gauge = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [b, c, a, e], [0, 0, 0, 1]])
    changed = m @ np.linalg.inv(gauge)
    one = cpu.triangle_map(turned(x_s, z, m), IBUG68.triangles, (90, 90))
    two = cpu.triangle_map(turned(x_s, other, changed), IBUG68.triangles, (90, 90))
    assert len(np.unique(one)) < 100  # some triangles are hidden
    assert (one != two).mean() < 1e-3


@pytest.mark.parametrize("backend", BACKENDS)
def test_degenerate_inputs_draw_what_there_is(backend):
    image = noise(50, 60)
    x_s, z = face(50, 60)
    flat = warp(image, x_s, np.full(68, 7.0), IDENTITY, backend=backend)
    assert (flat == warp(image, x_s, z, IDENTITY, backend=backend)).all()
    for singular in (np.zeros((2, 4)), np.array([[1, 0, 0, 0], [1, 0, 0, 0.0]])):
        assert warp(image, x_s, z, singular, backend=backend).shape == (50, 60, 4)
    assert not warp(image, x_s, z, np.zeros((2, 4)), backend=backend).any()
    outside = warp(image, x_s * 2 - 30, z, IDENTITY, backend=backend)  # keypoints beyond the borders
    inside = outside[..., 3] > 0
    assert (outside[inside][:, :3] == image[inside]).all()
    assert inside.mean() > 0.9
    away = warp(image, x_s, z, np.column_stack([np.eye(2, 3), [500, 0]]), backend=backend)
    assert not away.any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_sixteen_megapixels(backend):
    image = np.repeat(np.repeat(noise(50, 80), 64, 0), 50, 1)  # 3200 x 4000 and up to the last pixel different
    image = np.ascontiguousarray(np.pad(image, ((0, 0), (0, 1000), (0, 0)), mode="edge"))
    x_s, z = face(*image.shape[:2])
    result = warp(image, x_s, z, IDENTITY, backend=backend)
    inside = result[..., 3] > 0
    assert inside.sum() > 3e6
    assert (result[..., :3] == image)[inside].all()


@needs_opengl
def test_lost_context_is_replaced():
    image = noise(40, 40)
    x_s, z = face(40, 40)
    before = warp(image, x_s, z, IDENTITY, backend="gl")
    lost = open_backend("gl")
    lost._context.release()
    assert (warp(image, x_s, z, IDENTITY, backend="gl") == before).all()
    assert open_backend("gl") is not lost


@needs_opengl
def test_shares_the_process_with_pyrender():
    vars(np).setdefault("infty", np.inf)  # pyrender 0.1.45 asks for it
    import pyrender
    import trimesh

    scene = pyrender.Scene(ambient_light=[1, 1, 1])
    scene.add(pyrender.Mesh.from_trimesh(trimesh.creation.box()))
    scene.add(pyrender.OrthographicCamera(1, 1), pose=trimesh.transformations.translation_matrix([0, 0, 3]))
    renderer = pyrender.OffscreenRenderer(32, 32)
    image = noise(40, 40)
    x_s, z = face(40, 40)
    first = warp(image, x_s, z, IDENTITY, backend="gl"), renderer.render(scene)[0]
    for _ in range(3):
        assert (warp(image, x_s, z, IDENTITY, backend="gl") == first[0]).all()
        assert (renderer.render(scene)[0] == first[1]).all()
    renderer.delete()  # ends the display that all contexts live on, while its own context is current
    assert (warp(image, x_s, z, IDENTITY, backend="gl") == first[0]).all()


def test_without_opengl_the_cpu_draws_and_says_so(monkeypatch, capsys):
    from depthnet_lib.warp import drawing, gl

    def none():
        raise gl.NoOpenGL("libEGL is missing")

    monkeypatch.setattr(drawing, "_opengl", none)
    monkeypatch.setattr(drawing, "_close_opengl", lambda: None)
    drawing._notice.cache_clear()
    image = noise(40, 40)
    x_s, z = face(40, 40)
    for _ in range(2):
        assert (warp(image, x_s, z, IDENTITY) == warp(image, x_s, z, IDENTITY, backend="cpu")).all()
    assert capsys.readouterr().err.splitlines() == ["depthnets: no OpenGL here (libEGL is missing); drawing on the CPU"]
    with pytest.raises(InputError, match=r"libEGL is missing.*cpu backend"):
        warp(image, x_s, z, IDENTITY, backend="gl")


def test_bad_input():
    image = noise(40, 40)
    x_s, z = face(40, 40)
    nan = np.where(np.arange(68) == 5, np.nan, z)
    bad = [
        (dict(z=nan), "not finite"),
        (dict(m=np.full((2, 4), np.inf)), "not finite"),
        (dict(x_s=np.where(np.arange(68)[:, None] == 5, np.nan, x_s)), "not finite"),
        (dict(z=z[:60]), "depth \\(60,\\)"),
        (dict(m=np.eye(4)), "affine \\(4, 4\\)"),
        (dict(m=np.eye(2, 4) * 1e9), "millions of pixels"),
        (dict(image=image.astype(float)), "float64"),
        (dict(image=image[..., 0]), "\\(40, 40\\)"),
        (dict(triangles=np.array([[0, 1, 68]])), "beyond the 68"),
        (dict(triangles=np.array([[0.0, 1, 2]])), "float64"),
        (dict(size=(0, 5)), "size"),
        (dict(backend="vulkan"), "unknown backend"),
    ]
    for change, message in bad:
        with pytest.raises(InputError, match=message):
            warp(**{**dict(image=image, x_s=x_s, z=z, m=IDENTITY, backend="cpu"), **change})


def test_a_picture_beyond_the_textures_of_opengl_is_drawn_anyway():
    image = noise(2, 20000)
    line = np.array([[0, -1, 0], [19999, -1, 0], [19999, 3, 0], [0, 3, 0]], float)
    result = draw(image, line, line[:, :2], np.array([[0, 1, 2], [0, 2, 3]]))
    assert (result[:, :19999, :3] == image[:, :19999]).all()
    if has_opengl():
        assert open_backend("gl").limit < 20000
