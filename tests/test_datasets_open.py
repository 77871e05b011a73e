"""The sets that anybody can download, read from the real samples beside the clone, and the keypoint rules."""

import shutil
import zipfile

import numpy as np
import pytest
import torch

from depthnet_lib.affine import solve_similarity
from depthnet_lib.browse import frontal_mean
from depthnet_lib.cli import main
from depthnet_lib.datasets import SETS, ict, load, london, muct, store
from depthnet_lib.datasets.aflw2000 import balanced_test
from depthnet_lib.datasets.base import KeypointSet, in_test, pose_of_yaw, yaw_of
from depthnet_lib.datasets.sources import Source
from depthnet_lib.errors import InputError
from depthnet_lib.layouts import IBUG68, MUCT76
from tests.conftest import toy_faces

SAMPLES = {"ict": "ict", "aflw2000": "aflw2000_sample", "muct": "muct_sample", "london": "london_sample"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path / "cache"))


@pytest.fixture
def sample(shared_data):
    """Registers the real sample of a set and returns its folder."""

    def register(name):
        folder = shared_data(SAMPLES[name])
        store.get(name, folder)
        return folder

    return register


# ---------------------------------------------------------------- rules


def test_yaw_of_turned_heads():
    mirror = np.array(IBUG68.mirror)
    flat = np.c_[IBUG68.template, 0.5 - IBUG68.template[:, 0] ** 2]
    assert np.allclose(flat[mirror] * [-1, 1, 1], flat)
    for degrees in (-70, -10, 0, 35, 80):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turned = flat @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
        assert yaw_of(turned[None])[0] == pytest.approx(degrees)
        assert np.sign((turned[30] - turned[[2, 14]].mean(0))[0]).round() == np.sign(degrees)  # the nose leads


def test_pose_is_where_the_nose_points():
    assert pose_of_yaw(np.array([-45.0, -20, 0, 20, 21])).tolist() == ["left", "front", "front", "front", "right"]


def test_test_split_is_one_in_five_and_does_not_depend_on_the_others():
    chosen = [in_test(f"person{i}") for i in range(2000)]
    assert 0.17 < np.mean(chosen) < 0.23
    assert chosen[7] == in_test("person7")


def test_balanced_test_takes_as_many_of_each_pose():
    pose = np.repeat(["left", "front", "right"], [100, 500, 8])
    names = np.array([f"image{i:05d}" for i in range(608)])
    test = balanced_test(names, pose)
    assert [int(test[pose == p].sum()) for p in ("left", "front", "right")] == [50, 75, 4]


def test_pictures_that_may_not_be_shown_are_not_handed_out():
    faces = toy_faces(3)
    black = np.zeros((2, 2, 3), np.uint8)
    shown = KeypointSet("s", faces.xy, image=lambda i: black)
    kept = KeypointSet("k", faces.xy, image=lambda i: black, shareable=False)
    assert shown.picture(0) is black and kept.picture(0) is None and kept[1:].picture(0) is None
    assert kept.image(0) is black  # models may still see it


def test_every_set_has_a_card():
    assert set(SETS) == set(store.CARDS)


def test_absent_sets_say_how_to_get_them():
    with pytest.raises(InputError, match="depthnets data get ict --accept-licence"):
        load("ict:test")
    with pytest.raises(InputError, match="depthnets data get 3dfaw --from PATH"):
        load("3dfaw:train")


def test_a_set_that_was_moved_away_is_said_to_be_gone(shared_data, tmp_path):
    shutil.copytree(shared_data("muct_sample"), tmp_path / "muct")
    store.get("muct", tmp_path / "muct")
    (tmp_path / "muct").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="was here and is gone"):
        load("muct:train")


def test_downloads_ask_for_the_licence_and_remember_nothing_before():
    with pytest.raises(InputError, match="--accept-licence"):
        store.get("ict")
    assert store.state(store.CARDS["ict"]) == "absent"


def test_the_wrong_folder_is_not_taken_for_a_set(shared_data):
    with pytest.raises(InputError, match="does not look like ict"):
        store.get("ict", shared_data("london_sample"))


# ---------------------------------------------------------------- ict


