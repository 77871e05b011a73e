import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree

from depthnet_lib.errors import InputError
from depthnet_lib.heads import load_basis
from depthnet_lib.heads.camera import rotation
from depthnet_lib.layouts import FAW66, IBUG68, double_area, layout_of
from depthnet_lib.warp import cpu, turn, turned, warp
from depthnet_lib.warp.dense import dense_weights
from depthnet_lib.warp.head import fit_identity
from depthnet_lib.warp.hidden import fill_from_mirror, hidden_mask, texture_density
from depthnet_lib.warp.mesh import MESHES, Mesh, dense_mesh, head_mesh, keypoint_mesh, make_mesh
from depthnet_lib.warp.uses import BLENDS, frontal, mirror_is_closer, mirrored, onto, paste

from .warp_cases import face, noise

SIZE = (120, 140)
PARTNER = list(IBUG68.mirror)


def turned_face(yaw: float):
    """A face in a pose: keypoints (68, 2) and depth (68,) of the frontal one after a rotation."""
    x_s, z = face(*SIZE)
    points = np.column_stack([x_s, z]) - [*x_s.mean(0), z.mean()]
    points = points @ rotation(np.array([yaw, 0.0, 0.0])).T + [*x_s.mean(0), 0]
    return points[:, :2], points[:, 2]


def test_onto_brings_a_turned_face_to_its_other_pose():
    (x_s, z), (x_t, _) = turned_face(-30), turned_face(40)
    m = onto(x_s, z, x_t)
    assert np.allclose(turned(x_s, z, m)[:, :2], x_t, atol=1e-6)


def test_frontal_undoes_the_turn():
    front, front_z = turned_face(0)
    reference = np.column_stack([front, front_z]) * 0.01 + 5  # any unit, any place
    for yaw in (-50, 20):
        x_s, z = turned_face(yaw)
        assert np.allclose(turned(x_s, z, frontal(x_s, z, reference))[:, :2], front, atol=1e-6)


@pytest.mark.parametrize(("source", "target", "closer"), [(40, 45, False), (40, -30, True), (-20, 50, True)])
def test_the_mirror_image_is_taken_when_it_is_closer_in_pose(source, target, closer):
    x_t = (
        turned_face(target)[0] * 1.7 @ rotation(np.array([0.0, 0.0, 25.0]))[:2, :2].T + 31
    )  # size, roll and place do not count
    assert mirror_is_closer(turned_face(source)[0], x_t, IBUG68) is closer


def test_mirrored_picture_and_keypoints_go_together():
    image = noise(*SIZE)
    x_s, _ = turned_face(30)
    flipped, x_f = mirrored(image, x_s, IBUG68)
    at, back = np.rint(x_s).astype(int), np.rint(x_f).astype(int)[PARTNER]
    assert (flipped[back[:, 1], back[:, 0]] == image[at[:, 1], at[:, 0]]).mean() > 0.95  # halves may round apart
    again, x_again = mirrored(flipped, x_f, IBUG68)
    assert (again == image).all()
    assert np.allclose(x_again, x_s)
    with pytest.raises(InputError, match="no mirror pairs"):
        mirrored(image, x_s[:20], layout_of(20))


def test_dense_mesh_keeps_the_keypoints_and_what_is_flat():
    for layout in (IBUG68, FAW66):
        weights, triangles = dense_weights(layout)
        assert np.allclose(weights[: layout.n], np.eye(layout.n), atol=1e-9)
        assert np.allclose(weights.sum(1), 1)  # constants and planes pass through the spline
        points = weights @ layout.template
        assert np.isclose(double_area(points[triangles]).sum(), double_area(layout.template[layout.triangles]).sum())
    x_s, z = turned_face(20)
    mesh = dense_mesh(x_s, z)
    assert np.allclose(dense_mesh(x_s, 2 * x_s[:, 0] - 3).depth, 2 * mesh.points[:, 0] - 3)
    image = noise(*SIZE)
    same = warp(image, mesh.points, mesh.depth, np.eye(2, 4), mesh.triangles, backend="cpu")
    assert (same[..., :3] == image)[same[..., 3] > 0].all()
    with pytest.raises(InputError, match="no frontal mean face"):
        dense_weights(layout_of(20))


def test_dense_mesh_is_round_where_the_keypoint_mesh_has_facets():
    """On a paraboloid, which the spline can follow, the dense mesh is twice as close to the truth."""
    x_s, z = turned_face(0)
    bowl = lambda p: -0.004 * ((p - x_s.mean(0)) ** 2).sum(-1)  # noqa: E731
    z = bowl(x_s)
    owner = cpu.triangle_map(np.column_stack([x_s, z]), IBUG68.triangles, SIZE)
    y, x = np.nonzero(owner >= 0)
    truth = bowl(np.column_stack([x, y]))
    errors = []
    for mesh in (keypoint_mesh(x_s, z), dense_mesh(x_s, z)):
        xyz = np.column_stack([mesh.points, mesh.depth])
        drawn = cpu.interpolate(xyz[:, 2:], xyz, mesh.triangles, cpu.triangle_map(xyz, mesh.triangles, SIZE))[y, x, 0]
        errors.append(np.nanmean(np.abs(drawn - truth)))
    assert errors[1] < errors[0] / 2