def test_ict_test_set_is_the_papers_size_and_its_depth_is_true(sample):
    sample("ict")
    faces = load("ict:test")
    assert faces.xy.shape == (225, 68, 2) and faces.pose.tolist() == ["left"] * 75 + ["front"] * 75 + ["right"] * 75
    assert faces.xy.min() > 0 and faces.xy.max() < 1
    points = np.concatenate([faces.xy, faces.z[..., None]], -1)
    assert np.mean(pose_of_yaw(yaw_of(points)) == faces.pose) > 0.95
    near, far = faces.z[:, IBUG68.near].mean(1), faces.z[:, IBUG68.far].mean(1)
    assert (near > far).all()  # z is toward the viewer
    np.testing.assert_array_equal(faces.xy, load("ict:test").xy)


def test_ict_train_and_test_share_no_face(sample):
    sample("ict")
    train, test = load("ict:train"), load("ict:test")
    assert len(train) == 8000
    assert not set(train.xy[:, 0, 0].tolist()) & set(test.xy[:, 0, 0].tolist())


def test_ict_perspective_enlarges_what_is_near():
    cube = np.array([[[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1.0, 1.0)]]) * 5

    class Still:  # no pitch, no roll, 60 cm
        def uniform(self, low, high, shape):
            return np.full(shape, 0.0 if low < 0 else 60.0)

    seen = ict.project(cube, np.zeros(1), Still())[0] * ict.IMAGE_CM
    side = [np.ptp(seen[np.isclose(seen[:, 2], depth)][:, 0]) for depth in (-5, 5)]
    np.testing.assert_allclose(side, [10 * 60 / 65, 10 * 60 / 55])


def test_ict_from_the_zip_alone_agrees_with_the_landmark_file(shared_data):
    store.get("ict", shared_data("ict") / "ICT-FaceKit-master.zip")
    (mesh, triangles), basis = ict.mesh_model(), ict.landmark_model()
    assert mesh.neutral.shape == (ict.SOLID_VERTICES, 3) and triangles.max() < ict.SOLID_VERTICES
    assert basis.identity.shape == (30, 68, 3)  # the modes that are there
    assert load("ict:test").xy.shape == (225, 68, 2)
    with np.load(shared_data("ict") / "ict_landmarks.npz", allow_pickle=False) as file:
        down = [1, -1, 1]
        np.testing.assert_allclose(basis.neutral, file["neutral"] * down, atol=1e-5)
        np.testing.assert_allclose(basis.identity, file["identity"][:30] * down, atol=1e-5)
        np.testing.assert_allclose(basis.expression, file["expression"] * down, atol=1e-5)


def test_ict_and_anny_put_the_68_points_in_the_same_places(sample):
    """Mean heads of the two test sets, each from 225 perspective views, seen from the front."""
    sample("ict")
    ours, theirs = (torch.tensor(frontal_mean(load(f"{name}:test"))[:, :2]) for name in ("anny", "ict"))
    scale, rotation, shift = solve_similarity(theirs, ours)
    error = (scale * theirs @ rotation.mT + shift - ours).norm(dim=1) / (ours[36] - ours[45]).norm()
    assert error[:17].mean() < 0.08 and error[17:].mean() < 0.08