def test_texture_density_is_the_ratio_of_areas():
    x_s, z = face(*SIZE)
    xyz = turned(x_s, z, np.array([[2.0, 0, 0, 0], [0, 3, 0, 0]]))
    assert np.allclose(texture_density(x_s, xyz, IBUG68.triangles), 1 / 6)
    assert (texture_density(x_s * [-1, 1], xyz, IBUG68.triangles) == 0).all()


def test_hidden_mask_marks_the_far_side_only():
    x_s, z = turned_face(60)  # the nose points right: the picture's right half of the face is thin
    m = onto(x_s, z, turned_face(0)[0])
    mask = hidden_mask(keypoint_mesh(x_s, z), m, SIZE)
    shown = cpu.triangle_map(turned(x_s, z, m), IBUG68.triangles, SIZE) >= 0
    left, right = (np.s_[:, :70], np.s_[:, 70:])
    assert not mask[~shown].any()
    assert mask[right].sum() > 0.3 * shown[right].sum()
    assert mask[left].sum() < 0.02 * shown[left].sum()
    assert not hidden_mask(keypoint_mesh(*turned_face(0)), np.eye(2, 4), SIZE).any()


def test_hidden_mask_marks_what_lay_behind():
    """A screen in front of a wall hides a part of it; moved aside, that part has the screen's texture."""
    wall = np.array([[10, 10, 0], [110, 10, 0], [110, 110, 0], [10, 110, 0]], float)
    screen = np.array([[40, 40, 30], [80, 40, 30], [80, 80, 30], [40, 80, 30]], float)
    points = np.concatenate([wall, screen])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    m = np.array([[1.0, 0, 1, 0], [0, 1, 0, 0]])  # the screen moves right by 30
    mask = hidden_mask(Mesh(points[:, :2], points[:, 2], triangles), m, (120, 150))
    assert mask[42:78, 42:68].all()
    assert not mask[42:78, 72:108].any()
    assert mask.sum() < 1.1 * 30 * 40


def test_mirror_fills_the_thin_side_with_the_other_half():
    """A symmetric face, half of it seen at a glancing angle: the fill restores what the mirror image knows."""
    front, front_z = turned_face(0)
    image = np.zeros((*SIZE, 3), np.uint8)
    image[:] = 40 + 150 * (np.abs(np.arange(SIZE[1]) - 70) % 8 < 4)[:, None]  # symmetric stripes
    x_s, z = turned_face(55)
    away = warp(image, front, front_z, onto(front, front_z, x_s), backend="cpu")[..., :3]
    back = onto(x_s, z, front)
    plain = warp(away, x_s, z, back, backend="cpu")
    filled = fill_from_mirror(away, keypoint_mesh(x_s, z), back, backend="cpu")
    shown = plain[..., 3] > 0
    shown[:, :70] = False
    error = [np.abs(p[..., :3].astype(int) - image)[shown].mean() for p in (plain, filled)]
    assert error[1] < 0.6 * error[0]
    unchanged = fill_from_mirror(image, keypoint_mesh(front, front_z), np.eye(2, 4), backend="cpu")
    assert (unchanged[..., :3] == image)[unchanged[..., 3] > 0].all()


@pytest.mark.parametrize("yaw", [-70, 70])
def test_a_profile_keeps_the_wall_off_the_middle_of_the_face(yaw):
    """Keypoints on the outline are a pixel off in any photo; they must not paint a stripe of wall down the nose."""
    x_s, z = turned_face(yaw)
    outline = cv2.convexHull(np.rint(x_s).astype(np.int32))
    photo = cv2.fillConvexPoly(np.full((*SIZE, 3), (250, 0, 0), np.uint8), outline, (90, 90, 90))
    shifted = np.add(x_s, [2 * np.sign(yaw), 0])  # toward where the nose points
    filled = fill_from_mirror(photo, keypoint_mesh(shifted, z), onto(shifted, z, turned_face(0)[0]), backend="cpu")
    bridge = np.rint(turned_face(0)[0][27:31]).astype(int)
    assert (filled[bridge[:, 1], bridge[:, 0], 0] < 130).all()