def test_ict_zip_without_an_expression_and_with_a_cut_scan(tmp_path):
    scan = b"#" + b"\nv 0 0 0" * ict.VERTICES + b"\nf 1 2 3" * ict.POLYGONS + b"\n"
    files = {
        f"FaceXModel/{name}.obj": scan for name in ("generic_neutral_mesh", "identity000", "identity002", "jawLeft")
    }
    files["FaceXModel/identity002.obj"] = scan[:-50_000]
    files["FaceXModel/vertex_indices.json"] = b'{"expressions": ["jawLeft", "jawOpen"]}'
    files["README.md"] = f"Multi-PIE 68 point indices:\n\n{', '.join(map(str, range(68)))}\n![".encode()
    files["LICENSE"] = b"MIT License ... SOFTWARE.\n"
    with zipfile.ZipFile(tmp_path / "master.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(f"ICT-FaceKit-master/{name}", content)
    with pytest.raises(InputError) as caught:
        store.check(tmp_path / "master.zip")
    assert "jawOpen.obj: missing" in str(caught.value) and "identity001.obj: missing" in str(caught.value)
    assert "identity002.obj: truncated" in str(caught.value) and "jawLeft" not in str(caught.value)


# ---------------------------------------------------------------- aflw2000


def test_aflw2000_depth_points_to_the_viewer_and_pose_is_the_pictures(sample):
    sample("aflw2000")
    faces = load("aflw2000:all")
    assert faces.xy.shape == (16, 68, 2) and not faces.shareable
    points = np.concatenate([faces.xy, faces.z[..., None]], -1)
    assert (pose_of_yaw(yaw_of(points)) == faces.pose).all()
    tip = faces.xy[:, 30, 0] - faces.xy[:, [0, 16], 0].mean(1)
    assert (tip[faces.pose == "left"] < 0).all() and (tip[faces.pose == "right"] > 0).all()
    assert (faces.z[:, 30] > faces.z[:, [0, 16]].mean(1)).all()


def test_aflw2000_points_lie_on_the_faces(sample):
    """The points agree with those that dlib finds on the photos, which no one has fitted to them."""
    dlib = pytest.importorskip("dlib")
    models = pytest.importorskip("face_recognition_models")
    sample("aflw2000")
    faces = load("aflw2000:all")
    faces = faces[np.flatnonzero(faces.pose == "front")]
    find, fit = dlib.get_frontal_face_detector(), dlib.shape_predictor(models.pose_predictor_model_location())
    errors = []
    for i in range(len(faces)):
        picture = faces.image(i)
        boxes = find(picture, 0)
        if boxes:
            found = np.array([[p.x, p.y] for p in fit(picture, max(boxes, key=lambda b: b.area())).parts()])
            truth = faces.xy[i] * max(picture.shape[:2])
            errors.append(np.linalg.norm(found - truth, axis=1).mean() / np.linalg.norm(truth[36] - truth[45]))
    assert len(errors) >= 5 and np.median(errors) < 0.08


def test_aflw2000_splits_are_disjoint_and_complete(sample):
    sample("aflw2000")
    train, test = (set(load(f"aflw2000:{split}").identity.tolist()) for split in ("train", "test"))
    assert not train & test and len(train | test) == 16


# ---------------------------------------------------------------- muct


def test_muct_mirror_pairs_are_the_publishers(sample):
    """The publisher's file has every face a second time, mirrored by them: x + x' = 479 in 480 pixels."""
    folder = sample("muct")
    names, xy = muct.read_rows((folder / muct.CSV).read_bytes())
    rows = dict(zip(names.tolist(), xy, strict=True))
    taken = [name for name in rows if not name.startswith("ir")]
    ours = np.array([rows[name][list(MUCT76.mirror)] for name in taken])
    theirs = np.array([rows["ir" + name[1:]] for name in taken])
    seen = (theirs != 0).any(2)
    np.testing.assert_allclose((ours + theirs)[..., 0][seen], 479, atol=0.11)
    np.testing.assert_array_equal(ours[..., 1], theirs[..., 1])


def test_muct_hides_what_the_cameras_could_not_see(sample):
    sample("muct")
    everything = muct.everything()
    assert len(everything) == 900 and everything.hidden.sum() == 574
    assert set(everything.pose[everything.hidden.any(1)]) <= {"front", "right"}
    train, test = load("muct:train"), load("muct:test")
    assert not train.hidden.any() and train.xy.min() > 0 and not train.shareable
    assert not set(train.identity.tolist()) & set(test.identity.tolist())


# ---------------------------------------------------------------- london


def test_london_points_are_where_dlib_finds_their_counterparts(sample):
    dlib = pytest.importorskip("dlib")
    models = pytest.importorskip("face_recognition_models")
    sample("london")
    faces = load("london:all")
    find, fit = dlib.get_frontal_face_detector(), dlib.shape_predictor(models.pose_predictor_model_location())
    offsets = []
    for i in range(len(faces)):
        picture = faces.picture(i)
        found = np.array([[p.x, p.y] for p in fit(picture, find(picture, 0)[0]).parts()])
        eyes = np.linalg.norm(found[36] - found[45])
        offsets.append((faces.xy[i] * len(picture) - found[list(london.IBUG)]) / eyes)
    assert np.linalg.norm(np.mean(offsets, 0), axis=1).max() < 0.024
    assert len(london.photos()) == 24


# ---------------------------------------------------------------- archives


@pytest.mark.parametrize("name,archive,inside", [("aflw2000", "zip", "AFLW2000"), ("muct", "gztar", "muct-landmarks")])
def test_archives_as_published_give_the_same_faces_as_their_folders(name, archive, inside, sample, tmp_path):
    shutil.copytree(sample(name), tmp_path / "packed" / inside)
    expected = load(f"{name}:test")
    path = shutil.make_archive(str(tmp_path / name), archive, tmp_path / "packed")
    shutil.rmtree(tmp_path / "packed")
    store.get(name, path)
    faces = load(f"{name}:test")
    np.testing.assert_array_equal(faces.xy, expected.xy)
    if faces.image:
        np.testing.assert_array_equal(faces.image(1), expected.image(1))


# ---------------------------------------------------------------- check


@pytest.mark.parametrize("name", SAMPLES)
def test_check_passes_on_the_samples(name, shared_data):
    found, report = store.check(shared_data(SAMPLES[name]))
    assert found == name and not report.problems and report.facts


@pytest.mark.parametrize(
    "name,cut,removed",
    [
        ("aflw2000", "image00050.jpg", "image00081.mat"),
        ("aflw2000", "image00514.mat", "image02616.jpg"),
        ("london", "003_08.jpg", "007_03.tem"),
        ("london", "011_03.tem", "012_08.jpg"),
        ("muct", "muct76-opencv.csv", "README.txt"),
        ("muct", "README.txt", "muct76-opencv.csv"),
        ("ict", "ICT-FaceKit-master.zip", "ict_landmarks.npz"),
        ("ict", "ict_landmarks.npz", "ICT-FaceKit-master.zip"),
    ],
)
@pytest.mark.parametrize("share", [0.3, 0.98])
def test_check_names_a_truncated_and_a_missing_file(name, cut, removed, share, shared_data, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(shared_data(SAMPLES[name]), copy)
    content = (copy / cut).read_bytes()
    (copy / cut).write_bytes(content[: int(share * len(content))])
    (copy / removed).unlink()
    with pytest.raises(InputError) as caught:
        store.check(copy)
    assert cut in str(caught.value) and removed in str(caught.value) and "\n" not in str(caught.value)


def test_check_of_a_registered_set_knows_what_was_there(shared_data, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(shared_data("aflw2000_sample"), copy)
    store.get("aflw2000", copy)
    for ending in (".jpg", ".mat"):  # both halves: nothing in the folder betrays it
        (copy / f"image00050{ending}").unlink()
    assert store.check(copy)[0] == "aflw2000"
    with pytest.raises(InputError, match=r"image00050\.jpg: missing.*image00050\.mat: missing"):
        store.check("aflw2000")


def test_muct_check_names_the_row_that_is_gone(shared_data, tmp_path):
    text = (shared_data("muct_sample") / muct.CSV).read_text().splitlines(keepends=True)
    gone = next(i for i, line in enumerate(text) if line.startswith("i007rd"))
    (tmp_path / muct.CSV).write_text("".join(text[:gone] + text[gone + 1 :]))
    with pytest.raises(InputError, match="i007rd: missing"):
        store.check(tmp_path / muct.CSV)


def test_the_cache_is_rebuilt_when_the_source_changes_or_the_cache_is_damaged(tmp_path):
    file, calls = tmp_path / "a.txt", []
    build = lambda: calls.append(0) or {"x": np.arange(3)}  # noqa: E731
    read = lambda: store.cached(Source(file), "toy/x", build)["x"].tolist()  # noqa: E731
    file.write_text("1")
    assert read() == read() == [0, 1, 2] and len(calls) == 1
    file.write_text("22")
    assert read() == [0, 1, 2] and len(calls) == 2
    cache = tmp_path / "cache" / "toy" / "x.npz"
    cache.write_bytes(cache.read_bytes()[:100])
    assert read() == [0, 1, 2] and len(calls) == 3
    assert [p.name for p in cache.parent.iterdir()] == ["x.npz"]


def test_command_lists_gets_and_checks(shared_data, capsys):
    def run(*words):
        with pytest.raises(SystemExit) as end:
            main(["data", *words])
        return end.value.code, *capsys.readouterr()

    code, out, _ = run("list")
    assert not code and all(name in out for name in store.CARDS) and "embedded" in out
    assert not run("get", "london", "--from", str(shared_data("london_sample")))[0]
    code, out, _ = run("check", "london")
    assert not code and "24 photos" in out
    code, _, err = run("get", "multipie")
    assert code == 2 and err.count("\n") == 1 and "Multi-Pie" in err
    code, _, err = run("check", "nowhere")
    assert code == 2 and err.count("\n") == 1