@pytest.mark.parametrize("blend", BLENDS)
def test_paste_changes_the_face_only(blend):
    background = noise(*SIZE) // 4 + 60
    x_s, z = face(*SIZE)
    over = warp(noise(*SIZE, seed=1) // 4 + 150, x_s, z, turn(x_s, z, 10), backend="cpu")
    before = over.copy()
    result = paste(background, over, blend)
    inside = over[..., 3] > 0
    assert (result[~inside] == background[~inside]).all()
    assert (over == before).all()
    if blend == "plain":
        assert (result[inside] == over[inside][:, :3]).all()
    else:  # colours come from the background, detail from the face
        assert abs(result[inside].mean() - background[inside].mean()) < 12
        core = np.zeros(SIZE, bool)
        core[50:80, 60:80] = True
        assert np.corrcoef(result[core].ravel(), over[core][:, :3].ravel())[0, 1] > 0.8


def test_paste_at_the_border_and_bad_input():
    background = noise(*SIZE)
    x_s, z = face(*SIZE)
    for m in (np.column_stack([2 * np.eye(2, 3), [-60, -80]]), np.column_stack([np.eye(2, 3), [300, 0]])):
        over = warp(background, x_s, z, m, backend="cpu")
        for blend in BLENDS:
            assert paste(background, over, blend).shape == background.shape
    with pytest.raises(InputError, match="unknown blend"):
        paste(background, over, "glue")
    with pytest.raises(InputError, match="warp to its size"):
        paste(background[:50], over)


def test_head_fitted_to_a_heads_own_keypoints_is_that_head():
    """Keypoints and depth of a turned embedded head: the fit finds the whole head again, to some millimetres."""
    basis, rng = load_basis(), np.random.default_rng(0)
    truth = basis.vertices(rng.normal(0, 0.7, len(basis.identity)), np.zeros(len(basis.action_names)))
    placed = 20.0 * truth @ rotation(np.array([35.0, 10.0, 5.0])).T + [300, 250, 0]  # 20 pixels a cm
    keypoints = basis.points(placed)
    mesh = head_mesh(keypoints[:, :2], keypoints[:, 2])
    fitted = np.column_stack([mesh.points, mesh.depth])
    distance, _ = cKDTree(placed).query(fitted)
    assert np.median(distance) < 0.15 * 20  # within 1.5 mm of the true head
    distance, _ = cKDTree(mesh.points).query(keypoints[:, :2])
    assert distance.max() < 0.6 * 20  # on the cheeks its points are a centimetre apart
    front = double_area(mesh.points[mesh.triangles]) > 0
    assert 0.3 < front.mean() < 0.7  # wound like the layouts: what faces the viewer has positive area
    assert abs(mesh.depth.max() - keypoints[:, 2].max()) < 10
    assert mesh.partners.shape == mesh.points.shape
    with pytest.raises(InputError, match="fitted to 68"):
        head_mesh(keypoints[:66, :2], keypoints[:66, 2])


@pytest.mark.parametrize("kind", MESHES)
def test_every_mesh_leaves_the_picture_as_it_is_under_the_identity(kind):
    basis = load_basis()
    keypoints = basis.landmarks(np.zeros(len(basis.identity)), np.zeros(len(basis.action_names))) * 4 + [70, 40, 0]
    mesh = make_mesh(kind, keypoints[:, :2], keypoints[:, 2])
    image = noise(*SIZE)
    same = warp(image, mesh.points, mesh.depth, np.eye(2, 4), mesh.triangles, backend="cpu")
    inside = same[..., 3] > 0
    assert inside.sum() > 1000
    assert (same[..., :3] == image)[inside].all()
    # partners of partners are the points themselves: the mirror image of the mean head is the mean head
    assert np.allclose(mesh.partners * [-1, 1] + [140, 0], mesh.points, atol=1.0)


def test_identity_is_found_in_closed_form():
    basis, rng = load_basis(), np.random.default_rng(3)
    still = np.zeros(len(basis.actions))
    for yaw in (-60, 0, 35):
        person = rng.normal(size=len(basis.identity))
        turn_, place = rotation(np.array([yaw, 5.0, 4.0])), np.array([60.0, 70.0, 0.0])
        seen = 3.5 * basis.landmarks(person, still) @ turn_.T + place
        found, scale, turned_by, shift = fit_identity(seen[:, :2], seen[:, 2])
        mean = scale * basis.landmarks(0 * person, still) @ turned_by.T + shift
        there = scale * basis.landmarks(found, still) @ turned_by.T + shift
        assert np.abs(there - seen).mean() < 0.3 * np.abs(mean - seen).mean()
        assert np.abs(turned_by - turn_).max() < 0.05 and abs(scale / 3.5 - 1) < 0.08


def test_meshes_of_other_layouts():
    points = np.random.default_rng(0).uniform(5, 100, (20, 2))
    mesh = make_mesh("keypoints", points, points[:, 0])
    assert mesh.partners is None
    with pytest.raises(InputError, match="no mirror partners"):
        fill_from_mirror(noise(*SIZE), mesh, np.eye(2, 4))
    with pytest.raises(InputError, match="unknown mesh"):
        make_mesh("wire", points, points[:, 0])
